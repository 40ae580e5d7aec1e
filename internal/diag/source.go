package diag

import (
	"cmp"
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"
)

// A Location is a stretch of a file. Lines and columns are 1-based; columns
// count bytes. EndLine and EndColumn name the first byte after the stretch.
type Location struct {
	File      string // as it is to be printed
	Line      int    // 0: the file as a whole
	Column    int
	EndLine   int
	EndColumn int
	LineText  string // the text of the first line, without its end
}

// String returns file:line:column, as far as they are known.
func (l Location) String() string {
	switch {
	case l.Line == 0:
		return l.File
	case l.Column == 0:
		return fmt.Sprintf("%s:%d", l.File, l.Line)
	}
	return fmt.Sprintf("%s:%d:%d", l.File, l.Line, l.Column)
}

func (l Location) compare(m Location) int {
	return cmp.Or(cmp.Compare(l.File, m.File), cmp.Compare(l.Line, m.Line), cmp.Compare(l.Column, m.Column))
}

// A Source is the text of a file in which something was found.
type Source struct {
	Name string // as it is to be printed
	Text string

	lines []int // byte offset of the start of each line
}

// NewSource makes a source. The name is printed as it is given.
func NewSource(name, text string) *Source {
	s := &Source{Name: name, Text: text, lines: []int{0}}
	for i := range len(text) {
		if text[i] == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	return s
}

// Location returns the place of the bytes from start up to end. Offsets
// outside the text are moved into it.
func (s *Source) Location(start, end int) Location {
	start = min(max(start, 0), len(s.Text))
	end = min(max(end, start), len(s.Text))
	line, col := s.position(start)
	endLine, endCol := s.position(end)
	return Location{
		File: s.Name, Line: line, Column: col, EndLine: endLine, EndColumn: endCol,
		LineText: s.line(line),
	}
}

// At returns the place of a 1-based line and column, one character wide.
// A line that the source does not have gives a location without text.
func (s *Source) At(line, column int) Location {
	if line < 1 || line > len(s.lines) {
		return Location{File: s.Name, Line: line, Column: column, EndLine: line, EndColumn: column}
	}
	start := s.lines[line-1] + max(column-1, 0)
	width := 0
	if start < len(s.Text) && s.Text[start] != '\n' {
		_, width = utf8.DecodeRuneInString(s.Text[start:])
	}
	return s.Location(start, start+width)
}

func (s *Source) position(offset int) (line, column int) {
	i := sort.Search(len(s.lines), func(i int) bool { return s.lines[i] > offset }) - 1
	return i + 1, offset - s.lines[i] + 1
}

func (s *Source) line(n int) string {
	start, end := s.lines[n-1], len(s.Text)
	if n < len(s.lines) {
		end = s.lines[n] - 1
	}
	return strings.TrimSuffix(s.Text[start:end], "\r")
}
