package migrate

import (
	"fmt"
	"strings"
	"testing"

	"paddock/internal/diag"
)

func TestCompare(t *testing.T) {
	a := entry("a", Step{NewClasses: []string{"A", "AA"}})
	b := entry("b", Step{RenamedClasses: []Rename{{"A", "B"}, {"AA", "BB"}}})
	c := entry("c", Step{DeletedClasses: []string{"B"}, TransferredClasses: []Transfer{{"X", "s", "Y"}, {"Z", "s", "W"}}})
	retagged := func(m Migration, tag string) Migration { m.Tag = tag; return m }
	restepped := func(m Migration, s Step) Migration { m.Step = s; return m }
	list := func(m ...Migration) []Migration { return m }
	for _, tt := range []struct {
		name          string
		before, after []Migration
		want          []string // code: tag named in the message @ tag at the place
	}{
		{"nothing", nil, nil, nil},
		{"the first ones", nil, list(a, b), nil},
		{"the same", list(a, b, c), list(a, b, c), nil},
		{"appended", list(a), list(a, b, c), nil},
		{"names in another order", list(a, c), list(
			restepped(a, Step{NewClasses: []string{"AA", "A"}, DeletedClasses: []string{}}),
			restepped(c, Step{DeletedClasses: []string{"B"}, TransferredClasses: []Transfer{{"Z", "s", "W"}, {"X", "s", "Y"}}})), nil},
		{"renames in another order", list(a, b), list(a, restepped(b, Step{RenamedClasses: []Rename{{"AA", "BB"}, {"A", "B"}}})),
			[]string{"migration-edited: b @ b"}},
		{"a class more", list(a, b), list(restepped(a, Step{NewClasses: []string{"A", "AA", "C"}}), b), []string{"migration-edited: a @ a"}},
		{"other storage", list(a), list(restepped(a, Step{NewSQLiteClasses: []string{"A", "AA"}})), []string{"migration-edited: a @ a"}},
		{"another script", list(c), list(restepped(c, Step{DeletedClasses: []string{"B"}, TransferredClasses: []Transfer{{"X", "t", "Y"}, {"Z", "s", "W"}}})),
			[]string{"migration-edited: c @ c"}},
		{"another tag", list(a, b), list(a, retagged(b, "b2"), c), []string{"migration-edited: b @ b2"}},
		{"the first is gone", list(a, b), list(b, c), []string{"migration-removed: a @ b"}},
		{"the last is gone", list(a, b), list(a), []string{"migration-removed: b @ a"}},
		{"the last is replaced", list(a, b), list(a, c), []string{"migration-removed: b @ c"}},
		{"all are gone", list(a, b), nil, []string{"migration-removed: a @ file", "migration-removed: b @ file"}},
		{"swapped", list(a, b, c), list(a, c, b), []string{"migration-reordered: c @ c"}},
		{"the last comes first", list(a, b, c), list(c, a, b), []string{"migration-reordered: c @ c"}},
		{"new at the front", list(a, b), list(c, a, b), []string{"migration-inserted: c @ c"}},
		{"new between", list(a, b), list(a, c, b), []string{"migration-inserted: c @ c"}},
		{"edited and moved", list(a, b), list(b, restepped(a, Step{})), []string{"migration-edited: a @ a", "migration-reordered: b @ b"}},
		{"everything is another", list(a, b), list(c), []string{"migration-removed: a @ c", "migration-removed: b @ c"}},
		{"a tag twice in the old list", list(a, retagged(b, "a")), list(a, c), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for i := range tt.after {
				tt.after[i].Location = diag.Location{File: tt.after[i].Tag}
			}
			var got []string
			for _, d := range Compare(tt.before, "origin/main", tt.after, diag.Location{File: "file"}) {
				got = append(got, fmt.Sprintf("%s: %s @ %s", d.Code, strings.Split(d.Message, `"`)[1], d.Location.File))
				if d.Severity != diag.Error || d.Hint == "" {
					t.Errorf("%s: severity %v, hint %q", d.Code, d.Severity, d.Hint)
				}
			}
			if strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// What was edited is shown as it was, and what is gone with what may be the
// reason.
func TestCompareShowsTheOldEntry(t *testing.T) {
	old := entry("v1", Step{
		NewClasses: []string{"A", "B"}, NewSQLiteClasses: []string{"C"}, DeletedClasses: []string{"D"},
		RenamedClasses: []Rename{{"E", "F"}}, TransferredClasses: []Transfer{{"G", "s", "H"}},
	})
	const snippet = `

[[migrations]]
tag = "v1"
new_classes = ["A", "B"]
new_sqlite_classes = ["C"]
renamed_classes = [{ from = "E", to = "F" }]
deleted_classes = ["D"]
transferred_classes = [{ from = "G", from_script = "s", to = "H" }]`
	for want, after := range map[string][]Migration{
		"It is not applied again. Put it back as it was, and append an entry for what shall change:" + snippet: {entry("v1", Step{})},
		"Put it back here:" + snippet + "\n\nIf it is newer than your branch, merge it first.":                 nil,
	} {
		list := Compare([]Migration{old}, "HEAD~1", after, diag.Location{})
		if len(list) != 1 || list[0].Hint != want || !strings.Contains(list[0].Message, `"v1", which is in HEAD~1 and may have been applied, `) {
			t.Errorf("got %+v, want the hint\n%s", list, want)
		}
	}
}
