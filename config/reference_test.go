package config

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

//go:generate go test -run TestReference -update .

var update = flag.Bool("update", false, "write docs/CONFIG.md anew")

// TestReference holds docs/CONFIG.md against the table. `go generate ./config`
// writes it anew.
func TestReference(t *testing.T) {
	path := filepath.Join("..", "docs", "CONFIG.md")
	want := reference()
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), string(want)); diff != "" {
		t.Errorf("docs/CONFIG.md is stale; run `go generate ./config` (-is +should be):\n%s", diff)
	}
}

const preface = `# The configuration, field by field

<!-- Written by "go generate ./config" from the tables in config/fields_*.go. Edit those. -->

What wrangler.toml, wrangler.json and wrangler.jsonc may hold, for every generation of Wrangler. ` + "`paddock schema`" + `
prints the same as a JSON schema for editors. How environments, overrides and variables work together, and where that
differs from Wrangler, is in [COMPAT.md](COMPAT.md#configuration).

**Environments** says how ` + "`[env.NAME]`" + ` sees a field: *inherited* - an environment that has it replaces the top
level's value whole, one that lacks it gets that; *not inherited* - it counts for the level at which it stands; *top
level* - it stands at the top level only, and holds for all environments. Fields below another go with it.

**Wrangler** is the release that first knew the field, and the last one if it is gone. 4.164 stands for some release
after 4.125. Fields below another are as old as it, where nothing is said.

**paddock** *acts on* a field; *accepts* it without a word, where it has no meaning for a local run; *warns* that it has
no effect here; or *refuses* to run a Worker that has it. ` + "`paddock check`" + ` accepts all of them.

A field in **bold** is required.
`

// reference is the text of docs/CONFIG.md.
func reference() []byte {
	var b bytes.Buffer
	b.WriteString(preface)
	for _, t := range themes() {
		fmt.Fprintf(&b, "\n## %s\n\n| field | type | default | environments | Wrangler | paddock | |\n| --- | --- | --- | --- | --- | --- | --- |\n", t.title)
		for _, f := range t.fields {
			writeRow(&b, f, f.name, true)
		}
	}
	b.WriteString("\n## Codes\n\nThe codes of diagnostics. They do not change.\n\n| code | |\n| --- | --- |\n")
	for _, c := range Codes() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", c.Name, c.Doc)
	}
	return b.Bytes()
}

func writeRow(b *bytes.Buffer, f *field, path string, top bool) {
	name := "`" + path + "`"
	if f.must {
		name = "**" + name + "**"
	}
	environments, treatment := "", ""
	if top {
		environments = [...]string{"top level", "inherited", "not inherited"}[f.class]
	}
	if top || f.do != acted {
		treatment = [...]string{"acts on", "accepts", "warns", "refuses"}[f.do]
	}
	if f.do == inactive && f.usual != nil && f.usual != "" {
		treatment += fmt.Sprintf(", unless it is `%v`", f.usual)
	}
	def := ""
	if f.def != "" {
		def = "`" + f.def + "`"
	}
	generation := f.since
	switch {
	case f.until != "" && f.since == "":
		generation = "until " + f.until
	case f.until != "":
		generation += "–" + f.until
	}
	doc := f.doc
	if f.old != "" {
		doc += " Older name: `" + f.old + "`."
	}
	if f.deprecated != "" {
		doc += " Deprecated: " + strings.ReplaceAll(f.deprecated, `"`, "`")
	}
	if f.hint != "" && f.do == unsupported {
		doc += " " + f.hint
	}
	fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s |\n", name, f.describe(), def, environments, generation, treatment, cell(doc))
	walkFields(f.shape, path, func(sub *field, path string) { writeRow(b, sub, path, false) })
}

// cell keeps a text in one cell of a table, and from being taken for HTML.
func cell(s string) string { return strings.NewReplacer("|", `\|`, "<", `\<`).Replace(s) }

// describe names a type as a person would.
func (s *shape) describe() string {
	if s.kinds == kindAny {
		return "anything"
	}
	var forms []string
	if s.kinds&(kindString|kindDate) != 0 {
		forms = append(forms, s.describeString())
	}
	if s.kinds&kindNumber != 0 {
		forms = append(forms, s.describeNumber())
	}
	if s.kinds&kindBool != 0 {
		forms = append(forms, "boolean")
	}
	if s.kinds&kindArray != 0 {
		of := "list"
		if s.elem != nil {
			of = "list of " + plural(s.elem.describe())
		}
		forms = append(forms, of)
	}
	if s.kinds&kindTable != 0 {
		of := "table"
		if s.values != nil {
			of = "table of " + plural(s.values.describe())
		}
		forms = append(forms, of)
	}
	if s.kinds&kindNull != 0 {
		forms = append(forms, "null")
	}
	return strings.Join(forms, " or ")
}

func plural(s string) string {
	for _, one := range []string{"string", "table", "name", "path", "number", "expression"} {
		if strings.HasSuffix(s, one) {
			return s + "s"
		}
	}
	return s
}

func (s *shape) describeString() string {
	switch {
	case s.enum != nil:
		return "`" + strings.Join(s.enum, "`, `") + "`"
	case s.format != nil && s.format != &nonEmptyFormat:
		return s.format.doc
	}
	return "string"
}

func (s *shape) describeNumber() string {
	kind := "number"
	if s.whole {
		kind = "integer"
	}
	switch {
	case s.max == unlimited:
		return fmt.Sprintf("%s from %v", kind, s.min)
	case s.max > s.min:
		return fmt.Sprintf("%s, %v to %v", kind, s.min, int64(s.max))
	}
	return kind
}
