package migrate

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// before is the table that most cases start from.
var before = []Namespace{
	{Key: "k-other", Script: "other", Class: "Room", SQLite: true},
	{Key: "k-a", Script: "me", Class: "A"},
	{Key: "k-b", Script: "me", Class: "B", SQLite: true},
}

type applyCase struct {
	name    string
	tag     string
	rows    []Namespace // nil: before
	exports string
	bound   string
	up      *Upload
	// The outcome: rows as "key script.Class[ sqlite]", effects, deleted keys.
	table   []string
	effects []string
	deleted []string
	newTag  string
	// Or the refusal.
	code    int
	message string
}

func steps(s ...Step) *Upload { return &Upload{NewTag: "new", Steps: s} }

func (tt applyCase) run(t *testing.T) {
	rows := tt.rows
	if rows == nil {
		rows = slices.Clone(before)
	}
	n := 0
	state := State{
		Script: "me", Tag: tt.tag, Namespaces: rows,
		Exports: strings.Fields(tt.exports), Bound: strings.Fields(tt.bound),
		NewKey: func() string { n++; return fmt.Sprint("k", n) },
	}
	untouched := slices.Clone(rows)
	change, err := Apply(state, tt.up)
	if !slices.Equal(state.Namespaces, untouched) {
		t.Errorf("the input table was changed: %v", state.Namespaces)
	}
	if tt.code != 0 {
		checkRefusal(t, tt, change, err)
		return
	}
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	compare(t, "table", describeRows(change.Namespaces), tt.table)
	var deleted []string
	for _, d := range change.Deleted {
		deleted = append(deleted, d.Key)
		if !slices.Contains(untouched, d) {
			t.Errorf("deleted row %v was not in the table", d)
		}
	}
	compare(t, "deleted", deleted, tt.deleted)
	compare(t, "effects", describeEffects(change.Effects), tt.effects)
	if change.Tag != tt.newTag {
		t.Errorf("tag %q, want %q", change.Tag, tt.newTag)
	}
}

func checkRefusal(t *testing.T, tt applyCase, change Change, err error) {
	t.Helper()
	var r *Refusal
	if !errors.As(err, &r) {
		t.Fatalf("got %+v, %v; want a refusal %d", change, err, tt.code)
	}
	status := 400
	if tt.code == 10079 {
		status = 412
	}
	if r.Code != tt.code || r.Status != status || !strings.Contains(r.Message, tt.message) {
		t.Errorf("got %d (status %d) %q, want %d (status %d) %q", r.Code, r.Status, r.Message, tt.code, status, tt.message)
	}
	if !reflect.DeepEqual(change, Change{}) {
		t.Errorf("a refusal came with a change: %+v", change)
	}
}

func describeRows(rows []Namespace) (out []string) {
	for _, n := range rows {
		s := fmt.Sprintf("%s %s.%s", n.Key, n.Script, n.Class)
		if n.SQLite {
			s += " sqlite"
		}
		out = append(out, s)
	}
	return out
}

func describeEffects(effects []Effect) (out []string) {
	for _, e := range effects {
		out = append(out, strings.Join(strings.Fields(fmt.Sprint(e.Kind, " ", e.FromScript, " ", e.Class, " ", e.To, " ", e.Key)), " "))
	}
	return out
}

func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s\n got %q\nwant %q", what, got, want)
	}
}

