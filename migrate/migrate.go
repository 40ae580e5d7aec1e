// Package migrate knows the rules of Durable Object class migrations: which
// steps a target still lacks, and what a step does to the table of namespaces.
// It is pure: no files, no network, no engine.
//
// Start with [Pending], which a client calls with the list of its
// configuration and what the target says of itself, and [Apply], which the
// runtime calls with what Pending made. A namespace is an identity with a
// permanent key; the class name is a label on it, so rename and transfer move
// labels and never data. [History] answers for a list alone which classes it
// leads to, and whether it makes sense; [AppliedBy] tells which
// entries of a list a target has applied, and [Adhoc] is a migration from the
// command line in place of the list.
//
// The newer way has no list: a declaration says of each class what it is, and
// [Reconcile] makes it so.
package migrate

import (
	"slices"

	"paddock/internal/diag"
)

// Step is the directives of one migration, without its tag. The JSON tags are
// the wire form of Cloudflare's API.
type Step struct {
	NewClasses         []string   `json:"new_classes,omitempty"`
	NewSQLiteClasses   []string   `json:"new_sqlite_classes,omitempty"`
	RenamedClasses     []Rename   `json:"renamed_classes,omitempty"`
	DeletedClasses     []string   `json:"deleted_classes,omitempty"`
	TransferredClasses []Transfer `json:"transferred_classes,omitempty"`
}

// Rename gives the namespace of one class of a script to another class of it.
type Rename struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Transfer takes a namespace over from another script.
type Transfer struct {
	From       string `json:"from"`
	FromScript string `json:"from_script"`
	To         string `json:"to"`
}

// Migration is one entry of the list in the configuration.
type Migration struct {
	Tag string
	Step
	Location diag.Location
}

// Upload is what travels with an upload: the steps that are to be applied and
// the tags before and after them.
type Upload struct {
	OldTag string `json:"old_tag,omitempty"`
	NewTag string `json:"new_tag,omitempty"`
	Steps  []Step `json:"steps"`

	Tags []string `json:"-"` // of each step; nil for steps that come from no list
}

// Pending returns the steps of the list that are still to do at a target whose
// applied tag is applied, "" for none, and which says that history was applied
// to it; nil if it does not say. A nil Upload means that nothing is pending.
// Where a tag stands twice, its first entry counts.
//
// Wrangler sends the whole list again when it does not find the applied tag.
// Here that is an error: the steps have been applied under another name, and
// creating their classes a second time is refused at best.
func Pending(list []Migration, applied string, history []Applied) (*Upload, diag.List) {
	done := 0
	if applied != "" {
		done = find(list, applied) + 1
	}
	var diags diag.List
	if applied != "" && done == 0 {
		diags = diag.List{lost(list, applied)}
	}
	if len(list) > 0 {
		diags = append(diags, checkHistory(list, history, applied)...)
	}
	if len(diags) > 0 || done == len(list) {
		return nil, diags
	}
	up := &Upload{OldTag: applied, NewTag: list[len(list)-1].Tag}
	for _, m := range list[done:] {
		up.Steps = append(up.Steps, m.Step)
		up.Tags = append(up.Tags, m.Tag)
	}
	return up, nil
}

// Deletes returns the classes that the steps take away for good: deleted, and
// not made anew by the same upload.
func (u *Upload) Deletes() []string {
	var gone []string
	for _, s := range u.Steps {
		gone = append(gone, s.DeletedClasses...)
		back := slices.Concat(s.NewClasses, s.NewSQLiteClasses)
		for _, r := range s.RenamedClasses {
			back = append(back, r.To)
		}
		for _, t := range s.TransferredClasses {
			back = append(back, t.To)
		}
		gone = slices.DeleteFunc(gone, func(class string) bool { return slices.Contains(back, class) })
	}
	return gone
}

// lost says that the applied tag is not in the list. The phrases are those of
// Wrangler 1 and of the Durable Objects documentation.
func lost(list []Migration, applied string) diag.Diagnostic {
	if len(list) == 0 {
		return diag.Errorf("migrations-missing", diag.Location{},
			"the published script has the migration tag %q, but the configuration has no migrations", applied).
			WithHint("Once a script has a migration tag set on it, all future uploads must include a migration tag.\n" +
				"Put back the [[migrations]] entries that have been applied.")
	}
	return diag.Errorf("migration-tag-unknown", list[0].Location,
		"the migration tag %q of the published script was not found in the list of migrations", applied).
		WithHint("Put the entry with the tag %q back, before the ones that are still to be applied.", applied)
}
