package local_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"paddock/internal/cfapi"
	"paddock/local"
	"paddock/tail"
)

// senderJS sends what the path says to the queue that it has.
const senderJS = `
export default { async fetch(request, env) {
	const { pathname, searchParams } = new URL(request.url);
	const bodies = pathname.slice(1).split(",");
	const options = searchParams.has("delay") ? { delaySeconds: Number(searchParams.get("delay")) } : {};
	if (bodies.length === 1) await env.QUEUE.send(bodies[0], options);
	else await env.QUEUE.sendBatch(bodies.map((body) => ({ body, contentType: "text" })));
	return new Response("sent");
} };`

// takerJS logs the batches that it gets. It takes no message that begins with
// "bad", and none at all if BROKEN is set.
const takerJS = `
export default { async queue(batch, env) {
	console.log(batch.queue, batch.messages.map((m) => m.body + "#" + m.attempts).join(" "), env.BROKEN ?? "taken");
	if (env.BROKEN) throw new Error(env.BROKEN);
	for (const m of batch.messages) if (m.body.startsWith("bad")) m.retry();
} };`

func sendsTo(queue string) part {
	return has(cfapi.Binding{Name: "QUEUE", Type: cfapi.BindingQueue, QueueName: queue})
}

// queue returns a queue by its name.
func (r *rig) queue(name string) local.Queue {
	r.t.Helper()
	list, err := r.Queues(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(q local.Queue) bool { return q.Name == name })
	if i < 0 {
		r.t.Fatalf("there is no queue %s: %+v", name, list)
	}
	return list[i]
}

// atOnce is settings by which nothing waits.
func atOnce(retries float64) local.ConsumerSettings {
	return local.ConsumerSettings{MaxWaitMS: new(0.0), MaxRetries: &retries}
}

// consume has a script consume a queue, or changes how it does.
func (r *rig) consume(queue, script string, s local.ConsumerSettings, deadLetters string) {
	r.t.Helper()
	q, c := r.queue(queue), local.Consumer{Script: script, Settings: s}
	if q.Consumer != nil {
		c.ID = q.Consumer.ID
	}
	if err := r.PutConsumer(r.t.Context(), q.Key, c, deadLetters); err != nil {
		r.t.Fatalf("%s consumes %s: %v", script, queue, err)
	}
}

// batch waits until a batch of messages was delivered, and returns its log.
func batch(t *testing.T, items <-chan tail.Item) string {
	t.Helper()
	item := await(t, items, func(i tail.Item) bool { return i.Event.Queue != nil && len(i.Logs) > 0 })
	var words []string
	for _, value := range item.Logs[0].Message {
		words = append(words, strings.Trim(string(value), `"`))
	}
	return item.ScriptName + ": " + strings.Join(words, " ")
}

func wantBatch(t *testing.T, items <-chan tail.Item, want string) {
	t.Helper()
	if got := batch(t, items); got != want {
		t.Errorf("delivered %q, want %q", got, want)
	}
}

// The way of messages through queues: they wait for a consumer, also through
// restarts, come in batches and again, and what cannot be delivered goes to
// another queue, and waits there.
func TestQueues(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := open(t, dir)
	r.publish(upload("sender", senderJS, sendsTo("orders")))
	r.publish(upload("taker", takerJS))
	r.publish(counter("bystander"))
	r.get("sender", "/early")
	r.get("sender", "/bird,worm")
	if r.pid("sender") == r.pid("taker") {
		t.Error("scripts without anything in common share an engine")
	}
	r.close()

	r, items := tracing(t, dir)
	bystander := r.pid("bystander")
	r.consume("orders", "taker", atOnce(1), "failed")
	wantBatch(t, items, "taker: orders early#1 bird#1 worm#1 taken")
	if got := r.group("sender").Scripts; !slices.Equal(got, []string{"sender", "taker"}) {
		t.Errorf("the group is %v", got)
	}
	if r.pid("bystander") != bystander {
		t.Error("another script's engine was swapped")
	}
	r.get("sender", "/good,bad")
	wantBatch(t, items, "taker: orders good#1 bad#1 taken")
	wantBatch(t, items, "taker: orders bad#2 taken")

	r.publish(upload("undertaker", takerJS))
	r.consume("failed", "undertaker", atOnce(0), "")
	wantBatch(t, items, "undertaker: failed bad#1 taken")
	if got := r.group("sender").Scripts; !slices.Equal(got, []string{"sender", "taker", "undertaker"}) {
		t.Errorf("the group is %v", got)
	}
	r.get("sender", "/next")
	wantBatch(t, items, "taker: orders next#1 taken")
	r.close()

	r, items = tracing(t, dir)
	r.get("sender", "/bad2")
	wantBatch(t, items, "taker: orders bad2#1 taken")
	wantBatch(t, items, "taker: orders bad2#2 taken")
	wantBatch(t, items, "undertaker: failed bad2#1 taken")
}

