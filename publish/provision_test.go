package publish_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"paddock/bundle"
	"paddock/config"
	"paddock/internal/cfapi"
	"paddock/publish"
)

// storing is a project whose bindings have no ids.
func storing(t *testing.T) project {
	t.Helper()
	p := newProject(t)
	for name, text := range map[string]string{
		"index.js": `export default { async fetch(request, env) {
	await env.DB.exec("SELECT 1");
	const before = await env.MY_KV.get("path");
	await env.MY_KV.put("path", new URL(request.url).pathname);
	return new Response("after " + before);
} };`,
		"wrangler.toml": `name = "store"
main = "index.js"
compatibility_date = "2026-01-01"
kv_namespaces = [{ binding = "MY_KV" }]
d1_databases = [{ binding = "DB" }, { binding = "NAMED", database_name = "any name" }]
`,
	} {
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// types lists names, types and ids of bindings.
func types(list []cfapi.Binding) string {
	var words []string
	for _, b := range list {
		words = append(words, b.Name+"="+b.Type+":"+b.ResourceID())
	}
	return strings.Join(words, " ")
}

func TestProvision(t *testing.T) {
	g, p := newTarget(t), storing(t)
	db, err := g.CreateD1Database(t.Context(), "store-db")
	if err != nil {
		t.Fatal(err)
	}
	plan := p.plan(g)
	if got := types(plan.Bindings()); got != "MY_KV=kv_namespace: DB=d1: NAMED=d1:" {
		t.Errorf("the plan has %s", got)
	}
	made, err := plan.Provision(t.Context(), g)
	if err != nil || len(made) != 2 || made[1].Name != "any name" || made[0].Binding != "MY_KV" || made[0].Name != "store-my-kv" || made[0].Label != "KV namespace" {
		t.Fatalf("made %+v, %v", made, err)
	}
	want := "MY_KV=kv_namespace:" + made[0].ID + " DB=d1:" + db.UUID + " NAMED=d1:" + made[1].ID
	if got := types(plan.Form.Metadata.Bindings); got != want {
		t.Errorf("sends %s, want %s", got, want)
	}
	apply(t, plan, g)
	g.says("store", "/one", "after null")

	// What the script has it keeps, whatever that is called by now.
	if _, err := g.Do(t.Context(), "PUT", g.AccountPath("storage", "kv", "namespaces", made[0].ID), cfapi.KVNamespaceCreate{Title: "renamed"}); err != nil {
		t.Fatal(err)
	}
	plan = p.plan(g)
	if more, err := plan.Provision(t.Context(), g); err != nil || len(more) != 0 {
		t.Fatalf("made %+v, %v", more, err)
	}
	if got := types(plan.Form.Metadata.Bindings); got != "MY_KV=inherit: DB=inherit: NAMED=d1:"+made[1].ID {
		t.Errorf("sends %s", got)
	}
	if got := types(plan.Bindings()); got != want {
		t.Errorf("shows %s, want %s", got, want)
	}
	apply(t, plan, g)
	g.says("store", "/two", "after /one")
}

// A target that cannot make resources is a clear error, and only if there is
// something to make.
func TestProvisionNeedsATarget(t *testing.T) {
	p := &publish.Plan{Script: "s"}
	if made, err := p.Provision(context.Background(), publish.Empty{}); err != nil || made != nil {
		t.Errorf("nothing to make: %v, %v", made, err)
	}
	form, err := publish.NewForm(&config.Worker{KVNamespaces: []config.Resource{{Name: "KV"}}}, &bundle.Result{}, nil)
	if err == nil {
		p.Form = form
		_, err = p.Provision(context.Background(), publish.Empty{})
	}
	if err == nil || !strings.Contains(err.Error(), "give every binding an id") {
		t.Errorf("got %v", err)
	}
}
