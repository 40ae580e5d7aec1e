package errorpage

import (
	"slices"
	"strings"
	"unicode"

	"paddock/internal/sourcemap"
)

// codeLine is one line of an excerpt; Before, Marked and After are its parts
// if the place is in it.
type codeLine struct {
	Number                int
	Here                  bool
	Text                  string
	Before, Marked, After string
}

func codeLines(e sourcemap.Excerpt) []codeLine {
	lines := make([]codeLine, len(e.Lines))
	for i, text := range e.Lines {
		l := codeLine{Number: e.First + i, Here: i == e.Marked, Text: text}
		if l.Here {
			l.Before, l.Marked, l.After = token(text, e.Column)
		}
		lines[i] = l
	}
	return lines
}

// token finds what stands at a column: a name, a string, or else a character.
func token(line string, column int) (before, at, after string) {
	runes := []rune(line)
	start := min(column, len(runes))
	end := min(start+1, len(runes))
	switch {
	case start == len(runes):
	case isName(runes[start]):
		for end < len(runes) && isName(runes[end]) {
			end++
		}
	case strings.ContainsRune("\"'`", runes[start]):
		if length := slices.Index(runes[end:], runes[start]); length >= 0 {
			end += length + 1
		}
	}
	if string(runes[start:end]) == "new" && end+1 < len(runes) && isName(runes[end+1]) {
		for end++; end < len(runes) && isName(runes[end]); end++ {
		}
	}
	return string(runes[:start]), string(runes[start:end]), string(runes[end:])
}

func isName(r rune) bool { return r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// stackLine is one line of a stack as the page shows it.
type stackLine struct {
	Func, Place string // of a frame
	Text        string // of any other line
	Own         bool   // the frame is in a source of the user's
}

func stackLines(calls []sourcemap.Call) []stackLine {
	lines := make([]stackLine, 0, len(calls))
	for _, c := range calls {
		l := stackLine{Own: c.Known && !strings.Contains(c.Frame.File, "node_modules/")}
		if c.Frame.File == "" {
			if l.Text = strings.TrimPrefix(strings.TrimSpace(c.Text), "at "); l.Text == "" {
				continue
			}
		} else {
			l.Func, l.Place = c.Frame.Func, c.Frame.String()
		}
		lines = append(lines, l)
	}
	return lines
}

// cutLine parts a text after its first line.
func cutLine(s string) [2]string {
	first, rest, _ := strings.Cut(s, "\n")
	return [2]string{first, rest}
}
