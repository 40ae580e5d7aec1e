package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"paddock/internal/diag"
)

// Bindings to resources and services, and what of them counts.
func TestResources(t *testing.T) {
	f := load(t, "wrangler.toml", `
name = "shop"
compatibility_date = "2026-01-01"
version_metadata = { binding = "META" }
kv_namespaces = [{ binding = "KV", id = "k1", preview_id = "k2" }, { binding = "OWN" }]
services = [
	{ binding = "SITE", service = "site" },
	{ binding = "API", service = "api", environment = "production", entrypoint = "Api", props = { who = "me", n = 1 } },
]
[[d1_databases]]
binding = "DB"
database_name = "orders"
database_id = "d1"
migrations_dir = "sql"
[env.staging]
kv_namespaces = [{ binding = "KV", id = "k3" }]
`)
	w, diags := f.Resolve("", Overrides{})
	if len(diags) != 0 || len(w.Unsupported()) != 0 {
		t.Fatalf("diagnostics %v, %v", diags, w.Unsupported())
	}
	want := &Worker{
		KVNamespaces: []Resource{{Name: "KV", ID: "k1"}, {Name: "OWN"}},
		D1Databases:  []Resource{{Name: "DB", ID: "d1", As: "orders"}},
		Services: []Service{
			{Name: "SITE", Service: "site"},
			{Name: "API", Service: "api", Environment: "production", Entrypoint: "Api", Props: map[string]any{"who": "me", "n": int64(1)}},
		},
		VersionMetadata: "META",
	}
	got := &Worker{KVNamespaces: w.KVNamespaces, D1Databases: w.D1Databases, Services: w.Services, VersionMetadata: w.VersionMetadata}
	anyPlace := cmp.Comparer(func(diag.Location, diag.Location) bool { return true })
	if diff := cmp.Diff(want, got, anyPlace, cmp.AllowUnexported(Worker{})); diff != "" {
		t.Errorf("bindings (-want +got):\n%s", diff)
	}
	if at := w.Services[1].EntrypointLocation; w.KVNamespaces[1].Location.Line != 5 || w.Services[0].Location.Line != 7 || at.Line != 8 {
		t.Errorf("places %v, %v, %v", w.KVNamespaces[1].Location, w.Services[0].Location, at)
	}
	staging, _ := f.Resolve("staging", Overrides{})
	if len(staging.KVNamespaces) != 1 || staging.KVNamespaces[0].ID != "k3" || staging.Services != nil || staging.VersionMetadata != "" {
		t.Errorf("not inherited: %+v", staging)
	}
}

// What is not configured is left alone at the target; an empty list clears it.
func TestCrons(t *testing.T) {
	f := load(t, "wrangler.toml", `
name = "w"
compatibility_date = "2026-01-01"
triggers = { crons = ["*/5 * * * *", ""] }
[env.inherits]
[env.own]
triggers = { crons = ["0 0 1 * *"] }
[env.none]
triggers = { crons = [] }
[env.silent]
triggers = {}
`)
	for env, want := range map[string][]string{"": {"*/5 * * * *"}, "inherits": {"*/5 * * * *"}, "own": {"0 0 1 * *"}, "none": {}, "silent": nil} {
		w, _ := f.Resolve(env, Overrides{})
		if diff := cmp.Diff(want, w.Crons); diff != "" || len(w.Unsupported()) != 0 {
			t.Errorf("env %q (-want +got):\n%s%v", env, diff, w.Unsupported())
		}
	}
}

func TestQueues(t *testing.T) {
	f := load(t, "wrangler.toml", `
name = "w"
compatibility_date = "2026-01-01"
[[queues.producers]]
binding = "A"
queue = "orders"
[[queues.producers]]
binding = "B"
[[queues.consumers]]
queue = "orders"
max_batch_size = 5
max_batch_timeout = 1.5
max_retries = 0
dead_letter_queue = "failed"
[[queues.consumers]]
queue = "failed"
max_concurrency = 1
retry_delay = 60
[env.none]
queues = {}
`)
	w, diags := f.Resolve("", Overrides{})
	if len(diags) != 0 || len(w.Unsupported()) != 0 {
		t.Fatalf("diagnostics %v, %v", diags, w.Unsupported())
	}
	want := &Worker{
		Producers: []Producer{{Name: "A", Queue: "orders"}, {Name: "B"}},
		Consumers: []Consumer{
			{Queue: "orders", DeadLetterQueue: "failed", BatchSize: new(5.0), BatchTimeout: new(1.5), MaxRetries: new(0.0)},
			{Queue: "failed", MaxConcurrency: new(1.0), RetryDelay: new(60.0)},
		},
	}
	anyPlace := cmp.Comparer(func(diag.Location, diag.Location) bool { return true })
	if diff := cmp.Diff(want, &Worker{Producers: w.Producers, Consumers: w.Consumers}, anyPlace, cmp.AllowUnexported(Worker{})); diff != "" {
		t.Errorf("queues (-want +got):\n%s", diff)
	}
	if at := w.Consumers[1].Location; at.Line != 16 {
		t.Errorf("place %v", at)
	}
	if none, _ := f.Resolve("none", Overrides{}); none.Producers != nil || none.Consumers != nil {
		t.Errorf("not inherited: %+v", none)
	}
}
