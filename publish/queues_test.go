package publish_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"paddock/config"
	"paddock/internal/cfapi"
	"paddock/publish"
)

// toldOfQueues returns what the cloud was told of queues.
func (r *remote) toldOfQueues() string {
	var list []string
	for _, request := range r.cloud.Requests() {
		if _, path, ok := strings.Cut(request.Path, "/queues"); ok && request.Method != "GET" {
			list = append(list, request.Method+" "+path+" "+string(request.Body))
		}
	}
	return strings.Join(list, "; ")
}

// Consumers are added, or changed where the script is one already.
func TestConsumers(t *testing.T) {
	r := newRemote(t)
	r.upload()
	r.cloud.AddQueue("first")
	r.cloud.AddQueue("second", cfapi.QueueConsumer{ID: "c1", Service: "w"})
	w := &config.Worker{Name: "w", Consumers: []config.Consumer{
		{Queue: "first", DeadLetterQueue: "second", BatchSize: new(5.0), BatchTimeout: new(1.5), MaxRetries: new(0.0)},
		{Queue: "second", MaxConcurrency: new(1.0), RetryDelay: new(60.0)},
		{Queue: "third"},
	}}
	targets, failures := publish.SetTriggers(t.Context(), r.api, w, publish.ShipOptions{})
	if len(failures) != 1 || failures[0].Error() != `Queue consumers: Queue "third" does not exist. To create it, run: wrangler queues create third` {
		t.Errorf("failures %v", failures)
	}
	const told = `POST /id-first/consumers {"type":"worker","script_name":"w","dead_letter_queue":"second","settings":{"batch_size":5,"max_retries":0,"max_wait_time_ms":1500}}; ` +
		`PUT /id-second/consumers/c1 {"consumer_id":"c1","type":"worker","script_name":"w","settings":{"max_concurrency":1,"retry_delay":60}}`
	if got := r.toldOfQueues(); got != told {
		t.Errorf("told %s\nwant %s", got, told)
	}
	if got := strings.Join(targets, "; "); !strings.HasSuffix(got, "; Consumer for first; Consumer for second") {
		t.Errorf("targets %s", got)
	}

	// A local runtime makes what is missing.
	w.Consumers = w.Consumers[2:]
	if _, failures := publish.SetTriggers(t.Context(), r.api, w, publish.ShipOptions{MakeQueues: true}); len(failures) > 0 {
		t.Error(failures)
	}
	if got := r.toldOfQueues(); got != `POST  {"queue_name":"third"}; POST /id-third/consumers {"type":"worker","script_name":"w","settings":{}}` {
		t.Errorf("told %s", got)
	}
}

// Producers are bindings; one without a queue gets one of its own.
func TestProducers(t *testing.T) {
	g, p := newTarget(t), newProject(t)
	for name, text := range map[string]string{"index.js": `export default { async fetch(_, env) { await env.MY_QUEUE.send("x"); return new Response("sent"); } };`, "wrangler.toml": `name = "sender"
main = "index.js"
compatibility_date = "2026-01-01"
[queues]
producers = [{ binding = "MY_QUEUE" }, { binding = "NAMED", queue = "named", delivery_delay = 5 }]
`} {
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	plan := p.plan(g)
	made, err := plan.Provision(t.Context(), g)
	if err != nil || len(made) != 1 || made[0].Name != "sender-my-queue" || made[0].Label != "queue" {
		t.Fatalf("made %+v, %v", made, err)
	}
	if got := types(plan.Form.Metadata.Bindings); got != "MY_QUEUE=queue:sender-my-queue NAMED=queue:named" {
		t.Errorf("sends %s", got)
	}
	if got := string(plan.Form.Metadata.Bindings[1].Fields["delivery_delay"]); got != "5" {
		t.Errorf("delay %s", got)
	}
	apply(t, plan, g)
	g.says("sender", "/", "sent")
	if q, err := g.Queue(t.Context(), "named"); err != nil || q == nil || q.ProducersCount != 1 {
		t.Errorf("queue %+v, %v", q, err)
	}
}