func TestApply(t *testing.T) {
	same := describeRows(before)
	for _, tt := range []applyCase{
		{name: "no migrations", tag: "v1", exports: "A B", bound: "A", table: same, newTag: "v1"},
		{name: "tags only", tag: "v1", up: &Upload{OldTag: "v1", NewTag: "v2"}, exports: "A B", table: same, newTag: "v2"},
		{name: "untagged steps of an untagged script", up: &Upload{Steps: []Step{{NewClasses: []string{"C"}}}}, exports: "A B C",
			table: append(same[:3:3], "k1 me.C"), effects: []string{"create C k1"}},
		{name: "new", up: steps(Step{NewClasses: []string{"C"}, NewSQLiteClasses: []string{"D"}}), exports: "A B C D", bound: "C D",
			table: append(same[:3:3], "k1 me.C", "k2 me.D sqlite"), effects: []string{"create C k1", "create D k2"}, newTag: "new"},
		{name: "a class name of another script is free", up: steps(Step{NewClasses: []string{"Room"}}), exports: "A B Room",
			table: append(same[:3:3], "k1 me.Room"), effects: []string{"create Room k1"}, newTag: "new"},
		{name: "rename keeps the key and the storage", up: steps(Step{RenamedClasses: []Rename{{"B", "C"}}}), exports: "A C", bound: "C",
			table: []string{same[0], same[1], "k-b me.C sqlite"}, effects: []string{"rename B C k-b"}, newTag: "new"},
		{name: "rename chain in one upload", up: steps(
			Step{RenamedClasses: []Rename{{"A", "X"}, {"X", "Y"}}}, Step{RenamedClasses: []Rename{{"B", "A"}, {"Y", "B"}}},
		), exports: "A B", table: []string{same[0], "k-a me.B", "k-b me.A sqlite"},
			effects: []string{"rename A X k-a", "rename X Y k-a", "rename B A k-b", "rename Y B k-a"}, newTag: "new"},
		{name: "delete", up: steps(Step{DeletedClasses: []string{"A"}}), exports: "A B", bound: "B",
			table: []string{same[0], same[2]}, deleted: []string{"k-a"}, effects: []string{"delete A k-a"}, newTag: "new"},
		{name: "delete and create again is a fresh namespace, and may stay bound", up: steps(Step{DeletedClasses: []string{"A"}, NewSQLiteClasses: []string{"A"}}),
			exports: "A B", bound: "A", table: []string{same[0], same[2], "k1 me.A sqlite"}, deleted: []string{"k-a"},
			effects: []string{"delete A k-a", "create A k1"}, newTag: "new"},
		{name: "a deleted name may be taken by a rename of the same step", up: steps(Step{DeletedClasses: []string{"A"}, RenamedClasses: []Rename{{"B", "A"}}}),
			exports: "A", bound: "A", table: []string{same[0], "k-b me.A sqlite"}, deleted: []string{"k-a"},
			effects: []string{"delete A k-a", "rename B A k-b"}, newTag: "new"},
		{name: "renamed, then deleted", up: steps(Step{RenamedClasses: []Rename{{"A", "C"}}}, Step{DeletedClasses: []string{"C"}}),
			exports: "B", table: []string{same[0], same[2]}, deleted: []string{"k-a"},
			effects: []string{"rename A C k-a", "delete C k-a"}, newTag: "new"},
		{name: "created and deleted in one upload leaves no trace", rows: []Namespace{}, up: steps(
			Step{NewClasses: []string{"A"}}, Step{RenamedClasses: []Rename{{"A", "Z"}}}, Step{DeletedClasses: []string{"Z"}, NewClasses: []string{"B"}},
		), exports: "B", table: []string{"k2 me.B"}, effects: []string{"create B k2"}, newTag: "new"},
		{name: "a fresh environment catches up: only the last names are exported", rows: []Namespace{}, up: steps(
			Step{NewClasses: []string{"A"}}, Step{RenamedClasses: []Rename{{"A", "B"}}},
		), exports: "B", bound: "B", table: []string{"k1 me.B"}, effects: []string{"create A k1", "rename A B k1"}, newTag: "new"},
		{name: "transfer", up: steps(Step{TransferredClasses: []Transfer{{From: "Room", FromScript: "other", To: "Hall"}}}), exports: "A B Hall",
			bound: "Hall", table: []string{"k-other me.Hall sqlite", same[1], same[2]}, effects: []string{"transfer other Room Hall k-other"}, newTag: "new"},
		{name: "transfer comes last in its step", up: steps(Step{
			TransferredClasses: []Transfer{{From: "Room", FromScript: "other", To: "A"}}, RenamedClasses: []Rename{{"A", "C"}},
		}), exports: "A B C", table: []string{"k-other me.A sqlite", "k-a me.C", same[2]},
			effects: []string{"rename A C k-a", "transfer other Room A k-other"}, newTag: "new"},
		{name: "a later upload of the source script need not export what it gave away", exports: "", rows: before[:1], table: same[:1]},
	} {
		t.Run(tt.name, tt.run)
	}
}

