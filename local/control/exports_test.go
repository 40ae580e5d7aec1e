package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"paddock/internal/cfapi"
)

func declares(exports string) func(*cfapi.Metadata) {
	return func(m *cfapi.Metadata) { m.Exports = json.RawMessage(exports) }
}

// A declaration by the wire alone: every array is in every answer, as Wrangler
// goes through all of them.
func TestExportsReconciliation(t *testing.T) {
	h := newHouse(t)
	code := fmt.Sprintf(counting, "C")
	const live = `{"C":{"type":"durable-object","storage":"sqlite"},"default":{"type":"worker"}}`
	const empty = `"created":[],"updated":[],"deleted":[],"renamed":[],"transferred":[],"transfer_pending":[],"warnings":[],"info":[],"removable_entries":[]`
	put := func(script string, f cfapi.Form) string {
		t.Helper()
		got, err := json.Marshal(h.publish(script, f).ExportsReconciliation)
		if err != nil {
			t.Fatal(err)
		}
		return string(got)
	}
	instead := func(old, new string) string { return "{" + strings.Replace(empty, old, new, 1) + "}" }
	for _, step := range []struct {
		script, code, exports, want string
	}{
		{"w", code, live, instead(`"created":[]`, `"created":["C"]`)},
		{"w", code, live, "{" + empty + "}"},
		{"x", code, `{"C":{"type":"durable-object","state":"expecting-transfer","storage":"sqlite","transfer_from":"w"}}`,
			instead(`"transfer_pending":[]`, `"transfer_pending":[{"class":"C","from":"w"}]`)},
		{"w", `export default { fetch: () => new Response("bare") };`, `{"C":{"type":"durable-object","state":"transferred","transferred_to":"x"}}`,
			instead(`"transferred":[]`, `"transferred":[{"class":"C","to":"x","phase":"committed"}]`)},
		{"w", `export default { fetch: () => new Response("bare") };`, `{"C":{"type":"durable-object","state":"transferred","transferred_to":"x"}}`,
			"{" + strings.NewReplacer(`"removable_entries":[]`, `"removable_entries":["C"]`, `"info":[]`, `"info":[{"class":"C","scenario":"stale_tombstone","message":`+
				`"Tombstone of type 'transferred' for class 'C' has no effect (no namespace exists with this class name). Safe to remove from `+"`exports`"+`."}]`).Replace(empty) + "}"},
		{"x", fmt.Sprintf(counting, "D"), `{"C":{"type":"durable-object","state":"renamed","renamed_to":"D"},"D":{"type":"durable-object","storage":"sqlite"}}`,
			instead(`"renamed":[]`, `"renamed":[{"from":"C","to":"D"}]`)},
		{"x", `export default { fetch: () => new Response("bare") };`, `{"D":{"type":"durable-object","state":"deleted"}}`,
			instead(`"deleted":[]`, `"deleted":["D"]`)},
	} {
		if got := put(step.script, form(step.code, declares(step.exports))); got != step.want {
			t.Errorf("%s, %s:\n got %s\nwant %s", step.script, step.exports, got, step.want)
		}
	}
	if r := h.publish("y", form(code)).ExportsReconciliation; r != nil {
		t.Errorf("without a declaration: %+v", r)
	}
}

func TestExportsRefused(t *testing.T) {
	h := newHouse(t)
	code := fmt.Sprintf(counting, "C")
	const live = `{"C":{"type":"durable-object","storage":"sqlite"}}`
	first := h.publish("w", form(code, binds("C", "C", ""), declares(live)))
	h.says("w", "/", "C 1")

	// The details are what Wrangler prints, class by class.
	_, err := h.client.PutScript(t.Context(), "w", form(code, binds("C", "C", ""),
		declares(`{"C":{"type":"durable-object","storage":"legacy-kv"},"Z":{"type":"durable-object","storage":"sqlite"}}`)))
	var refused *cfapi.APIError
	if !errors.As(err, &refused) || refused.Status != 400 || len(refused.Errors) != 1 || refused.Errors[0].Code != 100402 {
		t.Fatalf("got %v", err)
	}
	details := refused.Errors[0].ExportsDetails()
	if len(details) != 2 || len(details[0].NamespaceID) != 32 {
		t.Fatalf("meta %s", refused.Errors[0].Meta)
	}
	details[0].NamespaceID = ""
	want := []cfapi.ExportsNote{
		{Class: "C", Scenario: "storage_type_mismatch", Message: "The class has storage \"sqlite\", and `exports` declares \"legacy-kv\": the storage of a namespace cannot be changed.",
			Suggestion: `Declare "storage": "sqlite". To change it, delete the class and create it anew, without its objects.`},
		{Class: "Z", Scenario: "config_references_nonexistent_class", Message: "The class is declared in `exports`, but it is neither exported by the code nor has a namespace.",
			Suggestion: "Remove the entry, or export the class."},
	}
	if diff := cmp.Diff(want, details); diff != "" {
		t.Errorf("details (-want +got):\n%s", diff)
	}

	for exports, code := range map[string]int{`[]`: 10026, `{"C":{"type":"workflow"}}`: 10026, `{"C":{"type":"durable-object","storage":1}}`: 10026} {
		if _, err := h.client.PutScript(t.Context(), "w", form(fmt.Sprintf(counting, "C"), declares(exports))); !cfapi.HasCode(err, code) {
			t.Errorf("%s: %v, want code %d", exports, err, code)
		}
	}

	// A version cannot make a class.
	both := strings.Replace(code, "export default", "export class D extends DurableObject {}\nexport default", 1)
	more := declares(`{"C":{"type":"durable-object","storage":"sqlite"},"D":{"type":"durable-object","storage":"sqlite"},"G":{"type":"durable-object","state":"deleted"}}`)
	if _, err := h.client.UploadVersion(t.Context(), "w", form(both, binds("C", "C", ""), binds("D", "D", ""), more)); !cfapi.HasCode(err, 100406) {
		t.Errorf("a version that binds a new class: %v", err)
	}
	v, err := h.client.UploadVersion(t.Context(), "w", form(both, binds("C", "C", ""), more))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(v.Resources.ScriptRuntime.Exports); strings.Contains(got, `"G"`) || !strings.Contains(got, `"D"`) {
		t.Errorf("the version shows the exports %s", got)
	}
	split := cfapi.DeploymentCreate{Strategy: "percentage", Versions: []cfapi.DeploymentVersion{{VersionID: first.DeploymentID, Percentage: 50}, {VersionID: v.ID, Percentage: 50}}}
	if _, err := h.client.CreateDeployment(t.Context(), "w", split, false); !cfapi.HasCode(err, 100405) {
		t.Errorf("a split between versions that disagree: %v", err)
	}
	h.says("w", "/", "C 2")
}
