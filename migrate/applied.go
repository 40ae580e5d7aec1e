package migrate

import (
	"slices"

	"paddock/internal/diag"
)

// Applied is one entry of the list as a target has applied it. Who uploads
// without paddock's own word for the tags of single steps leaves an entry with
// the last tag and no Digest: it is known by its tag alone.
type Applied struct {
	Tag    string `json:"tag"`
	Digest string `json:"digest,omitempty"` // [Step.Digest] of what was applied
	Step   *Step  `json:"step,omitempty"`   // what was applied; only with a Digest
}

// Entries returns the entries of the list that an upload applies, without
// their steps: what its client tells of them. Steps that come from no list
// have none.
func (u *Upload) Entries() []Applied {
	var list []Applied
	for i, tag := range u.Tags {
		list = append(list, Applied{Tag: tag, Digest: u.Steps[i].Digest()})
	}
	return list
}

// Record is one upload that brought migrations.
type Record struct {
	Tag     string // the script's tag afterwards
	Steps   []Step
	Entries []Applied // of each step, without it; nil if the client did not say
}

// AppliedBy makes of all uploads of a script, the oldest first, the entries that
// count as applied now. Two kinds of upload say more than "and then": one that
// only sets the tag declares that the list is applied up to there, whatever
// was before; and one that sets a tag which was there already goes back to it.
func AppliedBy(records []Record) []Applied {
	var list []Applied
	back := func(tag string) {
		if i := slices.IndexFunc(list, func(a Applied) bool { return a.Tag == tag }); i >= 0 {
			list = list[:i]
		}
	}
	for _, r := range records {
		switch {
		case len(r.Entries) == len(r.Steps) && len(r.Steps) > 0:
			for i, e := range r.Entries {
				back(e.Tag)
				list = append(list, Applied{Tag: e.Tag, Digest: e.Digest, Step: &r.Steps[i]})
			}
		case r.Tag == "":
			// Steps without a tag leave nothing that a list could name.
		case len(r.Steps) == 0:
			list = []Applied{{Tag: r.Tag}}
		default:
			back(r.Tag)
			list = append(list, Applied{Tag: r.Tag})
		}
	}
	return list
}

// checkHistory holds the list against what was applied. What was applied
// cannot be changed by editing it: it would be right for new environments and
// wrong for this one, and nobody would notice. applied is the target's tag,
// whose absence is not reported here.
func checkHistory(list []Migration, history []Applied, applied string) diag.List {
	var diags diag.List
	last := -1     // index of the last applied entry that was found
	loose := false // entries that nobody has told of may stand behind last
	for _, h := range history {
		at := find(list, h.Tag)
		if h.Digest == "" {
			last, loose = max(last, at), at < 0
			continue
		}
		switch {
		case at < 0 && h.Tag != applied:
			diags = append(diags, removed(list, h, last))
			continue
		case at < 0:
			continue
		case at < last:
			diags = append(diags, moved(list[at], list[last]))
			continue
		case !loose:
			diags = append(diags, inserted(list[last+1:at], list[at], history)...)
		}
		if list[at].Digest() != h.Digest {
			diags = append(diags, edited(list[at], h))
		}
		last, loose = at, false
	}
	return diags
}

func find(list []Migration, tag string) int {
	return slices.IndexFunc(list, func(m Migration) bool { return m.Tag == tag })
}

func removed(list []Migration, h Applied, last int) diag.Diagnostic {
	at := list[min(last+1, len(list)-1)].Location
	return diag.Errorf("migration-removed", at,
		"the migration %q was applied to the published script, but is not in the list of migrations any more", h.Tag).
		WithHint("Put it back here:\n\n%s", h.Step.Snippet(h.Tag, at.File))
}

func edited(m Migration, h Applied) diag.Diagnostic {
	return diag.Errorf("migration-edited", m.Location,
		"the migration %q was changed after it had been applied to the published script", m.Tag).
		WithHint("It will not be applied again. Put it back as it was, and add an entry for what shall change:\n\n%s",
			h.Step.Snippet(h.Tag, m.Location.File))
}

func moved(m, before Migration) diag.Diagnostic {
	d := diag.Errorf("migration-moved", m.Location,
		"the migration %q was applied to the published script after %q, but stands before it", m.Tag, before.Tag).
		WithHint("Put the applied entries back into their order.")
	d.Related = []diag.Related{{Message: "the other one is here", Location: before.Location}}
	return d
}

func inserted(between []Migration, before Migration, history []Applied) diag.List {
	var diags diag.List
	for _, m := range between {
		if slices.ContainsFunc(history, func(h Applied) bool { return h.Tag == m.Tag }) {
			continue // moved, which is said elsewhere
		}
		diags = append(diags, diag.Errorf("migration-inserted", m.Location,
			"the migration %q was not applied to the published script, but stands before %q, which was", m.Tag, before.Tag).
			WithHint("It would never be applied here. Move it behind the entries that have been applied."))
	}
	return diags
}
