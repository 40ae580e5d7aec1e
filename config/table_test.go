package config

import (
	"fmt"
	"strings"
	"testing"
)

// TestTable holds the table to what its readers rely on.
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	each(func(f *field) {
		if seen[f.name] {
			t.Errorf("%s stands twice", f.name)
		}
		seen[f.name] = true
		if f.since == "" {
			t.Errorf("%s does not say since when Wrangler knows it", f.name)
		}
		if lookup(f.name) != f {
			t.Errorf("%s is not found", f.name)
		}
		checkEntry(t, f, f.name)
	})
	if len(seen) < 100 {
		t.Errorf("only %d fields", len(seen))
	}
}

func checkEntry(t *testing.T, f *field, path string) {
	t.Helper()
	if !strings.HasSuffix(f.doc, ".") || strings.Contains(f.doc, "\n") {
		t.Errorf("%s: the documentation is no sentence: %q", path, f.doc)
	}
	if f.shape == nil || f.kinds == 0 {
		t.Fatalf("%s has no shape", path)
	}
	if f.partly && f.class != notInherited {
		t.Errorf("%s is inherited, so environments lack nothing of it", path)
	}
	names := map[string]bool{}
	for _, sub := range f.fields {
		if names[sub.name] {
			t.Errorf("%s.%s stands twice", path, sub.name)
		}
		names[sub.name] = true
	}
	walkFields(f.shape, path, func(sub *field, path string) { checkEntry(t, sub, path) })
}

// walkFields calls do with the fields directly below a shape.
func walkFields(s *shape, path string, do func(*field, string)) {
	for _, sub := range s.fields {
		do(sub, path+"."+sub.name)
	}
	if s.elem != nil {
		walkFields(s.elem, path+"[]", do)
	}
	if s.values != nil {
		walkFields(s.values, path+".*", do)
	}
}

// samples are a value of each kind, as JSON.
var samples = []struct {
	kind kind
	text string
}{
	{kindString, `"x y z"`}, {kindInt, `123456789`}, {kindBool, `true`}, {kindArray, `[]`}, {kindTable, `{}`}, {kindNull, `null`},
}

// TestEveryFieldChecksItsKind gives every field of the table, and every one
// below, a value of each kind that it does not take. There must be an error at
// exactly this value, which says what was found.
func TestEveryFieldChecksItsKind(t *testing.T) {
	count := 0
	var try func(f *field, path string, wrap func(value string) string)
	try = func(f *field, path string, wrap func(value string) string) {
		for _, s := range samples {
			if f.kinds&s.kind != 0 {
				continue
			}
			count++
			checkWrongKind(t, path, wrap("@"+s.text), s.text)
		}
		for _, inner := range below(f) {
			try(inner.field, path+inner.path, func(v string) string { return wrap(fmt.Sprintf(inner.around, v)) })
		}
	}
	each(func(f *field) {
		try(f, f.name, func(v string) string { return fmt.Sprintf(`{%q: %s}`, f.name, v) })
	})
	if count < 1000 {
		t.Errorf("only %d values tried", count)
	}
}

type innerField struct {
	*field
	path, around string // around is a format for the value
}

func below(f *field) []innerField {
	var list []innerField
	var collect func(s *shape, path, around string)
	collect = func(s *shape, path, around string) {
		for _, sub := range s.fields {
			list = append(list, innerField{sub, path + "." + sub.name, fmt.Sprintf(around, fmt.Sprintf(`{%q: %%s}`, sub.name))})
		}
		if s.elem != nil {
			collect(s.elem, path+"[0]", fmt.Sprintf(around, "[%s]"))
		}
		if s.values != nil {
			collect(s.values, path+".k", fmt.Sprintf(around, `{"k": %s}`))
		}
	}
	collect(f.shape, "", "%s")
	return list
}

// checkWrongKind looks for the error at the place that is marked with @.
func checkWrongKind(t *testing.T, path, marked, value string) {
	t.Helper()
	text, offset := strings.Replace(marked, "@", "", 1), strings.Index(marked, "@")
	file, problems := Parse("/wrangler.json", "wrangler.json", text)
	if file == nil {
		t.Fatalf("%s: %s: %v", path, text, problems)
	}
	_, problems = file.Resolve("", Overrides{})
	for _, d := range problems {
		if d.Location.Line == 1 && d.Location.Column == offset+1 && strings.Contains(d.Message, value) && d.Severity.String() == "error" {
			return
		}
	}
	t.Errorf("%s: no error at %d in %s: %v", path, offset+1, text, problems)
}
