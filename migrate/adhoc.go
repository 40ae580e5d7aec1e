package migrate

import "paddock/internal/diag"

// Adhoc is a migration from the command line, which replaces the list of the
// configuration for one upload. It is the deprecated way of Wrangler 1.
type Adhoc struct {
	OldTag, NewTag string // "" if not given
	Step
}

// Given reports whether anything was asked for.
func (a Adhoc) Given() bool { return a.OldTag != "" || a.NewTag != "" || !a.Empty() }

// Upload returns what travels with the upload to a script with the tag
// applied, or the first of Wrangler 1's rules that it breaks. The phrases are
// Wrangler's, as people look for them.
func (a Adhoc) Upload(exists bool, applied string) (*Upload, diag.List) {
	fail := func(code, format string, args ...any) (*Upload, diag.List) {
		d := diag.Errorf(code, diag.Location{}, format, args...)
		if applied != "" {
			d = d.WithHint("Check that you are applying the right migration. If you are: --old-tag %s", applied)
		}
		return nil, diag.List{d}
	}
	switch {
	case applied != "" && a.OldTag != "" && a.OldTag != applied:
		return fail("old-tag-differs", "the given --old-tag %q does not match the script's current migration tag, %q", a.OldTag, applied)
	case exists && applied == "" && a.OldTag != "":
		return fail("old-tag-unset", "an existing migration tag was provided (--old-tag %q), but the script does not have a migration tag set", a.OldTag)
	case !exists && a.OldTag != "":
		return fail("old-tag-no-script", "an existing migration tag was provided (--old-tag %q), but the script does not exist", a.OldTag)
	case applied != "" && a.OldTag == "":
		return fail("old-tag-missing", "you didn't provide an existing tag with --old-tag, but the script's current migration tag is %q", applied)
	case a.OldTag != "" && a.NewTag == "":
		return nil, diag.List{diag.Errorf("new-tag-missing", diag.Location{}, "you must provide a --new-tag when --old-tag is set").
			WithHint("It is the tag that the script has once the migration is applied.")}
	}
	up := &Upload{OldTag: a.OldTag, NewTag: a.NewTag, Steps: []Step{}}
	if !a.Empty() {
		up.Steps = append(up.Steps, a.Step)
	}
	return up, nil
}
