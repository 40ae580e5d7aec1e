package control

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"paddock/internal/cfapi"
)

// The life of a class by the wire alone: planned, created, listed, deleted,
// restored, purged.
func TestMigrationEndpoints(t *testing.T) {
	h := newHouse(t)
	code := strings.ReplaceAll(counting, "%[1]s", "Count")
	created := form(code, binds("C", "Count", ""), migrations("", "v1", `[{"new_sqlite_classes":["Count"]}]`))

	plan, err := h.client.PlanScript(t.Context(), "w", cfapi.PlanRequest{
		Migrations: created.Metadata.Migrations, Exports: []string{"default", "Count"}, Bindings: created.Metadata.Bindings,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := &cfapi.MigrationPlan{Script: "w", NewTag: "v1", Effects: []cfapi.PlanEffect{{Kind: "create", Class: "Count", SQLite: true}}}
	if diff := cmp.Diff(want, plan); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	h.call("GET", account+"/paddock/scripts/w/migrations", "").want(t, 404, cfapi.CodeScriptNotFound)

	h.publish("w", created)
	h.says("w", "/", "Count 1")
	deleted := form(code, migrations("v1", "v2", `[{"deleted_classes":["Count"]}]`))
	plan, err = h.client.PlanScript(t.Context(), "w", cfapi.PlanRequest{Migrations: deleted.Metadata.Migrations, Exports: []string{"Count"}})
	if err != nil || len(plan.Effects) != 1 {
		t.Fatalf("plan %+v, %v", plan, err)
	}
	key := plan.Effects[0].Namespace
	if e := plan.Effects[0]; e.Kind != "delete" || e.Objects != 1 || e.Bytes == 0 || len(key) != 32 {
		t.Errorf("effect %+v", e)
	}
	h.publish("w", deleted)

	told, err := h.client.ScriptMigrations(t.Context(), "w")
	if err != nil || told.Tag != "v2" || len(told.Applied) != 2 || told.Classes != nil {
		t.Fatalf("migrations %+v, %v", told, err)
	}
	if diff := cmp.Diff([]cfapi.AppliedEntry{{Tag: "v1"}, {Tag: "v2"}}, told.History); diff != "" {
		t.Errorf("history of uploads by Wrangler (-want +got):\n%s", diff)
	}
	all := h.migrations()
	if len(all.Scripts) != 1 || len(all.Trash) != 1 || all.Trash[0].ID != key || all.Trash[0].Script != "w" || all.Trash[0].Objects != 1 ||
		len(all.Trash[0].ExpiresOn) != len(cfapi.TimeLayout) {
		t.Fatalf("migrations %+v", all)
	}

	h.call("POST", account+"/paddock/trash/0123/restore", "").want(t, 404, cfapi.CodeNotInTrash)
	h.call("POST", account+"/paddock/trash/"+key+"/restore", "{").want(t, 400, cfapi.CodeMalformedBody)
	h.call("POST", account+"/paddock/trash/"+key+"/restore", `{"class":"Missing"}`).want(t, 400, cfapi.CodeClassNotExported)
	restored, err := h.client.RestoreNamespace(t.Context(), key, cfapi.Restore{})
	if err != nil || restored.ID != key || restored.Class != "Count" || restored.Script != "w" {
		t.Fatalf("restored %+v, %v", restored, err)
	}
	h.call("POST", account+"/paddock/trash/purge", `{"namespace_ids":["`+key+`"]}`).want(t, 404, cfapi.CodeNotInTrash)
	h.publish("w", form(code, binds("C", "Count", "")))
	h.says("w", "/", "Count 2")
	if all := h.migrations(); len(all.Trash) != 0 || len(all.Scripts[0].Classes) != 1 || all.Scripts[0].Classes[0].Objects != 1 {
		t.Errorf("migrations %+v", all)
	}

	h.publish("w", form(code, migrations("v2", "v3", `[{"deleted_classes":["Count"]}]`)))
	if err := h.client.PurgeNamespaces(t.Context(), []string{key}); err != nil {
		t.Fatal(err)
	}
	if all := h.migrations(); len(all.Trash) != 0 {
		t.Errorf("after the purge: %+v", all.Trash)
	}
}

func (h *house) migrations() *cfapi.RuntimeMigrations {
	h.t.Helper()
	all, err := h.client.RuntimeMigrations(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return all
}

// A plan is refused as the upload would be, and lists are never null.
func TestPlanRefused(t *testing.T) {
	h := newHouse(t)
	path := account + "/paddock/scripts/w/plan"
	h.call("POST", path, `{"exports":[],"bindings":[],"migrations":{"new_tag":"v1","steps":[{"new_classes":["A"]}]}}`).want(t, 400, cfapi.CodeClassNotExported)
	h.call("POST", path, `{"migrations":{"old_tag":"v1","steps":[]}}`).want(t, 412, cfapi.CodeMigrationTag)
	h.call("POST", path, `[]`).want(t, 400, cfapi.CodeMalformedBody)
	a := h.call("POST", path, "").want(t, 200, 0)
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(a.result, &fields); err != nil || string(fields["effects"]) != "[]" {
		t.Errorf("a plan without migrations: %s", a.result)
	}
	if a := h.call("GET", account+"/paddock/migrations", "").want(t, 200, 0); string(a.result) != `{"scripts":[],"trash":[]}` {
		t.Errorf("an empty runtime: %s", a.result)
	}
}
