package control

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"paddock/internal/cfapi"
)

const (
	sends = `export default { async fetch(_, env) { await env.QUEUE.send("a message"); return new Response("sent"); } };`
	takes = `export default { queue() {}, fetch: () => new Response("taker") };`
)

// sender is an upload with a binding to a queue.
func sender(t *testing.T, queue string) cfapi.Form {
	t.Helper()
	f := form(sends)
	if err := json.Unmarshal([]byte(`[{"type":"queue","name":"QUEUE","queue_name":"`+queue+`","raw":true}]`), &f.Metadata.Bindings); err != nil {
		t.Fatal(err)
	}
	return f
}

func (h *house) queues(query string) []cfapi.Queue {
	h.t.Helper()
	var list []cfapi.Queue
	h.call("GET", account+"/queues"+query, "").want(h.t, 200, 0).into(h.t, &list)
	return list
}

// The calls that Wrangler makes for a producer and a consumer, in its order.
func TestQueues(t *testing.T) {
	h := newHouse(t)
	if list := h.queues("?page=1&name=orders"); list == nil || len(list) != 0 {
		t.Errorf("before: %+v", list)
	}
	var made cfapi.Queue
	h.call("POST", account+"/queues", `{"queue_name":"orders"}`).want(t, 200, 0).into(t, &made)
	if len(made.ID) != 32 || made.Name != "orders" || !wellFormed(made.CreatedOn) {
		t.Errorf("made %+v", made)
	}
	h.call("POST", account+"/queues", `{"queue_name":"orders"}`).want(t, 409, cfapi.CodeQueueNameTaken)
	h.call("POST", account+"/queues", `{"queue_name":"Not a name"}`).want(t, 400, cfapi.CodeMalformedBody)
	h.publish("sender", sender(t, "orders"))
	h.says("sender", "/", "sent")
	h.publish("taker", form(takes))
	var settings struct{ Bindings []any }
	h.call("GET", account+"/workers/scripts/sender/settings", "").want(t, 200, 0).into(t, &settings)
	if diff := cmp.Diff([]any{map[string]any{"type": "queue", "name": "QUEUE", "queue_name": "orders", "raw": true}}, settings.Bindings); diff != "" {
		t.Errorf("bindings (-sent +got):\n%s", diff)
	}

	consumers := account + "/queues/" + made.ID + "/consumers"
	var c cfapi.QueueConsumer
	h.call("POST", consumers, `{"type":"worker","script_name":"taker","dead_letter_queue":"failed","settings":{"batch_size":5,"max_retries":2,"max_wait_time_ms":1500,"max_concurrency":null}}`).
		want(t, 200, 0).into(t, &c)
	if len(c.ID) != 32 || c.Script != "taker" || c.Service != "taker" || c.DeadLetterQueue != "failed" || *c.Settings.BatchSize != 5 || *c.Settings.MaxWaitMS != 1500 || c.Settings.MaxConcurrency != nil {
		t.Errorf("consumer %+v", c)
	}
	h.call("POST", consumers, `{"type":"worker","script_name":"taker","settings":{}}`).want(t, 400, cfapi.CodeConsumerExists)
	h.call("PUT", consumers+"/"+c.ID, `{"type":"worker","script_name":"taker","settings":{"batch_size":7}}`).want(t, 200, 0)
	list := h.queues("?page=1&name=orders")
	if len(list) != 1 || len(list[0].Consumers) != 1 || list[0].ProducersCount != 1 || list[0].Producers[0].Script != "sender" {
		t.Fatalf("queues %+v", list)
	}
	if got := list[0].Consumers[0]; got.ID != c.ID || *got.Settings.BatchSize != 7 || got.Settings.MaxRetries != nil || got.DeadLetterQueue != "" {
		t.Errorf("changed to %+v", got)
	}
	if all := h.queues("?page=1"); len(all) != 2 || all[0].Name != "failed" {
		t.Errorf("all queues: %+v", all)
	}

	for body, code := range map[string]int{
		`{"type":"http_pull","settings":{}}`:                                  cfapi.CodeMalformedBody,
		`{"type":"worker","script_name":"sender"}`:                            cfapi.CodeQueueHandler,
		`{"type":"worker","script_name":"taker","settings":{"batch_size":0}}`: cfapi.CodeMalformedBody,
		`[]`: cfapi.CodeMalformedBody,
	} {
		h.call("PUT", consumers+"/"+c.ID, body).want(t, 400, code)
	}
	h.call("PUT", consumers+"/"+made.ID, `{"script_name":"taker"}`).want(t, 404, cfapi.CodeQueueNotFound)
	h.call("POST", account+"/queues/"+c.ID+"/consumers", `{"script_name":"taker"}`).want(t, 404, cfapi.CodeQueueNotFound)
	a := h.call("DELETE", account+"/workers/services/taker?force=false", "").want(t, 400, cfapi.CodeClassStillInUse)
	if !strings.Contains(a.String(), "script still in use as a consumer for a queue") {
		t.Errorf("delete: %v", a)
	}
	h.call("DELETE", account+"/queues/"+made.ID, "").want(t, 400, cfapi.CodeQueueInUse)
	h.call("DELETE", consumers+"/"+c.ID, "").want(t, 200, 0)
	h.call("DELETE", consumers+"/"+c.ID, "").want(t, 404, cfapi.CodeQueueNotFound)
	h.call("DELETE", account+"/workers/services/sender?force=false", "").want(t, 200, 0)
	h.call("DELETE", account+"/queues/"+made.ID, "").want(t, 200, 0)
	h.call("GET", account+"/queues/"+made.ID, "").want(t, 404, cfapi.CodeQueueNotFound)
	h.says("taker", "/", "taker")
}
