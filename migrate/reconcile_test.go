package migrate

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// declaredBefore is the table that most cases start from.
var declaredBefore = []Namespace{
	{Key: "k-room", Script: "other", Class: "Room", SQLite: true},
	{Key: "k-a", Script: "me", Class: "A"},
	{Key: "k-b", Script: "me", Class: "B", SQLite: true},
}

// keep declares what there is.
const keep = `"A":{"type":"durable-object","storage":"legacy-kv"},"B":{"type":"durable-object","storage":"sqlite"}`

type reconcileCase struct {
	name      string
	rows      []Namespace // nil: declaredBefore
	exports   string      // of the declaration, without braces
	code      string      // what the code exports
	bound     string
	scripts   map[string][]string // nil: other, which exports Room and A
	bindings  []ForeignBinding
	handovers []Handover
	force     bool

	table     []string // rows of the script itself
	effects   []string
	report    string   // in short, see describeReport
	after     []string // handovers
	refused   []string // "Class scenario", by class
	otherCode int      // of another refusal
}

func (tt reconcileCase) run(t *testing.T) {
	rows := tt.rows
	if rows == nil {
		rows = slices.Clone(declaredBefore)
	}
	declared, err := ParseExports(json.RawMessage("{" + tt.exports + "}"))
	if err != nil {
		t.Fatal(err)
	}
	scripts := tt.scripts
	if scripts == nil {
		scripts = map[string][]string{"other": {"Room", "A"}}
	}
	n := 0
	state := State{
		Script: "me", Tag: "v3", Namespaces: rows, Exports: strings.Fields(tt.code), Bound: strings.Fields(tt.bound),
		NewKey:   func() string { n++; return fmt.Sprint("k", n) },
		Declared: Declared{Scripts: scripts, Bindings: tt.bindings, Handovers: tt.handovers, DeleteBound: tt.force},
	}
	untouched, handed := slices.Clone(rows), slices.Clone(tt.handovers)
	change, err := Reconcile(state, declared)
	if !slices.Equal(rows, untouched) || !slices.Equal(tt.handovers, handed) {
		t.Error("the state that was given was changed")
	}
	var refused *Refusal
	if errors.As(err, &refused) {
		if tt.otherCode != 0 && refused.Code == tt.otherCode {
			return
		}
		var got []string
		for _, d := range refused.Details {
			got = append(got, d.Class+" "+d.Scenario)
			if d.Message == "" || d.Suggestion == "" || !strings.Contains(refused.Message, d.Message) {
				t.Errorf("detail %+v of %q", d, refused.Message)
			}
		}
		compare(t, "refused", got, tt.refused)
		if refused.Code != 100402 || refused.Status != 400 {
			t.Errorf("code %d, status %d", refused.Code, refused.Status)
		}
		return
	}
	if err != nil || tt.refused != nil || tt.otherCode != 0 {
		t.Fatalf("accepted, %v, want refused: %v %d", err, tt.refused, tt.otherCode)
	}
	compare(t, "table", describeRows(change.Namespaces), tt.table)
	compare(t, "effects", describeEffects(change.Effects), tt.effects)
	if got := describeReport(change.Reconciliation); got != tt.report {
		t.Errorf("report %q, want %q", got, tt.report)
	}
	var after []string
	for _, h := range change.Handovers {
		after = append(after, describeHandover(h))
	}
	compare(t, "handovers", after, tt.after)
	if change.Tag != "v3" {
		t.Errorf("the tag became %q", change.Tag)
	}
}

func describeHandover(h Handover) string {
	if h.Incoming {
		return fmt.Sprintf("%s.%s <- %s", h.Script, h.Class, h.Other)
	}
	return fmt.Sprintf("%s.%s -> %s", h.Script, h.Class, h.Other)
}

