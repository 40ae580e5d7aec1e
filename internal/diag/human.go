package diag

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// HumanOptions is how [WriteHuman] prints.
type HumanOptions struct {
	Color bool
}

// maxLine is how much of a source line is printed; the part with the place
// in it is chosen. Minified files have lines of megabytes.
const maxLine = 120

// WriteHuman prints a list for a person, in the look that Wrangler took over
// from esbuild:
//
//	✘ [ERROR] unexpected field "comptability_date" [unknown-field]
//
//	    wrangler.toml:3:1:
//	      3 │ comptability_date = "2022-05-01"
//	        ╵ ~~~~~~~~~~~~~~~~~
//
//	  did you mean "compatibility_date"?
//
// A problem that only an environment has ends with "in env.NAME". It depends
// on the list and the options alone.
func WriteHuman(w io.Writer, list List, opts HumanOptions) {
	p := paint(opts.Color)
	for _, d := range list {
		var b strings.Builder
		head := p("31", "✘ ") + p("41;31", "[") + p("41;97", "ERROR") + p("41;31", "]")
		mark := "32"
		if d.Severity == Warning {
			head = p("33", "▲ ") + p("43;33", "[") + p("43;30", "WARNING") + p("43;33", "]")
		}
		fmt.Fprintf(&b, "%s %s", head, p("1", PrintableLines(d.Message)))
		if d.Code != "" {
			b.WriteString(p("2", " ["+d.Code+"]"))
		}
		if d.Env != "" {
			b.WriteString(p("2", " in env."+Printable(d.Env)))
		}
		b.WriteString("\n\n")
		writePlace(&b, d.Location, mark, p)
		for _, r := range d.Related {
			fmt.Fprintf(&b, "  %s\n\n", PrintableLines(r.Message))
			writePlace(&b, r.Location, mark, p)
		}
		if d.Hint != "" {
			for line := range strings.Lines(PrintableLines(strings.TrimRight(d.Hint, "\n")) + "\n") {
				b.WriteString("  " + line)
			}
			b.WriteString("\n")
		}
		io.WriteString(w, b.String())
	}
}

func writePlace(b *strings.Builder, l Location, mark string, p func(code, s string) string) {
	if l.File == "" {
		return
	}
	fmt.Fprintf(b, "    %s:\n", Printable(l.String())) // files may have any name
	if l.LineText == "" {
		b.WriteString("\n")
		return
	}
	start, end := byteOffset(l.LineText, l.Column), len(l.LineText)
	if l.EndLine == l.Line {
		end = max(byteOffset(l.LineText, l.EndColumn), start)
	}
	before, marked, after := window(l.LineText, start, end)
	under := "~"
	if n := utf8.RuneCountInString(marked); n > 1 {
		under = strings.Repeat("~", n)
	} else {
		under = "^"
	}
	pad := strings.Map(func(r rune) rune {
		if r == '\t' {
			return '\t'
		}
		return ' '
	}, before)
	num := fmt.Sprint(l.Line)
	fmt.Fprintf(b, "      %s %s %s%s%s\n", p("2", num), p("2", "│"), before, p(mark, marked), after)
	fmt.Fprintf(b, "      %s %s %s%s\n\n", strings.Repeat(" ", len(num)), p("2", "╵"), pad, p(mark, under))
}

// window cuts a long line down to the surroundings of [start:end), and shows
// control characters, which could otherwise drive the terminal, as text.
func window(line string, start, end int) (before, marked, after string) {
	before, marked, after = line[:start], line[start:end], line[end:]
	if len(marked) > maxLine {
		marked, after = cutBack(marked, maxLine), "…"
	}
	if room := maxLine - len(marked); len(before) > room {
		keep := before[len(before)-max(room, 20):]
		for len(keep) > 0 && !utf8.RuneStart(keep[0]) {
			keep = keep[1:]
		}
		before = "…" + keep
	}
	if room := max(maxLine-len(before)-len(marked), 20); len(after) > room {
		after = cutBack(after, room) + "…"
	}
	return Printable(before), Printable(marked), Printable(after)
}

func cutBack(s string, n int) string {
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// Printable shows control characters other than tab as escapes, so that text
// from elsewhere cannot drive the terminal. Bytes that are not UTF-8 could do
// that, too, and are replaced.
func Printable(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.IndexFunc(s, control) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if control(r) {
			fmt.Fprintf(&b, "\\u%04x", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// PrintableLines is Printable for text of several lines.
func PrintableLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = Printable(line)
	}
	return strings.Join(lines, "\n")
}

func control(r rune) bool {
	return r < 0x20 && r != '\t' || r >= 0x7f && r < 0xa0
}

func paint(on bool) func(code, s string) string {
	return func(code, s string) string {
		if !on || s == "" {
			return s
		}
		return "\x1b[" + code + "m" + s + "\x1b[0m"
	}
}