// Messages outlive engines that die, versions that cannot take them and
// settings that part the queue in another way.
func TestQueuesLoseNothing(t *testing.T) {
	t.Parallel()
	r, items := tracing(t, t.TempDir())
	broken := has(cfapi.Binding{Name: "BROKEN", Type: cfapi.BindingJSON, JSON: []byte(`"broken"`)})
	r.publish(upload("sender", senderJS, sendsTo("orders")))
	r.publish(upload("taker", takerJS, broken))
	r.consume("orders", "taker", local.ConsumerSettings{MaxWaitMS: new(0.0), MaxRetries: new(100.0), RetryDelay: new(1.0)}, "")
	r.publish(upload("taker", senderJS, sendsTo("orders"))) // which has no handler
	r.get("sender", "/one")
	r.publish(upload("taker", takerJS, broken))
	wantBatch(t, items, "taker: orders one#1 broken")
	kill(t, r.pid("taker"))
	<-r.crashes
	wantBatch(t, items, "taker: orders one#2 broken")
	r.publish(upload("taker", senderJS, sendsTo("orders")))
	r.get("sender", "/two")
	r.publish(upload("taker", takerJS))
	one := local.ConsumerSettings{MaxWaitMS: new(0.0), MaxRetries: new(100.0), MaxConcurrency: new(1.0)}
	r.consume("orders", "taker", one, "")
	for left := []string{"one", "two"}; len(left) > 0; { // the broken version's may still be on their way
		if got := batch(t, items); !strings.Contains(got, "broken") {
			left = slices.DeleteFunc(left, func(body string) bool { return strings.Contains(got, " "+body+"#") })
		}
	}
}

func TestConsumersRefused(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(upload("sender", senderJS, sendsTo("orders")))
	r.publish(upload("taker", takerJS))
	r.consume("orders", "taker", local.ConsumerSettings{}, "failed")
	queue := r.queue("orders")
	before := r.snapshot()
	for what, tt := range map[string]struct {
		queue, script, id, dead string
		settings                local.ConsumerSettings
		code                    int
		message                 string
	}{
		"a second one":      {queue: "orders", script: "taker", code: cfapi.CodeConsumerExists, message: `the queue "orders" has a consumer already: the script "taker"`},
		"no handler":        {queue: "failed", script: "sender", code: cfapi.CodeQueueHandler, message: `Queue handler is missing: the script "sender" must export one to consume the queue "failed"`},
		"no script":         {queue: "failed", script: "nobody", code: cfapi.CodeScriptNotFound, message: `the script "nobody", which shall consume the queue "failed", does not exist`},
		"a circle":          {queue: "orders", id: queue.Consumer.ID, script: "taker", dead: "orders", code: cfapi.CodeMalformedBody, message: `the queue "orders" cannot be its own dead letter queue`},
		"a name":            {queue: "orders", id: queue.Consumer.ID, script: "taker", dead: "A_B", code: cfapi.CodeMalformedBody, message: `queue name "A_B" is invalid: use lower-case letters, digits and dashes, at most 63, with no dash at either end`},
		"too many at once":  {queue: "failed", script: "taker", settings: local.ConsumerSettings{BatchSize: new(101.0)}, code: cfapi.CodeMalformedBody, message: "batch_size is 101, but must be a whole number from 1 to 100"},
		"too long a time":   {queue: "failed", script: "taker", settings: local.ConsumerSettings{MaxWaitMS: new(60_001.0)}, code: cfapi.CodeMalformedBody, message: "max_wait_time_ms is 60001, but must be a whole number from 0 to 60000"},
		"half a message":    {queue: "failed", script: "taker", settings: local.ConsumerSettings{BatchSize: new(1.5)}, code: cfapi.CodeMalformedBody, message: "batch_size is 1.5, but must be a whole number from 1 to 100"},
		"no concurrency":    {queue: "failed", script: "taker", settings: local.ConsumerSettings{MaxConcurrency: new(0.0)}, code: cfapi.CodeMalformedBody, message: "max_concurrency is 0, but must be a whole number from 1 to 250"},
		"too many attempts": {queue: "failed", script: "taker", settings: local.ConsumerSettings{MaxRetries: new(101.0)}, code: cfapi.CodeMalformedBody, message: "max_retries is 101, but must be a whole number from 0 to 100"},
	} {
		err := r.PutConsumer(t.Context(), r.queue(tt.queue).Key, local.Consumer{ID: tt.id, Script: tt.script, Settings: tt.settings}, tt.dead)
		t.Log(what)
		r.wantRefusal(err, tt.code, before, tt.message)
	}
	r.refused(upload("sender", senderJS, sendsTo("Not A Name")), cfapi.CodeMalformedBody)
	r.wantRefusal(r.DeleteScript(t.Context(), "taker", false), cfapi.CodeClassStillInUse, before, "script still in use as a consumer for a queue: orders")
	if err := r.DeleteScript(t.Context(), "taker", true); err != nil {
		t.Fatal(err)
	}
	if q := r.queue("orders"); q.Consumer != nil || fmt.Sprint(q.Producers) != "[sender]" {
		t.Errorf("queue %+v", q)
	}
	r.get("sender", "/alone")
}
