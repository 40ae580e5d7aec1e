package engine

import (
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestSplitLines(t *testing.T) {
	for text, want := range map[string][]string{
		"":              nil,
		"\n":            {""},
		"a\n\nb":        {"a", "", "b"},
		"a\nb\n":        {"a", "b"},
		"0123456789":    {"01234567"},
		"0123456789\nx": {"01234567", "x"},
		"01234567\n":    {"01234567"},
	} {
		for _, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text))} {
			var got []string
			splitLines(r, 8, func(l []byte) { got = append(got, string(l)) })
			if !slices.Equal(got, want) {
				t.Errorf("%q from %T: %q, want %q", text, r, got, want)
			}
		}
	}
}

// Lines longer than the reader's buffer come in pieces.
func TestSplitLinesLongerThanTheBuffer(t *testing.T) {
	long := strings.Repeat("x", 200_000)
	var got []int
	splitLines(strings.NewReader(long+"\nshort\n"+long+long), 300_000, func(l []byte) { got = append(got, len(l)) })
	if want := []int{200_000, 5, 300_000}; !slices.Equal(got, want) {
		t.Errorf("lengths %v, want %v", got, want)
	}
}

func TestRecentLines(t *testing.T) {
	r := recentLines{limit: 10}
	for _, line := range []string{"first", "1234", "56789"} {
		r.add(line)
	}
	if !slices.Equal(r.lines, []string{"56789"}) { // with its line break 6 bytes, and 5 before it
		t.Errorf("lines %q", r.lines)
	}
	r.add("0123456789abc")
	if !slices.Equal(r.lines, []string{"0123456789"}) {
		t.Errorf("lines %q", r.lines)
	}
}
