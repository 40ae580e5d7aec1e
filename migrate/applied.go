package migrate

import "slices"

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