// describeReport writes a report without its messages.
func describeReport(r *Reconciliation) string {
	var list []string
	for _, c := range r.Created {
		list = append(list, "created "+c)
	}
	for _, c := range r.Deleted {
		list = append(list, "deleted "+c)
	}
	for _, c := range r.Renamed {
		list = append(list, "renamed "+c.From+" "+c.To)
	}
	for _, c := range r.Transferred {
		list = append(list, fmt.Sprint("transferred ", c.Class, " ", c.To, " ", c.Committed))
	}
	for _, c := range r.Pending {
		list = append(list, "pending "+c.Class+" "+c.From)
	}
	for _, n := range slices.Concat(r.Warnings, r.Info) {
		list = append(list, strings.TrimSpace(fmt.Sprint("[", n.Scenario, "] ", n.Class, " ", strings.Join(n.Scripts, ","))))
	}
	for _, c := range r.Removable {
		list = append(list, "removable "+c)
	}
	return strings.Join(list, "; ")
}

func TestReconcile(t *testing.T) {
	room, a, b := "k-room other.Room sqlite", "k-a me.A", "k-b me.B sqlite"
	all := []string{room, a, b}
	binds := func(script, owner, class, key string) []ForeignBinding {
		return []ForeignBinding{{Script: script, Owner: owner, Class: class, Key: key}}
	}
	for _, tt := range []reconcileCase{
		{name: "what is declared is so already", exports: keep, code: "A B", bound: "A", table: all},
		{name: "a class of the code that is not declared is left alone", exports: keep, code: "A B C", table: all},
		{name: "entrypoints do not matter", exports: keep + `,"C":{"type":"worker"}`, code: "A B C", table: all},
		{name: "created", exports: keep + `,"C":{"type":"durable-object","storage":"sqlite"}`, code: "A B C", bound: "C",
			table: append(slices.Clone(all), "k1 me.C sqlite"), effects: []string{"create C k1"}, report: "created C"},
		{name: "created with key-value storage", rows: []Namespace{}, exports: `"C":{"type":"durable-object","state":"created","storage":"legacy-kv"}`, code: "C",
			table: []string{"k1 me.C"}, effects: []string{"create C k1"}, report: "created C; [invalid_export] C"},

		{name: "nothing is declared", code: "A", refused: []string{"A provisioned_class_missing_from_config", "B orphaned_provisioned_namespace"}},
		{name: "not in the code", exports: keep + `,"C":{"type":"durable-object","storage":"sqlite"}`, code: "A",
			refused: []string{"B config_export_not_in_code", "C config_references_nonexistent_class"}},
		{name: "another storage", exports: `"A":{"type":"durable-object","storage":"sqlite"},"B":{"type":"durable-object","storage":"legacy-kv"}`, code: "A B",
			refused: []string{"A storage_type_mismatch", "B storage_type_mismatch"}},
		{name: "bound without a namespace", exports: keep, code: "A B C", bound: "C", otherCode: 10061},
		{name: "bound and not exported", exports: keep, code: "A B", bound: "C", otherCode: 10061},

		{name: "deleted", exports: `"A":{"type":"durable-object","state":"deleted"},"B":{"type":"durable-object","storage":"sqlite"}`, code: "B",
			table: []string{room, b}, effects: []string{"delete A k-a"}, report: "deleted A"},
		{name: "deleted long ago", exports: keep + `,"Z":{"type":"durable-object","state":"deleted"}`, code: "A B", table: all,
			report: "[stale_tombstone] Z; removable Z"},
		{name: "deleted and in the code", exports: `"A":{"type":"durable-object","state":"deleted"},"B":{"type":"durable-object","storage":"sqlite"}`, code: "A B",
			refused: []string{"A tombstone_delete_class_still_in_code"}},
		{name: "deleted and bound", exports: `"A":{"type":"durable-object","state":"deleted"},"B":{"type":"durable-object","storage":"sqlite"}`, code: "B",
			bindings: binds("user", "me", "A", "k-a"), refused: []string{"A tombstone_delete_blocked_by_external_bindings"}},
		{name: "deleted although it is bound", exports: `"A":{"type":"durable-object","state":"deleted"},"B":{"type":"durable-object","storage":"sqlite"}`, code: "B",
			bindings: binds("user", "me", "A", "k-a"), force: true, table: []string{room, b}, effects: []string{"delete A k-a"}, report: "deleted A"},
		{name: "a binding of its own keeps no class", exports: `"A":{"type":"durable-object","state":"deleted"},"B":{"type":"durable-object","storage":"sqlite"}`, code: "B",
			bindings: binds("me", "me", "A", "k-a"), table: []string{room, b}, effects: []string{"delete A k-a"}, report: "deleted A"},

		{name: "renamed", exports: `"A":{"type":"durable-object","storage":"legacy-kv"},"B":{"type":"durable-object","state":"renamed","renamed_to":"C"},"C":{"type":"durable-object","storage":"sqlite"}`,
			code: "A C", bound: "C", table: []string{room, a, "k-b me.C sqlite"}, effects: []string{"rename B C k-b"}, report: "renamed B C"},
		{name: "renamed with the old class still in the code", exports: `"A":{"type":"durable-object","storage":"legacy-kv"},"B":{"type":"durable-object","state":"renamed","renamed_to":"C"},"C":{"type":"durable-object","storage":"sqlite"}`,
			code: "A B C", bindings: binds("user", "me", "B", "k-b"), table: []string{room, a, "k-b me.C sqlite"}, effects: []string{"rename B C k-b"},
			report: "renamed B C; [tombstone_class_still_in_code] B user"},
		{name: "renamed long ago", exports: keep + `,"Z":{"type":"durable-object","state":"renamed","renamed_to":"B"}`, code: "A B", table: all,
			report: "[stale_tombstone] Z; removable Z"},
		{name: "renamed long ago, and bound under the old name", exports: keep + `,"Z":{"type":"durable-object","state":"renamed","renamed_to":"B"}`, code: "A B",
			bindings: binds("user", "me", "Z", "k-b"), table: all, report: "[stale_tombstone] Z user"},
		{name: "a fresh environment", rows: []Namespace{}, code: "C",
			exports: `"B":{"type":"durable-object","state":"renamed","renamed_to":"C"},"C":{"type":"durable-object","storage":"sqlite"},"Z":{"type":"durable-object","state":"deleted"}`,
			table:   []string{"k1 me.C sqlite"}, effects: []string{"create C k1"}, report: "created C; [stale_tombstone] Z; [stale_tombstone] B; removable Z; removable B"},
		{name: "renamed to nothing", exports: `"A":{"type":"durable-object","storage":"legacy-kv"},"B":{"type":"durable-object","state":"renamed","renamed_to":"C"}`, code: "A C",
			refused: []string{"B invalid_export"}},
		{name: "renamed to a tombstone", exports: `"A":{"type":"durable-object","state":"renamed","renamed_to":"B"},"B":{"type":"durable-object","state":"renamed","renamed_to":"C"},"C":{"type":"durable-object","storage":"sqlite"}`, code: "C",
			refused: []string{"A invalid_export"}},
		{name: "renamed to a class that is there", exports: `"A":{"type":"durable-object","state":"renamed","renamed_to":"B"},"B":{"type":"durable-object","storage":"sqlite"}`, code: "B",
			refused: []string{"A tombstone_renamed_to_occupied"}},
		{name: "renamed to a class of another storage", exports: `"A":{"type":"durable-object","state":"renamed","renamed_to":"C"},"B":{"type":"durable-object","storage":"sqlite"},"C":{"type":"durable-object","storage":"sqlite"}`, code: "B C",
			refused: []string{"C storage_type_mismatch"}},

		{name: "entries that do not fit their state", code: "A B", exports: `"A":{"type":"durable-object"},"B":{"type":"durable-object","storage":"sqlite","renamed_to":"C"},` +
			`"C":{"type":"durable-object","state":"gone"},"D":{"type":"durable-object","state":"renamed","renamed_to":"D"},"E":{"type":"durable-object","storage":"paper"},"F-":{"type":"durable-object","state":"deleted"}`,
			refused: []string{"A invalid_export", "B invalid_export", "C invalid_export", "D invalid_export", "E invalid_export", "F- invalid_export"}},
	} {
		t.Run(tt.name, tt.run)
	}
}

