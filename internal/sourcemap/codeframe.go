package sourcemap

import (
	"fmt"
	"strings"
	"unicode"
)

const (
	contextLines = 2   // shown before and after the marked line
	maxColumns   = 120 // of a line; bundled libraries have lines of megabytes
)

// An Excerpt is some lines of a source around a place. The zero value is that
// of a source that is not known.
type Excerpt struct {
	First  int      // number of the first line, counted from 1
	Lines  []string // without their ends and control characters; of long ones the surroundings of the place
	Marked int      // index of the line with the place
	Column int      // how many characters stand before the place in that line
}

// String returns the excerpt as a code frame for a terminal, each line ended,
// ready to be printed below the place:
//
//	  10 │ 	async fetch(request) {
//	  11 │ 		const n = await this.next();
//	> 12 │ 		throw new Error("boom");
//	     │ 		      ^
//	  13 │ 	}
func (e Excerpt) String() string {
	width := len(fmt.Sprint(e.First + len(e.Lines) - 1))
	var b strings.Builder
	for i, text := range e.Lines {
		if i != e.Marked {
			line := fmt.Sprintf("  %*d │ %s", width, e.First+i, text)
			b.WriteString(strings.TrimRight(line, " \t") + "\n")
			continue
		}
		fmt.Fprintf(&b, "> %*d │ %s\n", width, e.First+i, text)
		fmt.Fprintf(&b, "  %*s │ %s^\n", width, "", blank(text, e.Column))
	}
	return b.String()
}

// TopFrame returns the first frame of a stack trace that a map leads to a
// source, at its place there, and up to five lines of that source if the map
// carries it. The result is false if no frame has a map.
func TopFrame(stack string, lookup func(module string) *Map) (Frame, Excerpt, bool) {
	for line := range strings.Lines(stack) {
		_, f, _, ok := parseFrame(strings.TrimRight(line, "\r\n"))
		if !ok {
			continue
		}
		if from, ok := trace(f, lookup); ok {
			return from.frame, from.known.excerpt(from.at), true
		}
	}
	return Frame{}, Excerpt{}, false
}

func (m *Map) excerpt(pos position) Excerpt {
	content := m.contents[pos.source]
	if content == nil {
		return Excerpt{}
	}
	return newExcerpt(*content, pos.line, func(line string) int { return runeColumn(line, pos.column) })
}

// NewExcerpt returns an excerpt of a text around a line, counted from 1, and
// a column, which says how many characters stand before the place.
func NewExcerpt(text string, line, column int) Excerpt {
	return newExcerpt(text, line-1, func(string) int { return column })
}

func newExcerpt(text string, line int, column func(line string) int) Excerpt {
	lines, first := linesAround(text, line)
	e := Excerpt{First: first + 1, Lines: lines, Marked: line - first}
	if line < 0 || e.Marked >= len(lines) {
		return Excerpt{}
	}
	e.Column = column(lines[e.Marked])
	for i, text := range lines {
		if i == e.Marked {
			lines[i], e.Column = window(text, e.Column)
		} else {
			lines[i], _ = window(text, 0)
		}
	}
	return e
}

// linesAround returns the lines of a text near a 0-based line, without their
// ends, and the number of the first of them.
func linesAround(text string, line int) (lines []string, first int) {
	first = max(line-contextLines, 0)
	n := 0
	for l := range strings.Lines(text) {
		if n > line+contextLines {
			break
		}
		if n >= first {
			lines = append(lines, strings.TrimRight(l, "\r\n"))
		}
		n++
	}
	return lines, first
}

// runeColumn turns a column in UTF-16 units, which is what maps count, into
// one in characters.
func runeColumn(line string, units int) int {
	n := 0
	for _, r := range line {
		if units <= 0 {
			break
		}
		units--
		if r > 0xffff {
			units--
		}
		n++
	}
	return n
}

// window cuts a line down to the surroundings of a column and takes out
// control characters, which could otherwise drive the terminal. It returns
// the column's place in what is left.
func window(line string, column int) (string, int) {
	runes := []rune(line)
	column = min(column, len(runes))
	if len(runes) > maxColumns {
		start := min(max(column-maxColumns/2, 0), len(runes)-maxColumns)
		runes = runes[start : start+maxColumns]
		column -= start
	}
	for i, r := range runes {
		if r != '\t' && unicode.IsControl(r) {
			runes[i] = unicode.ReplacementChar
		}
	}
	return string(runes), column
}

// blank returns white space as wide as the first n characters of a line; tabs
// stay tabs.
func blank(line string, n int) string {
	pad := []rune(line)[:n]
	for i, r := range pad {
		if r != '\t' {
			pad[i] = ' '
		}
	}
	return string(pad)
}
