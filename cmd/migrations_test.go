package cmd

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"paddock/internal/cfapi"
	"paddock/internal/iostreams"
)

func TestJoinValues(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"publish --minify", "publish --minify"},
		{"publish --rename-class A B --minify", "publish --rename-class=A,B --minify"},
		{"publish --rename-class A B --rename-class C D", "publish --rename-class=A,B --rename-class=C,D"},
		{"publish --rename-class A,B --minify", "publish --rename-class=A,B --minify"},
		{"publish --rename-class A=B", "publish --rename-class=A,B"},
		{"publish --rename-class=A=B", "publish --rename-class=A,B"},
		{"publish --rename-class=A B", "publish --rename-class=A,B"},
		{"publish --transfer-class s A B -e x", "publish --transfer-class=s,A,B -e x"},
		{"publish --transfer-class s,A,B surplus", "publish --transfer-class=s,A,B surplus"},
		{"publish --rename-class A --minify B", "publish --rename-class=A --minify B"},
		{"publish --rename-class", "publish --rename-class="},
		{"publish -- --rename-class A B", "publish -- --rename-class A B"},
	} {
		if got := strings.Join(joinValues(strings.Fields(tt.args)), " "); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.args, got, tt.want)
		}
	}
	args := []string{"publish", "--rename-class", "A", "B"}
	joinValues(args)
	if !slices.Equal(args, []string{"publish", "--rename-class", "A", "B"}) {
		t.Errorf("the arguments were changed: %q", args)
	}
}

func TestQuantities(t *testing.T) {
	for _, tt := range []struct {
		usage cfapi.Usage
		want  string
	}{
		{cfapi.Usage{Bytes: 8192}, "no objects"},
		{cfapi.Usage{Objects: 1, Bytes: 999}, "1 object, 999 B"},
		{cfapi.Usage{Objects: 999, Bytes: 999_960}, "999 objects, 1.0 MB"},
		{cfapi.Usage{Objects: 1204, Bytes: 3_100_000}, "1,204 objects, 3.1 MB"},
		{cfapi.Usage{Objects: 1_234_567, Bytes: 2_500_000_000, Estimated: true}, "1,234,567 objects, about 2.5 GB"},
	} {
		if got := holds(tt.usage); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.usage, got, tt.want)
		}
	}
}

func TestParseAge(t *testing.T) {
	for text, want := range map[string]time.Duration{"": 0, "7d": 7 * 24 * time.Hour, "12h": 12 * time.Hour, "1h30m": 90 * time.Minute, "0d": 0} {
		if got, err := parseAge(text); err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"d", "-1d", "-1h", "7", "1.5d", "70000d", "soon"} {
		if got, err := parseAge(text); err == nil {
			t.Errorf("%q: %v, want an error", text, got)
		}
	}
}

// Only the word itself goes on, and only where a person can have typed it.
func TestMustConfirm(t *testing.T) {
	ask := func(terminal bool, typed string) (string, error) {
		s, in, _, errOut := iostreams.Test()
		s.InTTY, s.ErrTTY = terminal, terminal
		in.WriteString(typed)
		err := (&app{io: s}).mustConfirm(t.Context(), "This removes it.", "w/A")
		return errOut.String(), err
	}
	if said, err := ask(true, "w/A\n"); err != nil || !strings.Contains(said, `This removes it. Type "w/A" to confirm: `) {
		t.Errorf("confirmed: %v, %q", err, said)
	}
	for _, typed := range []string{"", "\n", "y\n", "w/a\n", "w/A and more\n"} {
		if _, err := ask(true, typed); err == nil {
			t.Errorf("%q goes on", typed)
		}
	}
	if said, err := ask(false, "w/A\n"); err == nil || said != "" {
		t.Errorf("without a terminal: %v, %q", err, said)
	}
	// Ctrl-C at the question.
	s, _, _, _ := iostreams.Test()
	in, out := io.Pipe()
	defer out.Close()
	s.In, s.InTTY, s.ErrTTY = in, true, true
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (&app{io: s}).mustConfirm(ctx, "This removes it.", "w/A"); err == nil {
		t.Error("an interrupt goes on")
	}
}

// Columns are aligned by what is seen, not by the escapes of colors.
func TestTable(t *testing.T) {
	paint := func(s string) string { return "\x1b[1m" + s + "\x1b[22m" }
	var b strings.Builder
	table{
		{{"v1", paint}, {}, {"é", nil}, {"x", nil}},
		{{}, {}, {"long", paint}, {"y", nil}},
		{{"v22", nil}, {}, {"z", nil}, {}},
	}.write(&b)
	want := "  \x1b[1mv1\x1b[22m    é      x\n        \x1b[1mlong\x1b[22m   y\n  v22   z\n"
	if b.String() != want {
		t.Errorf("got\n%q, want\n%q", b.String(), want)
	}
}
