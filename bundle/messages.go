package bundle

import (
	"fmt"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"paddock/internal/diag"
)

// unresolved is how esbuild begins to say that an import leads nowhere; the
// import follows in quotes.
const unresolved = "Could not resolve "

// diagnostics turns what esbuild has to say into our form.
func (b *Builder) diagnostics(errors, warnings []api.Message) diag.List {
	var list diag.List
	for _, m := range errors {
		list = append(list, b.diagnostic(diag.Error, m))
	}
	for _, m := range warnings {
		list = append(list, b.diagnostic(diag.Warning, m))
	}
	return list
}

func (b *Builder) diagnostic(severity diag.Severity, m api.Message) diag.Diagnostic {
	d := diag.Diagnostic{
		Severity: severity,
		Code:     code(m),
		Message:  strings.TrimSuffix(m.Text, "."),
		Location: location(m.Location),
	}
	var hints []string
	if m.Location != nil && m.Location.Suggestion != "" {
		hints = append(hints, fmt.Sprintf("did you mean %s?", m.Location.Suggestion))
	}
	for _, n := range m.Notes {
		switch text := b.note(n.Text); {
		case text == "":
		case n.Location != nil:
			d.Related = append(d.Related, diag.Related{Message: text, Location: location(n.Location)})
		default:
			hints = append(hints, text)
		}
	}
	d.Hint = strings.Join(hints, "\n")
	return d
}

// code gives a message a name that stays. esbuild names its warnings; our own
// plugins hand theirs over as the detail.
func code(m api.Message) string {
	if name, ok := m.Detail.(string); ok {
		return name
	}
	switch {
	case m.ID != "":
		return m.ID
	case strings.HasPrefix(m.Text, unresolved):
		return "unresolved-import"
	}
	return "build-failed"
}

// note replaces advice that speaks of esbuild's own options, which nobody can
// set here.
func (b *Builder) note(text string) string {
	switch {
	case strings.Contains(text, "as external to exclude it from the bundle"):
		return "if it is a package, it may have to be installed first (npm install)"
	case !strings.Contains(text, "is built into node"), strings.Contains(text, "nodejs_compat"):
		return text
	case b.nodeMode() == nodePrefixed:
		return `it is built into node: import it with the prefix "node:", or set compatibility_date to ` + bareNamesSince + " or later"
	}
	return `it is built into node: add the compatibility flag, compatibility_flags = ["nodejs_compat"], and set compatibility_date to ` +
		bareNamesSince + " or later"
}

// location turns esbuild's places, whose columns count bytes from 0, into ours.
func location(l *api.Location) diag.Location {
	if l == nil {
		return diag.Location{}
	}
	return diag.Location{
		File:      l.File,
		Line:      l.Line,
		Column:    diag.Column(l.LineText, l.Column),
		EndLine:   l.Line,
		EndColumn: diag.Column(l.LineText, l.Column+l.Length),
		LineText:  l.LineText,
	}
}
