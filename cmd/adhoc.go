package cmd

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"paddock/config"
	"paddock/internal/diag"
	"paddock/migrate"
)

// adhocFlags adds the deprecated migration flags of Wrangler 1.
func adhocFlags(c *cobra.Command, a *migrate.Adhoc) {
	f := c.Flags()
	f.StringVar(&a.OldTag, "old-tag", "", "deprecated: migration tag that the script is expected to have")
	f.StringVar(&a.NewTag, "new-tag", "", "deprecated: migration tag that the script gets")
	f.Var(&classes{"class", 1, func(v []string) { a.NewClasses = append(a.NewClasses, v[0]) }},
		"new-class", "deprecated: create a class; may be repeated")
	f.Var(&classes{"class", 1, func(v []string) { a.DeletedClasses = append(a.DeletedClasses, v[0]) }},
		"delete-class", "deprecated: delete a class and its objects; may be repeated")
	f.Var(&classes{"from to", 2, func(v []string) {
		a.RenamedClasses = append(a.RenamedClasses, migrate.Rename{From: v[0], To: v[1]})
	}}, "rename-class", "deprecated: rename a class; may be repeated")
	f.Var(&classes{"script from to", 3, func(v []string) {
		a.TransferredClasses = append(a.TransferredClasses, migrate.Transfer{FromScript: v[0], From: v[1], To: v[2]})
	}}, "transfer-class", "deprecated: take a class over from another script; may be repeated")
}

// classes is the value of a flag that takes names, and is used again for more.
type classes struct {
	names string // what they are, for the help
	count int
	add   func([]string)
}

func (c *classes) String() string { return "" }
func (c *classes) Type() string   { return c.names }

// Set takes all names of one use in one text, as separateValues writes them.
func (c *classes) Set(text string) error {
	names := strings.FieldsFunc(text, separator)
	if len(names) != c.count {
		return fmt.Errorf("expected %d (%s), got %d", c.count, c.names, len(names))
	}
	c.add(names)
	return nil
}

// separator is what may stand between names: none of it can be in a class's or
// a script's name.
func separator(r rune) bool { return r == ',' || r == '=' || r == ' ' }

// joinValues makes one argument of a flag that takes several values, as in
// `--rename-class A B`: the package for flags knows one value for each.
func joinValues(args []string) []string {
	counts := map[string]int{"--rename-class": 2, "--transfer-class": 3}
	var out []string
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			return append(append(out, arg), args...)
		}
		name, value, attached := strings.Cut(arg, "=")
		count := counts[name]
		if count == 0 {
			out = append(out, arg)
			continue
		}
		var values []string
		if attached {
			values = strings.FieldsFunc(value, separator)
		}
		for len(values) < count && len(args) > 0 && !strings.HasPrefix(args[0], "-") {
			values = append(values, strings.FieldsFunc(args[0], separator)...)
			args = args[1:]
		}
		out = append(out, name+"="+strings.Join(values, ","))
	}
	return out
}

// deprecated tells of the way that replaces the flags, with what is to be
// written there.
func deprecated(w *config.Worker, a migrate.Adhoc) diag.List {
	d := diag.Warningf("migration-flags", diag.Location{},
		"migrations on the command line are deprecated: they belong into the configuration")
	var hint []string
	if len(w.Migrations) > 0 {
		hint = append(hint, "The migrations of the configuration are ignored for this upload.")
	}
	if !a.Empty() {
		hint = append(hint, "As an entry of the configuration this one is:\n\n"+a.Snippet(cmp.Or(a.NewTag, unusedTag(w.Migrations)), w.Path))
	}
	return diag.List{d.WithHint("%s", strings.Join(hint, "\n"))}
}

// unusedTag is a tag for one more entry, which must have one.
func unusedTag(list []migrate.Migration) string {
	for n := len(list) + 1; ; n++ {
		tag := fmt.Sprintf("v%d", n)
		if !slices.ContainsFunc(list, func(m migrate.Migration) bool { return m.Tag == tag }) {
			return tag
		}
	}
}
