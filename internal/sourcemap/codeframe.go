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

// TopFrame returns the first frame of a stack trace that a map leads to a
// source, at its place there, and a code frame: up to five lines of that
// source with a mark under the column, each line ended, ready to be printed
// below the place. The code frame is empty if the map does not carry the
// source. The result is false if no frame has a map.
//
//	  10 │ 	async fetch(request) {
//	  11 │ 		const n = await this.next();
//	> 12 │ 		throw new Error("boom");
//	     │ 		      ^
//	  13 │ 	}
func TopFrame(stack string, lookup func(module string) *Map) (Frame, string, bool) {
	for line := range strings.Lines(stack) {
		_, f, _, ok := parseFrame(strings.TrimRight(line, "\r\n"))
		if !ok {
			continue
		}
		if from, ok := trace(f, lookup); ok {
			return from.frame, from.known.codeFrame(from.at), true
		}
	}
	return Frame{}, "", false
}

func (m *Map) codeFrame(pos position) string {
	content := m.contents[pos.source]
	if content == nil {
		return ""
	}
	lines, first := linesAround(*content, pos.line)
	if pos.line-first >= len(lines) {
		return ""
	}
	width := len(fmt.Sprint(first + len(lines)))
	var b strings.Builder
	for i, text := range lines {
		number, marked := first+i, first+i == pos.line
		shown, mark := text, 0
		if marked {
			mark = runeColumn(text, pos.column)
		}
		shown, mark = window(shown, mark)
		if !marked {
			line := fmt.Sprintf("  %*d │ %s", width, number+1, shown)
			b.WriteString(strings.TrimRight(line, " \t") + "\n")
			continue
		}
		fmt.Fprintf(&b, "> %*d │ %s\n", width, number+1, shown)
		fmt.Fprintf(&b, "  %*s │ %s^\n", width, "", blank(shown, mark))
	}
	return b.String()
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
