package diag

import (
	"cmp"
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"
)

// A Location is a stretch of a file. Lines and columns are 1-based. Columns
// count UTF-16 code units, as editors, language servers and the annotations of
// GitHub do: a character is one column, one outside of Unicode's basic plane,
// such as most emoji, is two. EndLine and EndColumn name the first place after
// the stretch.
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

// Before reports whether l comes before m in source order.
func (l Location) Before(m Location) bool { return l.compare(m) < 0 }

// A Source is the text of a file in which something was found.
type Source struct {
	Name string // as it is to be printed
	Text string

	lines []int // byte offset of the start of each line
	units []int // UTF-16 code units before each block of bytes; nil for a text of ASCII
}

// block is after how many bytes code units are counted once for all, so that a
// place far into a long line is found as fast as any other.
const block = 256

// NewSource makes a source. The name is printed as it is given.
func NewSource(name, text string) *Source {
	s := &Source{Name: name, Text: text, lines: []int{0}}
	ascii := true
	for i := range len(text) {
		if text[i] == '\n' {
			s.lines = append(s.lines, i+1)
		}
		ascii = ascii && text[i] < utf8.RuneSelf
	}
	if !ascii {
		count := 0
		for start := 0; start < len(text); start += block {
			s.units = append(s.units, count)
			count += units(text[start:min(start+block, len(text))])
		}
	}
	return s
}

// units counts the UTF-16 code units of a text. It looks at single bytes, so
// that a text may be cut anywhere and its parts be added up: the first byte of
// a character counts one, that of a character of four bytes two.
func units(text string) int {
	n := 0
	for i := range len(text) {
		switch c := text[i]; {
		case c >= 0xf0:
			n += 2
		case utf8.RuneStart(c):
			n++
		}
	}
	return n
}

// Column returns the column of the byte at an offset in a line.
func Column(line string, offset int) int {
	return 1 + units(line[:min(max(offset, 0), len(line))])
}

// byteOffset is the way back from a column. A column behind the line is its
// end.
func byteOffset(line string, column int) int {
	n := 1
	for i := range len(line) {
		if n >= column && utf8.RuneStart(line[i]) {
			return i
		}
		n += units(line[i : i+1])
	}
	return len(line)
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

// At returns the place of a 1-based line and column, one character wide. The
// column counts bytes, which is what parsers give. A line that the source does not have gives a location without text.
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
	return i + 1, s.unitsBefore(offset) - s.unitsBefore(s.lines[i]) + 1
}

// unitsBefore counts the UTF-16 code units from the start of the text.
func (s *Source) unitsBefore(offset int) int {
	if s.units == nil {
		return offset
	}
	b := min(offset/block, len(s.units)-1)
	return s.units[b] + units(s.Text[b*block:offset])
}

func (s *Source) line(n int) string {
	start, end := s.lines[n-1], len(s.Text)
	if n < len(s.lines) {
		end = s.lines[n] - 1
	}
	return strings.TrimSuffix(s.Text[start:end], "\r")
}
