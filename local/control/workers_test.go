package control

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"paddock/internal/cfapi"
)

const (
	hello  = `export default { fetch: () => new Response("hello") }`
	script = account + "/workers/scripts/counter"
	worker = account + "/workers/workers/counter"
)

// GET workers/workers/{script} has to answer after every upload, or a deploy
// fails when its code is live already.
func TestWorker(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{worker, script + "/subdomain", script + "/bindings", script + "/routes"} {
		h.call("GET", path, "").want(t, 404, cfapi.CodeScriptNotFound)
	}
	h.call("POST", script+"/subdomain", `{"enabled":true}`).want(t, 404, cfapi.CodeScriptNotFound)
	f := form(hello)
	f.Metadata.Logpush = new(true)
	f.Metadata.TailConsumers = []byte(`[{"service":"watcher"}]`)
	f.Metadata.Observability = &cfapi.Observability{Enabled: true, Fields: map[string]json.RawMessage{"logs": json.RawMessage(`{"invocation_logs":true}`)}}
	h.publish("counter", f)
	if _, err := h.rt.Announce("http://127.0.0.1:8788", "http://127.0.0.1:8789"); err != nil {
		t.Fatal(err)
	}
	var w cfapi.Worker
	h.call("GET", worker, "").want(t, 200, 0).into(t, &w)
	if len(w.ID) != 32 || w.Name != "counter" || w.Tags == nil || !w.Logpush || !wellFormed(w.CreatedOn) || !wellFormed(w.UpdatedOn) ||
		w.Subdomain != (cfapi.Subdomain{URL: "http://counter.localhost:8788/"}) || string(w.TailConsumers) != `[{"service":"watcher"}]` ||
		!w.Observability.Enabled || string(w.Observability.Fields["logs"]) != `{"invocation_logs":true}` {
		t.Errorf("worker %+v", w)
	}
	// An upload that does not say leaves all that as it is.
	h.publish("counter", form(hello))
	var s cfapi.ScriptSettings
	h.call("GET", script+"/script-settings", "").want(t, 200, 0).into(t, &s)
	if !*s.Logpush || string(s.TailConsumers) != `[{"service":"watcher"}]` || s.Observability.Fields["logs"] == nil {
		t.Errorf("settings %+v", s)
	}
	if a := h.call("GET", account+"/workers/tails/by-consumer/watcher", "").want(t, 200, 0); string(a.result) !=
		`[{"producer":{"service":"counter","environment":"production"},"consumer":{"service":"watcher","environment":"production"}}]` {
		t.Errorf("tailed by watcher: %s", a.result)
	}
	if a := h.call("GET", account+"/workers/tails/by-consumer/counter", "").want(t, 200, 0); string(a.result) != "[]" {
		t.Errorf("tailed by counter: %s", a.result)
	}
	h.call("PATCH", script+"/script-settings", `{"logpush":false,"tail_consumers":null,"streaming_tail_consumers":[{"service":"s"}]}`).want(t, 200, 0).into(t, &s)
	if *s.Logpush || string(s.TailConsumers) != "[]" || string(s.StreamingTailConsumers) != `[{"service":"s"}]` || !s.Observability.Enabled {
		t.Errorf("patched settings %+v", s)
	}
}

// Wrangler sends a subdomain's settings after every upload, and compares what
// they were with what they are.
func TestSubdomain(t *testing.T) {
	h := newHouse(t)
	h.publish("counter", form(hello))
	for _, step := range []struct{ body, want string }{
		{`{"enabled":true}`, `{"enabled":true,"previews_enabled":false}`},
		{`{"previews_enabled":true}`, `{"enabled":true,"previews_enabled":true}`},
		{`{"enabled":false}`, `{"enabled":false,"previews_enabled":true}`},
	} {
		r := h.request("POST", script+"/subdomain", strings.NewReader(step.body))
		r.Header.Set("Content-Type", "text/plain;charset=UTF-8")
		a := h.do(r).want(t, 200, 0)
		b := h.call("GET", script+"/subdomain", "").want(t, 200, 0)
		if string(a.result) != step.want || string(b.result) != step.want {
			t.Errorf("%s gives %s, then %s", step.body, a.result, b.result)
		}
	}
	h.publish("counter", form(hello))
	h.says("counter", "/", "hello") // whatever the setting
	if a := h.call("GET", worker, ""); !strings.Contains(string(a.result), `"subdomain":{"enabled":false,"previews_enabled":true}`) {
		t.Errorf("after another upload: %s", a.result)
	}
	h.call("POST", script+"/subdomain", `{"enabled":"yes"}`).want(t, 400, cfapi.CodeMalformedBody)
}

func TestContent(t *testing.T) {
	h := newHouse(t)
	f := form(`import text from "./a/b.txt"; export default { fetch: () => new Response(text) }`)
	f.Parts = append(f.Parts,
		cfapi.Part{Name: "./a/b.txt", ContentType: cfapi.TypeText, Content: []byte("täxt")},
		cfapi.Part{Name: "index.js.map", ContentType: cfapi.TypeSourceMap, Content: []byte("{}")})
	h.publish("counter", f)
	for _, path := range []string{script, script + "/content/v2", account + "/workers/services/counter/environments/production/content/v2"} {
		resp, err := h.door.Client().Do(h.request("GET", path, nil))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		_, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
		if err != nil || resp.StatusCode != http.StatusOK || resp.Header.Get("Cf-Entrypoint") != "index.js" || resp.Header.Get("Etag") == "" {
			t.Fatalf("%s: %d %v %v", path, resp.StatusCode, err, resp.Header)
		}
		var got []string
		parts := multipart.NewReader(resp.Body, params["boundary"])
		for part, err := parts.NextPart(); err == nil; part, err = parts.NextPart() {
			text, err := io.ReadAll(part)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprintf("%s %s %q", part.FormName(), part.Header.Get("Content-Type"), text))
		}
		want := fmt.Sprintf("index.js application/javascript+module %q\na/b.txt text/plain %q", f.Parts[0].Content, "täxt")
		if strings.Join(got, "\n") != want {
			t.Errorf("%s: %s\nwant %s", path, strings.Join(got, "\n"), want)
		}
	}
	h.call("GET", account+"/workers/scripts/other", "").want(t, 404, cfapi.CodeScriptNotFound)
}

// What `wrangler init --from-dash` reads.
func TestEnvironment(t *testing.T) {
	h := newHouse(t)
	h.publish("counter", form(hello, func(m *cfapi.Metadata) {
		m.Bindings = []cfapi.Binding{{Name: "A", Type: cfapi.BindingPlainText, Text: "x"}}
	}))
	service := account + "/workers/services/counter/environments/"
	var e cfapi.ServiceEnvironment
	if h.call("GET", service+"production", "").want(t, 200, 0).into(t, &e); e.Script == nil || e.Script.ID != "counter" || e.Environment != "production" {
		t.Errorf("environment %+v", e)
	}
	h.call("GET", service+"staging", "").want(t, 404, cfapi.CodeEnvironmentNotFound)
	for path, want := range map[string]string{
		"/bindings": `[{"name":"A","text":"x","type":"plain_text"}]`, "/routes?show_zonename=true": `[]`, "/subdomain": `{"enabled":false,"previews_enabled":false}`,
	} {
		if a := h.call("GET", service+"production"+path, "").want(t, 200, 0); string(a.result) != want {
			t.Errorf("%s: %s, want %s", path, a.result, want)
		}
	}
}
