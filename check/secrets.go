package check

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"paddock/config"
	"paddock/internal/diag"
)

// secrets warns of variables that look like secrets, and covers them in all
// that there is to say about the project: other problems may be on the same
// line.
func (p *project) secrets() {
	var values []string
	for _, w := range p.workers {
		for _, v := range w.Vars {
			eachText(v.Name, v.Value, func(name, value string) {
				kind := secretKind(name, value)
				if kind == "" {
					return
				}
				values = append(values, value)
				p.out.add(inEnv(w, diag.List{secretInVars(v, kind)})...)
			})
		}
	}
	if len(values) > 0 {
		mask(p.out.list, values)
	}
}

func secretInVars(v config.Var, kind string) diag.Diagnostic {
	return diag.Warningf("secret-in-vars", v.Location, "the variable %q seems to hold %s", v.Name, kind).
		WithHint("Variables are stored and shown in plain text. Replace the secret where it was issued, since whoever has this file has it,\n"+
			"and make the new one a secret: wrangler secret put %s. For local runs write it into .dev.vars, and keep that out of git.", v.Name)
}

// eachText calls do with the texts in a value, each with the name nearest to
// it.
func eachText(name string, value any, do func(name, value string)) {
	switch value := value.(type) {
	case string:
		do(name, value)
	case []any:
		for _, v := range value {
			eachText(name, v, do)
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(value)) {
			eachText(k, value[k], do)
		}
	}
}

// mask covers values in all that a list shows. A line that shows a warning of
// a secret and in which its value is not found - it may be written with
// escapes - is left out.
func mask(list diag.List, values []string) {
	var pairs []string
	for _, v := range values {
		for _, form := range written(v) {
			pairs = append(pairs, form, stars(form))
		}
	}
	cover := strings.NewReplacer(pairs...)
	lines := make(map[place]string) // each is covered once: a file may be one long line
	coverLine := func(l *diag.Location) (changed bool) {
		at := place{file: l.File, line: l.Line}
		covered, known := lines[at]
		if !known {
			covered = cover.Replace(l.LineText)
			lines[at] = covered
		}
		changed = covered != l.LineText
		l.LineText = covered
		return changed
	}
	for i := range list {
		d := &list[i]
		d.Message, d.Hint = cover.Replace(d.Message), cover.Replace(d.Hint)
		if !coverLine(&d.Location) && d.Code == "secret-in-vars" {
			d.Location.LineText = ""
		}
		for j := range d.Related {
			coverLine(&d.Related[j].Location)
		}
	}
}

// written returns the forms in which a value may stand in a file: as it is,
// with escapes, and each of its lines.
func written(value string) []string {
	forms := []string{value}
	if quoted := strconv.Quote(value); quoted[1:len(quoted)-1] != value {
		forms = append(forms, quoted[1:len(quoted)-1])
	}
	if strings.Contains(value, "\n") {
		for line := range strings.Lines(value) {
			if line = strings.TrimSpace(line); len(line) >= 8 {
				forms = append(forms, line)
			}
		}
	}
	return forms
}

// stars covers a text so that columns stay what they are.
func stars(text string) string {
	var b strings.Builder
	for _, r := range text {
		b.WriteByte('*')
		if r > 0xffff {
			b.WriteByte('*') // two UTF-16 code units
		}
	}
	return b.String()
}
