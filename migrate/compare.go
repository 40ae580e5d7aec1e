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
	c := comparison{list: after, which: "is in " + beforeName + " and may have been applied", file: file, whole: true}
	for i, m := range before {
		if find(before, m.Tag) == i { // only the first entry of a tag counts
			c.earlier = append(c.earlier, Applied{Tag: m.Tag, Digest: m.Digest(), Step: &before[i].Step})
		}
	}
	return c.run()
}

// checkHistory holds the list against what was applied. What was applied
// cannot be changed by editing it: it would be right for new environments and
// wrong for this one, and nobody would notice. applied is the target's tag,
// whose absence is not reported here.
func checkHistory(list []Migration, history []Applied, applied string) diag.List {
	return comparison{earlier: history, list: list, which: "was applied to the published script", told: applied}.run()
}

// comparison holds a list against the entries that were there before it.
type comparison struct {
	earlier []Applied
	list    []Migration
	which   string        // what is known of the earlier entries, after "which"
	file    diag.Location // of the list, should it be empty
	told    string        // tag whose absence is told elsewhere
	whole   bool          // earlier is a list as it was written, not what a target remembers
}

func (c comparison) run() diag.List {
	var list diag.List
	last := -1     // place of the earlier entry that came last so far
	loose := false // entries that nobody has told of may stand behind last
	for i, e := range c.earlier {
		at := c.find(i)
		if e.Digest == "" {
			last, loose = max(last, at), at < 0
			continue
		}
		if at < 0 {
			if e.Tag != c.told {
				list = append(list, c.removed(e, last))
			}
			continue
		}
		if m := c.list[at]; m.Tag != e.Tag {
			list = append(list, c.retagged(e, m))
		} else if !m.same(*e.Step) {
			list = append(list, c.edited(e, m))
		}
		if at < last {
			list = append(list, c.moved(e, c.list[at], c.list[last]))
			continue
		}
		if !loose {
			list = append(list, c.inserted(last+1, at)...)
		}
		last, loose = at, false
	}
	return list
}

// find returns the place of an earlier entry in the list: by its tag or, if
// that is gone from a list, where it was, provided that it does the same there.
// Otherwise it returns -1.
func (c comparison) find(i int) int {
	e := c.earlier[i]
	if at := find(c.list, e.Tag); at >= 0 {
		return at
	}
	if c.whole && i < len(c.list) && !c.known(c.list[i].Tag) && c.list[i].same(*e.Step) {
		return i
	}
	return -1
}

// known says whether there was an entry with the tag.
func (c comparison) known(tag string) bool {
	return slices.ContainsFunc(c.earlier, func(e Applied) bool { return e.Tag == tag })
}

func find(list []Migration, tag string) int {
	return slices.IndexFunc(list, func(m Migration) bool { return m.Tag == tag })
}

func (c comparison) edited(e Applied, m Migration) diag.Diagnostic {
	return diag.Errorf("migration-edited", m.Location, "the migration %q, which %s, has been changed", e.Tag, c.which).
		WithHint("It is not applied again. Put it back as it was, and append an entry for what shall change:\n\n%s",
			e.Step.Snippet(e.Tag, m.Location.File))
}

func (c comparison) retagged(e Applied, m Migration) diag.Diagnostic {
	return diag.Errorf("migration-edited", m.Location, "the migration %q, which %s, has got another tag, %q", e.Tag, c.which, m.Tag).
		WithHint("Where it was applied, its tag would not be found any more. Put it back.")
}

func (c comparison) removed(e Applied, last int) diag.Diagnostic {
	at := c.file
	if len(c.list) > 0 {
		at = c.list[min(last+1, len(c.list)-1)].Location
	}
	hint := "Put it back here:\n\n" + e.Step.Snippet(e.Tag, at.File)
	if c.whole {
		hint += "\n\nIf it is newer than your branch, merge it first."
	}
	return diag.Errorf("migration-removed", at, "the migration %q, which %s, is gone from the list", e.Tag, c.which).WithHint("%s", hint)
}

func (c comparison) moved(e Applied, m, before Migration) diag.Diagnostic {
	var order []string
	for _, e := range c.earlier {
		order = append(order, fmt.Sprintf("%q", e.Tag))
	}
	return diag.Errorf("migration-reordered", m.Location, "the migration %q, which %s, stands before %q, which it came after", e.Tag, c.which, before.Tag).
		WithHint("Entries count as applied by their order. Put them back into it: %s.", strings.Join(order, ", ")).
		WithRelated("the other one is here", before.Location)
}

// inserted reports the new entries from one place to another, where an earlier
// one stands.
func (c comparison) inserted(from, to int) diag.List {
	var list diag.List
	for _, m := range c.list[from:to] {
		if c.known(m.Tag) {
			continue // moved, which is said elsewhere
		}
		list = append(list, diag.Errorf("migration-inserted", m.Location,
			"the migration %q is new, but stands before %q, which %s", m.Tag, c.list[to].Tag, c.which).
			WithHint("It would never be applied there. Move it to the end of the list."))
	}
	return list
}

// same reports whether two steps do the same. Unlike in a [Step.Digest], which
// is kept and cannot change, transfers may stand in any order.
func (s Step) same(other Step) bool { return s.sorted().Digest() == other.sorted().Digest() }

func (s Step) sorted() Step {
	s.TransferredClasses = slices.SortedFunc(slices.Values(s.TransferredClasses), func(a, b Transfer) int {
		return cmp.Or(cmp.Compare(a.To, b.To), cmp.Compare(a.FromScript, b.FromScript), cmp.Compare(a.From, b.From))
	})
	return s
}
