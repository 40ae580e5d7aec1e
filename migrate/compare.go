package migrate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"paddock/internal/diag"
)

// Compare says how a list of migrations differs from an older one of the same
// script in what may have been applied already: each entry of the older list
// must still be there, as it was, before all that are new. A script remembers
// only the tag of the entry that it has applied last, so that nothing else
// would be noticed, or done. The name of the older list is for the messages.
//
// The order of names within a directive, and how the entries are written, do
// not matter.
func Compare(before []Migration, beforeName string, after []Migration, file diag.Location) diag.List {
	c := comparison{before, after, beforeName, file}
	var list diag.List
	last := -1 // place of the old entry that came last so far
	for i, old := range before {
		if indexTag(before, old.Tag) < i {
			continue // only the first entry of a tag counts
		}
		j := c.find(i)
		switch {
		case j < 0:
			list = append(list, c.removed(i))
			continue
		case after[j].Tag != old.Tag:
			list = append(list, c.retagged(i, j))
		case !equal(old.Step, after[j].Step):
			list = append(list, c.edited(i, j))
		}
		if j < last {
			list = append(list, c.reordered(i, j))
		}
		last = max(last, j)
	}
	for j := range last {
		if !c.known(j) {
			list = append(list, c.inserted(j))
		}
	}
	return list
}

type comparison struct {
	before, after []Migration
	name          string
	file          diag.Location // of the newer list, for entries that are not in it
}

// find returns the place of an old entry in the new list: by its tag or, if
// that is gone, where it was, provided that it does the same there. Otherwise
// it returns -1.
func (c comparison) find(i int) int {
	old := c.before[i]
	if j := indexTag(c.after, old.Tag); j >= 0 {
		return j
	}
	if i < len(c.after) && indexTag(c.before, c.after[i].Tag) < 0 && equal(old.Step, c.after[i].Step) {
		return i
	}
	return -1
}

// known says whether an entry of the new list was in the old one.
func (c comparison) known(j int) bool {
	if indexTag(c.before, c.after[j].Tag) >= 0 {
		return true
	}
	return j < len(c.before) && c.find(j) == j // with another tag
}

func indexTag(list []Migration, tag string) int {
	return slices.IndexFunc(list, func(m Migration) bool { return m.Tag == tag })
}

func (c comparison) edited(i, j int) diag.Diagnostic {
	return diag.Errorf("migration-edited", c.after[j].Location,
		"the migration %q has been edited: where it was applied, the change is not", c.before[i].Tag).
		WithHint("In %s it is:\n%s\nPut that back, and append an entry with a tag of its own for what is new.", c.name, c.before[i].text())
}

func (c comparison) retagged(i, j int) diag.Diagnostic {
	return diag.Errorf("migration-edited", c.after[j].Location,
		"the migration %q has got another tag, %q: where it was applied, its tag is not found any more", c.before[i].Tag, c.after[j].Tag).
		WithHint("Put the tag %q back, as it is in %s.", c.before[i].Tag, c.name)
}

func (c comparison) removed(i int) diag.Diagnostic {
	at := c.file
	if len(c.after) > 0 {
		at = c.after[min(i, len(c.after)-1)].Location
	}
	return diag.Errorf("migration-removed", at,
		"the migration %q is gone from the list: where it was applied, its tag is not found any more", c.before[i].Tag).
		WithHint("In %s it is number %d:\n%s\nPut it back. If it is newer than your branch, merge it first.", c.name, i+1, c.before[i].text())
}

func (c comparison) reordered(i, j int) diag.Diagnostic {
	var order []string
	for _, m := range c.before {
		order = append(order, fmt.Sprintf("%q", m.Tag))
	}
	return diag.Errorf("migration-reordered", c.after[j].Location,
		"the migration %q has been moved forward in the list: entries count as applied by their order", c.before[i].Tag).
		WithHint("In %s the order is %s.", c.name, strings.Join(order, ", "))
}

func (c comparison) inserted(j int) diag.Diagnostic {
	return diag.Errorf("migration-inserted", c.after[j].Location,
		"the migration %q is new, but stands before entries that are not: where those were applied, it never will be", c.after[j].Tag).
		WithHint("Move it to the end of the list.")
}

// equal reports whether two steps do the same.
func equal(a, b Step) bool {
	a, b = a.normal(), b.normal()
	return slices.Equal(a.NewClasses, b.NewClasses) && slices.Equal(a.NewSQLiteClasses, b.NewSQLiteClasses) &&
		slices.Equal(a.DeletedClasses, b.DeletedClasses) && slices.Equal(a.RenamedClasses, b.RenamedClasses) &&
		slices.Equal(a.TransferredClasses, b.TransferredClasses)
}

// normal sorts the directives whose order means nothing. Renames may build
// upon each other.
func (s Step) normal() Step {
	s.NewClasses = slices.Sorted(slices.Values(s.NewClasses))
	s.NewSQLiteClasses = slices.Sorted(slices.Values(s.NewSQLiteClasses))
	s.DeletedClasses = slices.Sorted(slices.Values(s.DeletedClasses))
	s.TransferredClasses = slices.SortedFunc(slices.Values(s.TransferredClasses), func(a, b Transfer) int {
		return cmp.Or(cmp.Compare(a.To, b.To), cmp.Compare(a.FromScript, b.FromScript), cmp.Compare(a.From, b.From))
	})
	return s
}

// text writes an entry as TOML has it, indented.
func (m Migration) text() string {
	lines := []string{fmt.Sprintf("tag = %q", m.Tag)}
	names := func(directive string, list []string) {
		if len(list) > 0 {
			lines = append(lines, fmt.Sprintf("%s = [%s]", directive, strings.Join(quoted(list), ", ")))
		}
	}
	names("new_classes", m.NewClasses)
	names("new_sqlite_classes", m.NewSQLiteClasses)
	for _, r := range m.RenamedClasses {
		lines = append(lines, fmt.Sprintf("renamed_classes: from %q to %q", r.From, r.To))
	}
	names("deleted_classes", m.DeletedClasses)
	for _, t := range m.TransferredClasses {
		lines = append(lines, fmt.Sprintf("transferred_classes: from %q of the script %q to %q", t.From, t.FromScript, t.To))
	}
	return "    " + strings.Join(lines, "\n    ")
}
