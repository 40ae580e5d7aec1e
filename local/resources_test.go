package local_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"paddock/internal/cfapi"
	"paddock/local"
)

// storeJS keeps what it is told in a KV namespace and a database, as far as it
// has them. At its top level it looks at them, as many libraries do.
const storeJS = `
import { env } from "cloudflare:workers";
const kv = env.KV, prepared = env.DB?.prepare("SELECT count(*) AS n FROM t");
export default { async fetch(request, env) {
	const { pathname, searchParams } = new URL(request.url), value = searchParams.get("value");
	switch (pathname) {
	case "/put": await kv.put("key", value.repeat(Number(searchParams.get("times") ?? 1))); return new Response("put");
	case "/get": return new Response(await env.KV.get("key") ?? "nothing");
	case "/size": return new Response((await env.KV.get("key")).length);
	case "/insert":
		await env.DB.exec("CREATE TABLE IF NOT EXISTS t (n INTEGER NOT NULL)");
		await env.DB.prepare("INSERT INTO t VALUES (?)").bind(value).run();
		return new Response("inserted");
	case "/batch":
		try {
			await env.DB.batch([env.DB.prepare("INSERT INTO t VALUES (1)"), env.DB.prepare("INSERT INTO t VALUES (NULL)")]);
			return new Response("done");
		} catch (e) { return new Response(e.message); }
	case "/count": return new Response(await prepared.first("n"));
	case "/meta": return Response.json(env.META);
	}
} };`

func kv(name, id string) part {
	return has(cfapi.Binding{Name: name, Type: cfapi.BindingKVNamespace, NamespaceID: id})
}

func d1(name, id string) part {
	return has(cfapi.Binding{Name: name, Type: cfapi.BindingD1, ID: id})
}

// What a binding names comes to be with the first upload that names it, and
// its data outlives versions and runtimes.
func TestResourcesKeepTheirData(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := open(t, dir)
	r.publish(upload("store", storeJS, kv("KV", "a1"), d1("DB", "b1")))
	r.get("store", "/put?value=x&times=100000") // too large to lie in the object itself
	r.get("store", "/insert?value=7")
	r.wantBody("store", "/batch", "D1_ERROR: NOT NULL constraint failed: t.n: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_NOTNULL)")
	r.wantBody("store", "/count", "1")
	before := r.pid("store")
	r.publish(upload("store", storeJS, kv("KV", "a1"), d1("DB", "b1"), text("VERSION", "2")))
	if r.pid("store") == before {
		t.Error("the engine was not swapped")
	}
	r.wantBody("store", "/size", "100000")
	namespaces, databases := r.resources(cfapi.BindingKVNamespace), r.resources(cfapi.BindingD1)
	if len(namespaces) != 1 || namespaces[0].ID != "a1" || len(databases) != 1 || databases[0].ID != "b1" {
		t.Errorf("resources %+v, %+v", namespaces, databases)
	}
	r.close()

	r = open(t, dir)
	r.wantBody("store", "/size", "100000")
	r.wantBody("store", "/count", "1")
}

// Two processes on one folder lose writes, so who shares a namespace shares an
// engine, also without a binding to each other.
func TestScriptsShareANamespace(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(upload("one", storeJS, kv("KV", "shared")))
	r.publish(upload("two", storeJS, kv("KV", "other")))
	r.publish(counter("bystander"))
	bystander := r.pid("bystander")
	r.get("one", "/put?value=mine")
	r.get("two", "/put?value=theirs")
	if r.pid("one") == r.pid("two") {
		t.Error("scripts without anything in common share an engine")
	}
	r.publish(upload("two", storeJS, kv("KV", "shared"), kv("MORE", "shared")))
	if got := r.group("one").Scripts; !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("the group is %v", got)
	}
	r.wantBody("two", "/get", "mine")
	r.get("two", "/put?value=ours")
	r.wantBody("one", "/get", "ours")
	r.publish(upload("two", storeJS, kv("KV", "other")))
	if r.pid("one") == r.pid("two") {
		t.Error("the scripts have parted, their engines have not")
	}
	r.wantBody("one", "/get", "ours")
	r.wantBody("two", "/get", "theirs")
	if r.pid("bystander") != bystander {
		t.Error("another script's engine was swapped")
	}
}

// A refused upload makes nothing; a version that is not in force does.
func TestResourcesComeWithVersions(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(upload("store", storeJS, text("VERSION", "1")))
	r.refused(upload("store", "throw new Error()", kv("KV", "a1")), cfapi.CodeValidationFailed)
	r.refused(upload("store", storeJS, kv("KV", "")), cfapi.CodeMalformedBody)
	v := r.uploadVersion(upload("store", storeJS, kv("KV", "a1"), kv("SAME", "a1")))
	if list := r.resources(cfapi.BindingKVNamespace); len(list) != 1 || v.Bindings[0].Resource != list[0].Key || v.Bindings[1].Resource != list[0].Key {
		t.Errorf("resources %+v of %+v", list, v.Bindings)
	}
	r.deploy("store", v.ID)
	r.get("store", "/put?value=x")
	r.publish(upload("store", storeJS, has(cfapi.Binding{Name: "KV", Type: cfapi.BindingInherit})))
	r.wantBody("store", "/get", "x")
}

func TestDeleteResource(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := open(t, dir)
	p := r.publish(upload("store", storeJS, kv("KV", "a1")))
	r.get("store", "/put?value=x")
	var used *local.InUseError
	if err := r.DeleteResource(t.Context(), cfapi.BindingKVNamespace, "a1"); !errors.As(err, &used) || !slices.Equal(used.Scripts, []string{"store"}) {
		t.Errorf("delete what is used: %v", err)
	}
	r.publish(upload("store", storeJS))
	key := r.resources(cfapi.BindingKVNamespace)[0].Key
	if err := r.DeleteResource(t.Context(), cfapi.BindingKVNamespace, "a1"); err != nil {
		t.Fatal(err)
	}
	if err := r.DeleteResource(t.Context(), cfapi.BindingKVNamespace, "a1"); !errors.Is(err, local.ErrNotFound) {
		t.Errorf("deleted twice: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "objects", key)); err == nil {
		t.Error("the data is where it was")
	}
	if trash, err := filepath.Glob(filepath.Join(dir, "trash", key+"-*")); err != nil || len(trash) != 1 {
		t.Errorf("the trash has %v, %v", trash, err)
	}
	before := r.snapshot()
	_, err := r.Deploy(t.Context(), whole("store", p.Version.ID))
	r.wantRefusal(err, cfapi.CodeResourceMissing, before, `its binding "KV" is to the KV namespace "a1", which was deleted`)

	// The id is free again, and nothing comes back with it.
	r.publish(upload("store", storeJS, kv("KV", "a1")))
	r.wantBody("store", "/get", "nothing")
}

func TestAddResource(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	res, err := r.AddResource(t.Context(), cfapi.BindingKVNamespace, "a title")
	if err != nil || res.Name != "a title" || time.Since(res.CreatedOn) > time.Minute {
		t.Fatalf("added %+v, %v", res, err)
	}
	if _, err := r.AddResource(t.Context(), cfapi.BindingKVNamespace, "a title"); !errors.Is(err, local.ErrTaken) {
		t.Errorf("the same title: %v", err)
	}
	r.publish(upload("store", storeJS, kv("KV", res.ID)))
	if list := r.resources(cfapi.BindingKVNamespace); len(list) != 1 || list[0] != res {
		t.Errorf("resources %+v", list)
	}
}