func TestApplyRefuses(t *testing.T) {
	for _, tt := range []applyCase{
		{name: "other old tag", tag: "v2", up: &Upload{OldTag: "v1", NewTag: "v3"}, exports: "A B", code: 10079, message: "current tag is v2"},
		{name: "no old tag", tag: "v2", up: &Upload{NewTag: "v3"}, exports: "A B", code: 10079, message: "current tag is v2"},
		{name: "old tag for an untagged script", up: &Upload{OldTag: "v1", NewTag: "v3"}, exports: "A B", code: 10079, message: "does not have a migration tag set"},
		{name: "no new tag for a tagged script", tag: "v1", up: &Upload{OldTag: "v1"}, exports: "A B", code: 10079, message: "must include a new tag"},
		{name: "new class that exists", up: steps(Step{NewClasses: []string{"A"}}), exports: "A B", code: 10074,
			message: "Cannot apply new-class migration to class 'A' that is already depended on by existing Durable Objects"},
		{name: "new SQLite class that exists", up: steps(Step{NewSQLiteClasses: []string{"A"}}), exports: "A B", code: 10074, message: "'A'"},
		{name: "new class twice", up: steps(Step{NewClasses: []string{"C"}, NewSQLiteClasses: []string{"C"}}), exports: "A B C", code: 10074, message: "'C'"},
		{name: "delete of an unknown class", up: steps(Step{DeletedClasses: []string{"Room"}}), exports: "A B", code: 10074, message: "--delete-class migration to class 'Room'"},
		{name: "rename of an unknown class", up: steps(Step{RenamedClasses: []Rename{{"Room", "Hall"}}}), exports: "A B Hall", code: 10074, message: "'Room'"},
		{name: "rename onto a class that exists", up: steps(Step{RenamedClasses: []Rename{{"A", "B"}}}), exports: "B", code: 10074, message: "'B' that is already depended on"},
		{name: "transfer of an unknown class", up: steps(Step{TransferredClasses: []Transfer{{From: "X", FromScript: "other", To: "X"}}}), exports: "A B X", code: 10074, message: "'X' that does not exist in script 'other'"},
		{name: "transfer onto a class that exists", up: steps(Step{TransferredClasses: []Transfer{{From: "Room", FromScript: "other", To: "A"}}}), exports: "A B", code: 10074, message: "'A'"},
		{name: "transfer from itself", up: steps(Step{TransferredClasses: []Transfer{{From: "A", FromScript: "me", To: "C"}}}), exports: "B C", code: 10074, message: "rename-class"},
		{name: "delete of a bound class", up: steps(Step{DeletedClasses: []string{"A"}}), exports: "B", bound: "A", code: 10061,
			message: "Cannot apply --delete-class migration to class A without also removing the binding that references it"},
		{name: "new class not exported", up: steps(Step{NewClasses: []string{"C"}}), exports: "A B", bound: "C", code: 10070,
			message: "Cannot apply new-class migration to class 'C' that is not exported by script"},
		{name: "rename target not exported", up: steps(Step{RenamedClasses: []Rename{{"A", "C"}}}), exports: "A B", code: 10070, message: "rename-class migration to class 'C'"},
		{name: "transfer target not exported", up: steps(Step{TransferredClasses: []Transfer{{From: "Room", FromScript: "other", To: "Hall"}}}), exports: "A B", code: 10070, message: "'Hall'"},
		{name: "export lost, without migrations", exports: "A", code: 10064, message: "does not export class 'B'"},
		{name: "export lost, beside a good step", up: steps(Step{NewClasses: []string{"C"}}), exports: "A C", code: 10064, message: "'B'"},
		{name: "binding without a namespace", exports: "A B C", bound: "C", code: 10061, message: "not currently configured to implement Durable Objects"},
		{name: "binding to the old name of a rename", up: steps(Step{RenamedClasses: []Rename{{"A", "C"}}}), exports: "B C", bound: "A", code: 10061, message: "'A' that is not exported"},
		{name: "all or nothing: the second step fails", up: steps(Step{DeletedClasses: []string{"A"}}, Step{NewClasses: []string{"B"}}), exports: "B", code: 10074, message: "'B'"},
	} {
		t.Run(tt.name, tt.run)
	}
}
