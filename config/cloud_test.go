package config

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCloud(t *testing.T) {
	yes := true
	f := load(t, "wrangler.toml", `
name = "api"
main = "i.js"
compatibility_date = "2026-01-01"
account_id = "0123"
workers_dev = false
preview_urls = true
logpush = true
keep_vars = true
upload_source_maps = false
route = "a.example/*"
limits = { cpu_ms = 50 }
placement = { mode = "smart" }
cache = { enabled = true }
tail_consumers = [{ service = "logs" }]
secrets = { required = ["KEY"] }
[observability]
logs = { enabled = true }
[durable_objects]
bindings = []
code_update_strategy = { mode = "immediate" }
[env.prod]
account_id = "4567"
placement = { region = "aws:us-east-1" }
`)
	top := resolve(t, f, "")
	want := Cloud{
		AccountID: "0123", Service: "api", Environments: true, PreviewURLs: &yes, Logpush: &yes,
		KeepVars: true, NoSourceMaps: true, RequiredSecrets: []string{"KEY"},
		Observability: json.RawMessage(`{"logs":{"enabled":true}}`), Limits: json.RawMessage(`{"cpu_ms":50}`),
		Placement: json.RawMessage(`{"mode":"smart"}`), Cache: json.RawMessage(`{"enabled":true}`),
		TailConsumers: json.RawMessage(`[{"service":"logs"}]`), CodeUpdate: json.RawMessage(`{"mode":"immediate"}`),
	}
	if diff := cmp.Diff(want, top.Cloud); diff != "" {
		t.Errorf("top level (-want +got):\n%s", diff)
	}
	if list := top.UnsupportedRemote(); len(list) != 0 {
		t.Errorf("%v has no effect at Cloudflare", list)
	}
	if len(top.Unsupported()) == 0 {
		t.Error("all of it has an effect here")
	}
	prod := resolve(t, f, "prod").Cloud
	if prod.AccountID != "4567" || prod.Service != "api" || string(prod.Placement) != `{"mode":"targeted","region":"aws:us-east-1"}` {
		t.Errorf("prod: %+v", prod)
	}
	if prod.TailConsumers != nil || prod.CodeUpdate != nil || prod.RequiredSecrets != nil {
		t.Errorf("prod inherits what it does not: %+v", prod)
	}
}

// What paddock cannot upload is an error for Cloudflare, too.
func TestUnsupportedRemote(t *testing.T) {
	w := resolve(t, load(t, "wrangler.toml", "name = \"a\"\nmain = \"i.js\"\ncompatibility_date = \"2026-01-01\"\n[browser]\nbinding = \"B\"\n"), "")
	if list := w.UnsupportedRemote(); !list.HasErrors() {
		t.Errorf("got %v", list)
	}
}
