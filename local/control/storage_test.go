package control

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"paddock/internal/cfapi"
)

func decode[T any](t *testing.T, a answer) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(a.want(t, 200, 0).result, &v); err != nil {
		t.Fatalf("%s: %v", a.result, err)
	}
	return v
}

func binding(b cfapi.Binding) func(*cfapi.Metadata) {
	return func(m *cfapi.Metadata) { m.Bindings = append(m.Bindings, b) }
}

func TestKVNamespaces(t *testing.T) {
	h := newHouse(t)
	const path = account + "/storage/kv/namespaces"
	if a := h.call("GET", path, "").want(t, 200, 0); string(a.result) != "[]" {
		t.Errorf("no namespaces are %s", a.result)
	}
	first := decode[cfapi.KVNamespace](t, h.call("POST", path, `{"title":"first"}`))
	if len(first.ID) != 32 || first.Title != "first" {
		t.Errorf("made %+v", first)
	}
	h.call("POST", path, `{"title":"first"}`).want(t, 400, cfapi.CodeKVTitleTaken)
	h.call("POST", path, `{"title":""}`).want(t, 400, cfapi.CodeKVTitle)
	h.call("POST", path, `[]`).want(t, 400, cfapi.CodeMalformedBody)

	renamed := decode[cfapi.KVNamespace](t, h.call("PUT", path+"/"+first.ID, `{"title":"other"}`))
	if renamed.ID != first.ID || renamed.Title != "other" || decode[cfapi.KVNamespace](t, h.call("GET", path+"/"+first.ID, "")) != renamed {
		t.Errorf("renamed %+v", renamed)
	}
	for _, call := range []string{"GET", "PUT", "DELETE"} {
		a := h.call(call, path+"/nope", `{"title":"x"}`).want(t, 404, cfapi.CodeKVNotFound)
		if a.errors[0].Message != "namespace not found" {
			t.Errorf("%s of what is not there: %s", call, a.errors[0].Message)
		}
	}

	f := form(hello, binding(cfapi.Binding{Name: "KV", Type: cfapi.BindingKVNamespace, NamespaceID: first.ID}))
	h.publish("s", f)
	if a := h.call("DELETE", path+"/"+first.ID, "").want(t, 400, cfapi.CodeKVInUse); a.errors[0].Message != "namespace has associated scripts: s" {
		t.Errorf("delete what is bound: %s", a.errors[0].Message)
	}
	h.publish("s", form(hello))
	h.call("DELETE", path+"/"+first.ID, "").want(t, 200, 0)
	if a := h.call("GET", path, ""); string(a.result) != "[]" {
		t.Errorf("after all are deleted there are %s", a.result)
	}
}

// Wrangler reads page by page until one is not full.
func TestNamespacesAreListed(t *testing.T) {
	h := newHouse(t)
	const path = account + "/storage/kv/namespaces"
	for i := range 5 {
		h.call("POST", path, fmt.Sprintf(`{"title":"n%d"}`, i)).want(t, 200, 0)
	}
	for query, want := range map[string]string{
		"":                              "n0 n1 n2 n3 n4",
		"?per_page=2":                   "n0 n1",
		"?per_page=2&page=2":            "n2 n3",
		"?per_page=2&page=3":            "n4",
		"?per_page=2&page=4":            "",
		"?per_page=5&page=2":            "",
		"?order=title&direction=desc":   "n4 n3 n2 n1 n0",
		"?per_page=1&direction=desc":    "n4",
		"?order=title&direction=asc":    "n0 n1 n2 n3 n4",
		"?per_page=100&page=1&order=id": "5",
	} {
		var titles []string
		for _, ns := range decode[[]cfapi.KVNamespace](t, h.call("GET", path+query, "")) {
			titles = append(titles, ns.Title)
		}
		if got := strings.Join(titles, " "); got != want && fmt.Sprint(len(titles)) != want {
			t.Errorf("%q lists %q, want %q", query, got, want)
		}
	}
	if list, err := h.client.KVNamespaces(t.Context()); err != nil || len(list) != 5 {
		t.Errorf("the client lists %v, %v", list, err)
	}
}

func TestD1Databases(t *testing.T) {
	h := newHouse(t)
	const path = account + "/d1/database"
	db := decode[cfapi.D1Database](t, h.call("POST", path, `{"name":"orders"}`))
	if len(db.UUID) != 36 || db.Name != "orders" || db.CreatedAt == "" {
		t.Errorf("made %+v", db)
	}
	h.call("POST", path, `{"name":"orders"}`).want(t, 400, cfapi.CodeD1NameTaken)
	h.call("POST", path, `{}`).want(t, 400, cfapi.CodeMalformedBody)
	for _, id := range []string{db.UUID, "orders"} {
		if got := decode[cfapi.D1Database](t, h.call("GET", path+"/"+id, "")); got != db {
			t.Errorf("%s is %+v", id, got)
		}
	}
	h.call("GET", path+"/nope", "").want(t, 404, cfapi.CodeD1NotFound)
	if list := decode[[]cfapi.D1Database](t, h.call("GET", path+"?name=ord&per_page=10", "")); len(list) != 1 || list[0] != db {
		t.Errorf("listed %+v", list)
	}
	if list := decode[[]cfapi.D1Database](t, h.call("GET", path+"?name=nope", "")); len(list) != 0 {
		t.Errorf("listed %+v", list)
	}
	h.publish("s", form(hello, binding(cfapi.Binding{Name: "DB", Type: cfapi.BindingD1, ID: db.UUID})))
	h.call("DELETE", path+"/orders", "").want(t, 400, cfapi.CodeMalformedBody)
	h.publish("s", form(hello))
	h.call("DELETE", path+"/orders", "").want(t, 200, 0)
	h.call("GET", path+"/"+db.UUID, "").want(t, 404, cfapi.CodeD1NotFound)
}
