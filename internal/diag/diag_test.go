package diag

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLocations(t *testing.T) {
	s := NewSource("f.toml", "one\r\nzwei\n\nvier")
	for _, c := range []struct {
		start, end int
		want       string
		text       string
	}{
		{0, 3, "f.toml:1:1-1:4", "one"},
		{5, 9, "f.toml:2:1-2:5", "zwei"},
		{3, 6, "f.toml:1:4-2:2", "one"},
		{10, 10, "f.toml:3:1-3:1", ""},
		{11, 15, "f.toml:4:1-4:5", "vier"},
		{15, 15, "f.toml:4:5-4:5", "vier"},
		{-5, 99, "f.toml:1:1-4:5", "one"},
		{9, 2, "f.toml:2:5-2:5", "zwei"},
	} {
		l := s.Location(c.start, c.end)
		got := fmt.Sprintf("%s-%d:%d", l, l.EndLine, l.EndColumn)
		if got != c.want || l.LineText != c.text {
			t.Errorf("Location(%d, %d) = %s %q, want %s %q", c.start, c.end, got, l.LineText, c.want, c.text)
		}
	}
	if l := s.At(2, 3); l.String() != "f.toml:2:3" || l.EndColumn != 4 || l.LineText != "zwei" {
		t.Errorf("At(2, 3) = %+v", l)
	}
	if l := s.At(9, 1); l.String() != "f.toml:9:1" || l.LineText != "" {
		t.Errorf("At a line beyond the end = %+v", l)
	}
}

// Columns count what editors count, also far into a long line.
func TestColumns(t *testing.T) {
	long := strings.Repeat("äx😀", 1000)
	s := NewSource("f", "é = \"😀\" # x\n"+long+"#\n\u00e9")
	for _, c := range []struct{ start, end, line, column, endColumn int }{
		{0, 2, 1, 1, 2},     // é
		{6, 10, 1, 6, 8},    // the emoji
		{12, 13, 1, 10, 11}, // what follows it
		{16 + len(long), 17 + len(long), 2, 4001, 4002},       // #
		{16, 16 + len(long), 2, 1, 4001},                      // the whole of the long line
		{18 + len(long), 20 + len(long), 3, 1, 2},             // the last character
		{16 + 7*300, 16 + 7*300 + 2, 2, 300*4 + 1, 300*4 + 2}, // ä
	} {
		l := s.Location(c.start, c.end)
		if l.Line != c.line || l.Column != c.column || l.EndLine != c.line || l.EndColumn != c.endColumn {
			t.Errorf("Location(%d, %d) = %s-%d:%d, want %d:%d-%d", c.start, c.end, l, l.EndLine, l.EndColumn, c.line, c.column, c.endColumn)
		}
	}
	if l := s.At(1, 13); l.Column != 10 || l.EndColumn != 11 {
		t.Errorf("At byte 13 = %s-%d", l, l.EndColumn)
	}
	var b strings.Builder
	WriteHuman(&b, List{Errorf("", s.Location(6, 10), "m")}, HumanOptions{})
	if want := "1 │ é = \"😀\" # x\n        ╵      ^\n"; !strings.Contains(b.String(), want) {
		t.Errorf("printed\n%s", b.String())
	}
}

func TestWriteHuman(t *testing.T) {
	s := NewSource("wrangler.toml", "name = \"w\"\n\tcomptability_date = \"2022-05-01\"\n")
	list := List{
		Warningf("unknown-field", s.Location(12, 29), "unexpected field %q", "comptability_date").WithHint("did you mean %q?\nor not", "compatibility_date"),
		{Message: "no place"},
	}
	list[0].Related = []Related{{Message: "the first is here", Location: s.At(1, 1)}}
	const want = `▲ [WARNING] unexpected field "comptability_date" [unknown-field]

    wrangler.toml:2:2:
      2 │ 	comptability_date = "2022-05-01"
        ╵ 	~~~~~~~~~~~~~~~~~

  the first is here

    wrangler.toml:1:1:
      1 │ name = "w"
        ╵ ^

  did you mean "compatibility_date"?
  or not

✘ [ERROR] no place

`
	var b strings.Builder
	WriteHuman(&b, list, HumanOptions{})
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	b.Reset()
	WriteHuman(&b, list, HumanOptions{Color: true})
	plain := strings.NewReplacer("\x1b[0m", "", "\x1b[1m", "", "\x1b[2m", "", "\x1b[33m", "", "\x1b[43;33m", "", "\x1b[43;30m", "",
		"\x1b[31m", "", "\x1b[41;31m", "", "\x1b[41;97m", "", "\x1b[32m", "").Replace(b.String())
	if diff := cmp.Diff(want, plain); diff != "" || plain == b.String() {
		t.Errorf("with its colors taken off (-want +got):\n%s", diff)
	}
}

// A line of a minified file, and one that would drive the terminal.
func TestWriteHumanHostileLines(t *testing.T) {
	s := NewSource("min.js", strings.Repeat("ä", 100_000)+"HERE"+strings.Repeat("b", 100_000))
	var b strings.Builder
	WriteHuman(&b, List{Errorf("", s.Location(200_000, 200_004), "long")}, HumanOptions{})
	if got := b.String(); len(got) > 2000 || !strings.Contains(got, "…ä") || !strings.Contains(got, "HEREb") || strings.Contains(got, "\uFFFD") {
		t.Errorf("printed %d bytes: %.300q", len(got), got)
	}
	b.Reset()
	WriteHuman(&b, List{{Message: "a\x1b[2Jb", Hint: "c\x9b\nd\x07", Related: []Related{{Message: "e\x1b"}}}}, HumanOptions{})
	if got := b.String(); strings.ContainsAny(got, "\x1b\x07") || strings.Contains(got, "\x9b") || !strings.Contains(got, "\n  d\\u0007\n") {
		t.Errorf("printed %q", got)
	}
	s = NewSource("evil.js", "x = '\x1b]0;owned\x07'")
	b.Reset()
	WriteHuman(&b, List{Errorf("", s.Location(0, 1), "escape")}, HumanOptions{})
	if got := b.String(); strings.ContainsAny(got, "\x1b\x07") || !strings.Contains(got, `\u001b]0;owned\u0007`) {
		t.Errorf("printed %q", got)
	}
}

func TestListAsError(t *testing.T) {
	s := NewSource("a", "x\ny\n")
	if err := (List{Warningf("", Location{}, "only a warning")}).Err(); err != nil {
		t.Errorf("a warning became the error %v", err)
	}
	list := List{Errorf("", s.At(2, 1), "second"), Errorf("", s.At(1, 1), "first"), Errorf("", Location{}, "nowhere")}
	err := fmt.Errorf("load: %w", list.Err())
	if want := "load: a:2:1: second (and 2 more)"; err.Error() != want {
		t.Errorf("error = %q, want %q", err, want)
	}
	if diff := cmp.Diff(list, FromError(err)); diff != "" {
		t.Errorf("back from the error (-put +got):\n%s", diff)
	}
	var order []string
	for _, d := range list.Sorted() {
		order = append(order, d.Message)
	}
	if diff := cmp.Diff([]string{"nowhere", "first", "second"}, order); diff != "" {
		t.Errorf("sorted (-want +got):\n%s", diff)
	}
	if got := FromError(errors.New("plain")); len(got) != 1 || got[0].Message != "plain" || got[0].Severity != Error {
		t.Errorf("a plain error became %+v", got)
	}
	if FromError(nil) != nil {
		t.Error("nil became a diagnostic")
	}
}