func TestReconcileTransfers(t *testing.T) {
	room, a, b := "k-room other.Room sqlite", "k-a me.A", "k-b me.B sqlite"
	all := []string{room, a, b}
	const (
		give  = `"A":{"type":"durable-object","state":"transferred","transferred_to":"other"},"B":{"type":"durable-object","storage":"sqlite"}`
		take  = keep + `,"Room":{"type":"durable-object","state":"expecting-transfer","storage":"sqlite","transfer_from":"other"}`
		other = "other.A <- me"
	)
	otherExpects := []Handover{{Script: "other", Class: "A", Other: "me", Incoming: true}}
	otherGives := []Handover{{Script: "other", Class: "Room", Other: "me"}}
	meExpects := []Handover{{Script: "me", Class: "Room", Other: "other", Incoming: true}}
	taken := []Namespace{declaredBefore[1], declaredBefore[2], {Key: "k-room", Script: "me", Class: "Room", SQLite: true, ReceivedFrom: "other"}}
	ab := []string{a, b}
	for _, tt := range []reconcileCase{
		// The target.
		{name: "the target first", exports: take, code: "A B Room", bound: "Room", table: all, effects: []string{"pending other Room k-room"},
			report: "pending Room other", after: []string{"me.Room <- other"}},
		{name: "the target first, and again", exports: take, code: "A B Room", handovers: meExpects, table: all, effects: []string{"pending other Room k-room"},
			report: "pending Room other", after: []string{"me.Room <- other"}},
		{name: "the target calls it off", exports: keep, code: "A B Room", handovers: meExpects, table: all},
		{name: "the target calls it off and has a class of its own", exports: keep + `,"Room":{"type":"durable-object","storage":"sqlite"}`, code: "A B Room", handovers: meExpects,
			table: append(slices.Clone(all), "k1 me.Room sqlite"), effects: []string{"create Room k1"}, report: "created Room"},
		{name: "the target second", exports: take, code: "A B Room", bound: "Room", handovers: otherGives,
			table: []string{"k-room me.Room sqlite", a, b}, effects: []string{"transfer other Room Room k-room"}, report: "transferred Room me true"},
		{name: "the target once it has it", rows: taken, exports: take, code: "A B Room", table: append(slices.Clone(ab), "k-room me.Room sqlite"),
			report: "[transfer_receive_already_applied] Room"},
		{name: "the target names another source afterwards", rows: taken, exports: strings.Replace(take, `"other"`, `"third"`, 1), code: "A B Room",
			refused: []string{"Room phase_one_transfer_after_commit_mismatch"}},
		{name: "the target has the class", rows: append(slices.Clone(declaredBefore), Namespace{Key: "k-own", Script: "me", Class: "Room", SQLite: true}), exports: take, code: "A B Room",
			refused: []string{"Room phase_one_transfer_target_class_provisioned"}},
		{name: "the target names another source meanwhile", exports: strings.Replace(take, `"other"`, `"third"`, 1), code: "A B Room", handovers: meExpects,
			refused: []string{"Room phase_one_transfer_duplicate"}},
		{name: "no such source", exports: strings.Replace(take, `"other"`, `"third"`, 1), code: "A B Room", refused: []string{"Room phase_one_transfer_source_missing"}},
		{name: "no such class at the source", rows: declaredBefore[1:], exports: take, code: "A B Room", refused: []string{"Room phase_one_transfer_source_namespace_missing"}},
		{name: "another storage at the source", exports: strings.Replace(take, `"storage":"sqlite","transfer_from"`, `"storage":"legacy-kv","transfer_from"`, 1), code: "A B Room",
			refused: []string{"Room storage_type_mismatch"}},
		{name: "expected and not in the code", exports: take, code: "A B", refused: []string{"Room config_references_nonexistent_class"}},
		{name: "from itself", exports: strings.Replace(take, `"other"`, `"me"`, 1), code: "A B Room", refused: []string{"Room invalid_export"}},

		// The source.
		{name: "the source first", exports: give, code: "A B", bound: "A", table: all, effects: []string{"pending me A k-a"},
			report: "transferred A other false; [transferred_pending_not_found] A", after: []string{"me.A -> other"}},
		{name: "the source first, to a script that is yet to come", exports: give, code: "A B", scripts: map[string][]string{}, table: all, effects: []string{"pending me A k-a"},
			report: "transferred A other false; [transferred_target_missing] A", after: []string{"me.A -> other"}},
		{name: "the source first, without the class", exports: give, code: "B", refused: []string{"A transferred_pending_not_found"}},
		{name: "the source calls it off", exports: keep, code: "A B", handovers: []Handover{{Script: "me", Class: "A", Other: "other"}}, table: all},
		{name: "the source second", exports: give, code: "B", handovers: otherExpects, table: []string{room, "k-a other.A", b},
			effects: []string{"transfer me A A k-a"}, report: "transferred A other true"},
		{name: "the source second, with the class still in the code", exports: give, code: "A B", handovers: otherExpects, table: []string{room, "k-a other.A", b},
			effects: []string{"transfer me A A k-a"}, report: "transferred A other true; [tombstone_class_still_in_code] A"},
		{name: "the source keeps a binding of its own", exports: give, code: "A B", bound: "A", handovers: otherExpects, otherCode: 10061},
		{name: "the source once it is done", rows: declaredBefore[2:], exports: give, code: "B", table: []string{b}, report: "[stale_tombstone] A; removable A"},
		{name: "the source once it is done, and bound there", rows: declaredBefore[2:], exports: give, code: "B", table: []string{b},
			bindings: []ForeignBinding{{Script: "user", Owner: "me", Class: "A", Key: "k-a"}}, report: "[stale_tombstone] A user"},
		{name: "another target waits", exports: strings.Replace(give, `"other"`, `"third"`, 1), code: "A B", handovers: otherExpects, refused: []string{"A transferred_target_mismatch"}},
		{name: "the target has lost the class", exports: give, code: "A B", scripts: map[string][]string{"other": {"Room"}}, handovers: otherExpects, refused: []string{"A transferred_target_missing"}},
		{name: "to itself", exports: strings.Replace(give, `"other"`, `"me"`, 1), code: "A B", refused: []string{"A invalid_export"}},
		{name: "what others wait for stays", exports: keep, code: "A B", handovers: otherExpects, table: all, after: []string{other}},
	} {
		t.Run(tt.name, tt.run)
	}
}

