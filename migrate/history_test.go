package migrate

import (
	"fmt"
	"strings"
	"testing"

	"paddock/internal/diag"
)

func TestHistory(t *testing.T) {
	at := func(line int) diag.Location { return diag.Location{File: "f", Line: line} }
	for _, tt := range []struct {
		name  string
		play  func(*History)
		want  string // classes
		wrong []string
	}{
		{name: "empty", play: func(*History) {}},
		{name: "a story from its beginning", want: "C:sqlite@3 D:kv@5", play: func(h *History) {
			h.Create("A", true, at(1))
			h.Rename("A", at(2), "C", at(3))
			h.Create("B", false, at(4))
			h.Delete("B", at(5))
			h.Transfer("D", at(5))
		}},
		{name: "a story from its middle", want: "Z:kv@3", play: func(h *History) {
			h.Delete("X", at(1))
			h.Rename("Y", at(2), "Z", at(3))
		}, wrong: []string{
			"1 Cannot apply deleted_classes migration to non-existent class X; No earlier entry",
			"2 Cannot apply renamed_classes migration to non-existent class Y; No earlier entry",
		}},
		{name: "a class that is gone", want: "B:kv@2 C:kv@5", play: func(h *History) {
			h.Create("A", false, at(1))
			h.Rename("A", at(1), "B", at(2))
			h.Rename("A", at(4), "C", at(5))
		}, wrong: []string{"4 Cannot apply renamed_classes migration to non-existent class A; it was deleted or renamed before 1"}},
		{name: "a class that is there", want: "A:sqlite@4", play: func(h *History) {
			h.Create("A", true, at(1))
			h.Create("A", false, at(2))
			h.Transfer("A", at(3))
			h.Create("A", true, at(4))
		}, wrong: []string{
			"2 Cannot apply new_classes migration to existing class A; it was introduced here 1",
			"3 Cannot apply transferred_classes migration to existing class A; it was introduced here 2",
			"4 Cannot apply new_sqlite_classes migration to existing class A; it was introduced here 3",
		}},
		{name: "a rename onto a class that is there", want: "B:sqlite@4", play: func(h *History) {
			h.Create("A", true, at(1))
			h.Create("B", false, at(2))
			h.Rename("A", at(3), "B", at(4))
		}, wrong: []string{"4 Cannot apply renamed_classes migration to existing class B; it was introduced here 2"}},
		{name: "deleted and created again", want: "A:sqlite@3", play: func(h *History) {
			h.Create("A", false, at(1))
			h.Delete("A", at(2))
			h.Create("A", true, at(3))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var h History
			tt.play(&h)
			var classes []string
			for _, c := range h.Classes() {
				storage := map[bool]string{true: "sqlite", false: "kv"}[c.SQLite]
				classes = append(classes, fmt.Sprintf("%s:%s@%d", c.Name, storage, c.Location.Line))
			}
			if got := strings.Join(classes, " "); got != tt.want {
				t.Errorf("classes %q, want %q", got, tt.want)
			}
			checkProblems(t, h.Problems(), tt.wrong)
		})
	}
}

// checkProblems compares warnings with texts that they begin with: line,
// message, then hint or related place.
func checkProblems(t *testing.T, got diag.List, want []string) {
	t.Helper()
	for i, d := range got {
		text := fmt.Sprintf("%d %s; %s", d.Location.Line, d.Message, d.Hint)
		for _, r := range d.Related {
			text += fmt.Sprintf("%s %d", r.Message, r.Location.Line)
		}
		if d.Severity != diag.Warning || i >= len(want) || !strings.HasPrefix(text, want[i]) {
			t.Errorf("%v %q is not expected", d.Severity, text)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d problems, want %d", len(got), len(want))
	}
}
