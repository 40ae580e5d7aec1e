package control

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"paddock/internal/cfapi"
)

// Bindings come back with all that they were sent with, whether it means
// anything here or not.
func TestBindingsComeBackAsSent(t *testing.T) {
	h := newHouse(t)
	h.publish("api", form(`export class Api {}; export default { fetch: () => new Response("hello") };`))
	const sent = `[
		{"type":"kv_namespace","name":"KV","namespace_id":"0f2ac74b498b48028cb68387c421e279","raw":true},
		{"type":"d1","name":"DB","id":"d4e5f6","internalEnv":"staging"},
		{"type":"service","name":"API","service":"api","entrypoint":"Api","environment":"production","props":{"who":["me",1]}},
		{"type":"service","name":"SITE","service":"api"},
		{"type":"version_metadata","name":"META"},
		{"type":"plain_text","name":"TEXT","text":""}]`
	f := form(`export default { fetch: (_, env) => env.SITE.fetch("http://x") };`)
	if err := json.Unmarshal([]byte(sent), &f.Metadata.Bindings); err != nil {
		t.Fatal(err)
	}
	id := h.publish("s", f).DeploymentID
	h.says("s", "/", "hello")
	var want []any
	if err := json.Unmarshal([]byte(sent), &want); err != nil {
		t.Fatal(err)
	}
	scripts := account + "/workers/scripts/s"
	var settings struct{ Bindings []any }
	var version struct {
		Resources struct{ Bindings []any }
	}
	for path, into := range map[string]any{"/settings": &settings, "/versions/" + id: &version} {
		if err := json.Unmarshal(h.call("GET", scripts+path, "").want(t, 200, 0).result, into); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, settings.Bindings); diff != "" {
		t.Errorf("settings (-sent +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, version.Resources.Bindings); diff != "" {
		t.Errorf("version (-sent +got):\n%s", diff)
	}
	var refs cfapi.References
	if err := json.Unmarshal(h.call("GET", account+"/workers/scripts/api/references", "").want(t, 200, 0).result, &refs); err != nil {
		t.Fatal(err)
	}
	incoming := []cfapi.ServiceReference{{Name: "API", Service: "s", Environment: "production"}, {Name: "SITE", Service: "s", Environment: "production"}}
	if diff := cmp.Diff(incoming, refs.Services.Incoming); diff != "" || len(refs.DurableObjects) != 0 {
		t.Errorf("references (-want +got):\n%s", diff)
	}
}
