package control

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"paddock/internal/cfapi"
)

func TestNamespaces(t *testing.T) {
	h := newHouse(t)
	namespaces := account + "/workers/durable_objects/namespaces"
	if a := h.call("GET", namespaces+"?per_page=1000&page=1", "").want(t, 200, 0); string(a.result) != "[]" {
		t.Errorf("no namespaces: %s", a.result)
	}
	// An object for each name.
	code := strings.Replace(fmt.Sprintf(counting, "Counter"), `idFromName("a")`, `idFromName(new URL(request.url).pathname)`, 1)
	h.publish("counter", form(code, binds("C", "Counter", ""), migrations("", "v1", `[{"new_sqlite_classes":["Counter"]}]`)))
	var list []cfapi.Namespace
	a := h.call("GET", namespaces+"?per_page=1000&page=1", "").want(t, 200, 0)
	a.into(t, &list)
	if len(list) != 1 || len(list[0].ID) != 32 || list[0] != (cfapi.Namespace{ID: list[0].ID, Name: "counter_Counter", Script: "counter", Class: "Counter", UseSQLite: true}) {
		t.Fatalf("namespaces %+v", list)
	}
	if want := `{"page":1,"per_page":1000,"count":1,"total_count":1}`; string(a.info) != want {
		t.Errorf("result_info %s, want %s", a.info, want)
	}
	var one cfapi.Namespace
	if h.call("GET", namespaces+"/"+list[0].ID, "").want(t, 200, 0).into(t, &one); one != list[0] {
		t.Errorf("namespace %+v", one)
	}
	h.call("GET", namespaces+"/none", "").want(t, 404, cfapi.CodeNamespaceNotFound)
	h.call("GET", namespaces+"/none/objects", "").want(t, 404, cfapi.CodeNamespaceNotFound)

	objects := namespaces + "/" + list[0].ID + "/objects"
	a = h.call("GET", objects, "").want(t, 200, 0)
	if string(a.result) != "[]" || string(a.info) != `{"count":0,"cursors":{}}` {
		t.Errorf("no objects: %s %s", a.result, a.info)
	}
	const n = 25
	for i := range n {
		h.says("counter", fmt.Sprintf("/%d", i), "Counter 1")
	}
	var ids []string
	cursor, pages := "", 0
	for ; pages == 0 || cursor != ""; pages++ {
		a := h.call("GET", objects+"?limit=10&cursor="+cursor, "").want(t, 200, 0)
		var part []cfapi.Object
		a.into(t, &part)
		for _, o := range part {
			if len(o.ID) != 64 || !o.HasStoredData {
				t.Errorf("object %+v", o)
			}
			ids = append(ids, o.ID)
		}
		var info cfapi.ResultInfo
		if err := json.Unmarshal(a.info, &info); err != nil || info.Cursors == nil || info.Cursors.After != info.Cursor || info.Count != len(part) {
			t.Fatalf("result_info %s, %v", a.info, err)
		}
		cursor = info.Cursor
	}
	if pages != 3 || len(slices.Compact(slices.Clone(ids))) != n || !slices.IsSorted(ids) {
		t.Errorf("%d pages of %d objects: %v", pages, len(ids), ids)
	}
	for _, query := range []string{"limit=9", "limit=10001", "limit=x", "cursor=x", "cursor=" + strings.Repeat("/", 64)} {
		h.call("GET", objects+"?"+query, "").want(t, 400, cfapi.CodeMalformedBody)
	}
}
