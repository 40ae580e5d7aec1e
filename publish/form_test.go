package publish_test

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"paddock/bundle"
	"paddock/config"
	"paddock/internal/cfapi"
	"paddock/migrate"
	"paddock/publish"
)

// Every case is compared with the metadata as it goes over the wire.
func TestNewForm(t *testing.T) {
	index := &bundle.Result{Main: "index.js", Modules: []bundle.Module{{Name: "index.js", Type: bundle.ESModule, Content: []byte("export default {}")}}}
	for _, tt := range []struct {
		name     string
		worker   config.Worker
		up       *migrate.Upload
		metadata string // without main_module and keep_bindings
	}{
		{name: "bare", metadata: `"bindings":[],"compatibility_flags":[],"observability":{"enabled":false}`},
		{
			name:     "settings",
			worker:   config.Worker{CompatibilityDate: "2024-09-01", CompatibilityFlags: []string{"nodejs_compat"}, Observability: true},
			metadata: `"bindings":[],"compatibility_date":"2024-09-01","compatibility_flags":["nodejs_compat"],"observability":{"enabled":true}`,
		},
		{
			name:     "exports as they are written",
			worker:   config.Worker{RawExports: json.RawMessage(`{"B":{"type":"durable-object","state":"deleted"},"A":{"type":"worker","cache":{"enabled":true}}}`)},
			metadata: `"bindings":[],"compatibility_flags":[],"observability":{"enabled":false},"exports":{"B":{"type":"durable-object","state":"deleted"},"A":{"type":"worker","cache":{"enabled":true}}}`,
		},
		{
			name: "variables: a string is text, whatever it holds, and all else JSON",
			worker: config.Worker{Vars: []config.Var{
				{Name: "A", Value: "text"}, {Name: "B", Value: ""}, {Name: "C", Value: `{"not":"json"}`},
				{Name: "D", Value: int64(1 << 60)}, {Name: "E", Value: false}, {Name: "F", Value: []any{int64(1), "x", nil}},
				{Name: "G", Value: map[string]any{"k": 1.5, "h": "<&>"}},
			}},
			metadata: `"bindings":[
				{"name":"A","type":"plain_text","text":"text"}, {"name":"B","type":"plain_text","text":""},
				{"name":"C","type":"plain_text","text":"{\"not\":\"json\"}"}, {"name":"D","type":"json","json":1152921504606846976},
				{"name":"E","type":"json","json":false}, {"name":"F","type":"json","json":[1,"x",null]},
				{"name":"G","type":"json","json":{"k":1.5,"h":"<&>"}}
			],"compatibility_flags":[],"observability":{"enabled":false}`,
		},
		{
			name: "objects",
			worker: config.Worker{
				Vars:           []config.Var{{Name: "Z", Value: "variables come first"}},
				DurableObjects: []config.DurableObject{{Name: "OWN", Class: "Room"}, {Name: "FOREIGN", Class: "Hall", Script: "other"}},
			},
			metadata: `"bindings":[
				{"name":"Z","type":"plain_text","text":"variables come first"},
				{"name":"OWN","type":"durable_object_namespace","class_name":"Room"},
				{"name":"FOREIGN","type":"durable_object_namespace","class_name":"Hall","script_name":"other"}
			],"compatibility_flags":[],"observability":{"enabled":false}`,
		},
		{
			name: "resources and services",
			worker: config.Worker{
				KVNamespaces: []config.Resource{{Name: "KV", ID: "k1"}},
				D1Databases:  []config.Resource{{Name: "DB", ID: "d1"}},
				Services: []config.Service{
					{Name: "API", Service: "api", Environment: "production", Entrypoint: "Api", Props: map[string]any{"n": int64(1)}},
					{Name: "SITE", Service: "site"},
				},
				VersionMetadata: "META",
			},
			metadata: `"bindings":[
				{"name":"KV","type":"kv_namespace","namespace_id":"k1"}, {"name":"DB","type":"d1","id":"d1"},
				{"name":"API","type":"service","service":"api","environment":"production","entrypoint":"Api","props":{"n":1}},
				{"name":"SITE","type":"service","service":"site"}, {"name":"META","type":"version_metadata"}
			],"compatibility_flags":[],"observability":{"enabled":false}`,
		},
		{
			name: "migrations: tags of steps do not travel",
			up: &migrate.Upload{OldTag: "v1", NewTag: "v3", Steps: []migrate.Step{
				{}, {NewSQLiteClasses: []string{"A"}, DeletedClasses: []string{"B"}},
			}},
			metadata: `"bindings":[],"compatibility_flags":[],"observability":{"enabled":false},
				"migrations":{"old_tag":"v1","new_tag":"v3","steps":[{},{"new_sqlite_classes":["A"],"deleted_classes":["B"]}]}`,
		},
		{
			name:     "first migration",
			up:       &migrate.Upload{NewTag: "v1", Steps: []migrate.Step{{NewClasses: []string{"A"}}}},
			metadata: `"bindings":[],"compatibility_flags":[],"observability":{"enabled":false},"migrations":{"new_tag":"v1","steps":[{"new_classes":["A"]}]}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			form, err := publish.NewForm(&tt.worker, index, tt.up)
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(form.Metadata)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(decode(t, `{"main_module":"index.js","keep_bindings":["secret_text","secret_key"],`+tt.metadata+`}`), decode(t, string(text))); diff != "" {
				t.Errorf("metadata (-want +got):\n%s", diff)
			}
		})
	}
}

// decode keeps numbers as they are written.
func decode(t *testing.T, text string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

// Modules and the source map travel in the order of the bundle, byte for byte,
// and arrive so at the other end.
func TestNewFormParts(t *testing.T) {
	built := &bundle.Result{Main: "index.js", Modules: []bundle.Module{
		{Name: "index.js", Type: bundle.ESModule, Content: []byte("import './0a-t.txt';")},
		{Name: "./0a-t.txt", Type: bundle.Text, Content: []byte("täxt\r\n")},
		{Name: "./0b-d.bin", Type: bundle.Data, Content: []byte{0, 1, 255}},
		{Name: "./0c-w.wasm", Type: bundle.Wasm, Content: []byte("\x00asm")},
		{Name: "index.js.map", Type: bundle.SourceMap, Content: []byte(`{"version":3}`)},
	}}
	form, err := publish.NewForm(&config.Worker{}, built, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []cfapi.Part{
		{Name: "index.js", ContentType: cfapi.TypeESModule, Content: built.Modules[0].Content},
		{Name: "./0a-t.txt", ContentType: cfapi.TypeText, Content: built.Modules[1].Content},
		{Name: "./0b-d.bin", ContentType: cfapi.TypeData, Content: built.Modules[2].Content},
		{Name: "./0c-w.wasm", ContentType: cfapi.TypeWasm, Content: built.Modules[3].Content},
		{Name: "index.js.map", ContentType: cfapi.TypeSourceMap, Content: built.Modules[4].Content},
	}
	if diff := cmp.Diff(want, form.Parts); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}

	var body bytes.Buffer
	contentType, err := cfapi.EncodeForm(&body, form)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPut, "/", &body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	arrived, err := cfapi.DecodeForm(r, cfapi.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		want[i].Filename = want[i].Name
	}
	if diff := cmp.Diff(want, arrived.Parts); diff != "" {
		t.Errorf("parts at the other end (-want +got):\n%s", diff)
	}
}

// TOML knows numbers that JSON does not.
func TestNewFormBadVariable(t *testing.T) {
	w := &config.Worker{Name: "s", Vars: []config.Var{{Name: "LIMIT", Value: math.Inf(1)}}}
	if _, err := publish.NewForm(w, &bundle.Result{}, nil); err == nil || !strings.Contains(err.Error(), "LIMIT") {
		t.Errorf("got %v, want an error that names the variable", err)
	}
	missing := fakeTarget{err: &cfapi.APIError{Errors: []cfapi.Error{{Code: cfapi.CodeScriptNotFound}}}}
	if plan, diags, err := publish.NewPlan(t.Context(), missing, w, &bundle.Result{}, publish.Options{}); plan != nil || diags != nil || err == nil {
		t.Errorf("got %+v, %v, %v; want an error alone", plan, diags, err)
	}
}

func TestAnnotate(t *testing.T) {
	for _, tt := range []struct{ message, tag, want string }{
		{"", "", ""},
		{"why", "", `"annotations":{"workers/message":"why"}`},
		{"", "v9", `"annotations":{"workers/tag":"v9"}`},
		{"why", "v9", `"annotations":{"workers/message":"why","workers/tag":"v9"}`},
	} {
		var plan publish.Plan
		plan.Annotate(tt.message, tt.tag)
		text, err := json.Marshal(plan.Form.Metadata)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), tt.want) || tt.want == "" && strings.Contains(string(text), "annotations") {
			t.Errorf("Annotate(%q, %q): %s", tt.message, tt.tag, text)
		}
	}
}