func TestParseExports(t *testing.T) {
	for text, want := range map[string]string{
		`[]`:                               "`exports` must be an object keyed by class name",
		`{"A":"sqlite"}`:                   "the entry \"A\" of `exports` is malformed: a field has the wrong type",
		`{"A":{"type":"workflow"}}`:        "the entry \"A\" of `exports` has the type \"workflow\", which is not supported",
		`{"A":{}}`:                         "the entry \"A\" of `exports` has the type \"\", which is not supported",
		`{"A":{"type":"worker"},"B":null}`: "the entry \"B\" of `exports` has the type \"\", which is not supported",
	} {
		if _, err := ParseExports(json.RawMessage(text)); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	for _, text := range []string{"", "null", "{}", `{"A":{"type":"worker"}}`} {
		if list, err := ParseExports(json.RawMessage(text)); len(list) != 0 || err != nil {
			t.Errorf("%s: %v, %v", text, list, err)
		}
	}
	const full = `{"A":{"type":"durable-object","storage":"sqlite"},"B":{"type":"durable-object","state":"deleted"},"C":{"type":"worker"}}`
	if got, want := string(LiveExports(json.RawMessage(full))), `{"A":{"type":"durable-object","storage":"sqlite"},"C":{"type":"worker"}}`; got != want {
		t.Errorf("live exports %s, want %s", got, want)
	}
	if got := LiveExports(json.RawMessage("null")); got != nil {
		t.Errorf("live exports of none: %s", got)
	}
}

// Two versions may share the requests if the same classes live in both.
func TestSameExports(t *testing.T) {
	a, gone := Export{Class: "A", State: StateCreated, Storage: StorageSQLite}, Export{Class: "G", State: StateDeleted}
	expecting := Export{Class: "A", State: StateExpecting, Storage: StorageSQLite, TransferFrom: "s"}
	kv := Export{Class: "A", State: StateCreated, Storage: StorageKeyValue}
	for _, tt := range []struct {
		a, b []Export
		want bool
	}{
		{nil, nil, true},
		{[]Export{a}, []Export{a, gone}, true},
		{[]Export{a}, []Export{expecting}, true},
		{[]Export{a}, nil, false},
		{[]Export{a}, []Export{kv}, false},
	} {
		if got := SameExports(tt.a, tt.b); got != tt.want {
			t.Errorf("%v and %v: %v", tt.a, tt.b, got)
		}
	}
}
