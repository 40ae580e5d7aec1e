package sourcemap

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// only gives one module a map.
func only(module string, m *Map) func(string) *Map {
	return func(name string) *Map {
		if name == module {
			return m
		}
		return nil
	}
}

func TestMapStack(t *testing.T) {
	code, m := bundle(t, false)
	line, column := place(t, code, "new Error")
	helper, _ := place(t, code, "var __name")
	at := fmt.Sprintf("%d:%d", line, column)
	for _, c := range []struct{ name, in, want string }{
		{"method", "    at Counter.fetch (index.js:" + at + ")", "    at Counter.fetch (src/counter.ts:6:26)"},
		{"async", "    at async Counter.fetch (index.js:" + at + ")", "    at async Counter.fetch (src/counter.ts:6:26)"},
		{"alias", "    at Counter.fetch [as x] (index.js:" + at + ")", "    at Counter.fetch [as x] (src/counter.ts:6:26)"},
		{"anonymous", "    at index.js:" + at, "    at src/counter.ts:6:26"},
		{"anonymous async", "  at async index.js:" + at, "  at async src/counter.ts:6:26"},
		{"url", "    at new Counter (file:///index.js:" + at + ")", "    at new Counter (src/counter.ts:6:26)"},
		{"start error", "  at index.js:" + at + " in f", "  at src/counter.ts:6:26 in f"},
		{"relative", "    at f (./index.js:" + at + ")", "    at f (src/counter.ts:6:26)"},
		{"head and line ends", "Error: at index.js\r\n    at f (index.js:" + at + ")\r\n", "Error: at index.js\r\n    at f (src/counter.ts:6:26)\r\n"},
		{"other module", "    at f (other.js:" + at + ")", ""},
		{"helper code", fmt.Sprintf("    at __name (index.js:%d:1)", helper), ""},
		{"beyond the code", "    at f (index.js:100000:1)", ""},
		{"number too large", "    at f (index.js:99999999999999999999:1)", ""},
		{"zero", "    at f (index.js:0:0)", ""},
		{"no column", "    at f (index.js:12)", ""},
		{"native", "    at Array.map (<anonymous>)", ""},
		{"promise", "    at async Promise.all (index 0)", ""},
		{"eval", "    at eval (eval at f (index.js:" + at + "), <anonymous>:1:1)", ""},
		{"unbalanced", "    at f index.js:" + at + ")", ""},
		{"prose", "look at index.js:" + at, ""},
		{"nothing behind at", "    at ", ""},
		{"empty", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := c.want
			if want == "" {
				want = c.in
			}
			if got := MapStack(c.in, only("index.js", m)); got != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}
}

// Each line says whether it is a frame, and whether the place is a source's.
func TestCalls(t *testing.T) {
	code, m := bundle(t, false)
	line, column := place(t, code, "new Error")
	stack := fmt.Sprintf("Error: boom\r\n    at native (<anonymous>)\n    at Counter.fetch (index.js:%d:%d)\n    at async f (other.js:1:2)", line, column)
	want := []Call{
		{Text: "Error: boom"},
		{Text: "    at native (<anonymous>)"},
		{Text: "    at Counter.fetch (src/counter.ts:6:26)", Frame: Frame{"Counter.fetch", "src/counter.ts", 6, 26}, Known: true},
		{Text: "    at async f (other.js:1:2)", Frame: Frame{"f", "other.js", 1, 2}},
	}
	if got := Calls(stack, only("index.js", m)); !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestTopFrame(t *testing.T) {
	code, m := bundle(t, false)
	line, column := place(t, code, "new Error")
	stack := fmt.Sprintf("Error: boom\n    at native (<anonymous>)\n    at Counter.fetch (index.js:%d:%d)\n", line, column)
	f, snippet, ok := TopFrame(stack, only("index.js", m))
	if want := (Frame{"Counter.fetch", "src/counter.ts", 6, 26}); !ok || f != want {
		t.Fatalf("TopFrame = %+v, %v, want %+v", f, ok, want)
	}
	want := strings.Join([]string{
		"  4 │ export class Counter {",
		"  5 │ \tfetch(request: Request, env: Env): Response {",
		"> 6 │ \t\tif (request.url) throw new Error(\"boom 😀\"); else throw new TypeError(\"no url\");",
		"    │ \t\t                       ^",
		"  7 │ \t}",
		"  8 │ }",
		"",
	}, "\n")
	if got := snippet.String(); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
	if _, _, ok := TopFrame(stack, only("other.js", m)); ok {
		t.Error("a frame without a map was found")
	}
}

// The column counts UTF-16 units: an emoji before the place takes two.
func TestTopFrameWide(t *testing.T) {
	code, m := bundle(t, false)
	line, column := place(t, code, "new TypeError")
	_, snippet, _ := TopFrame(fmt.Sprintf("at index.js:%d:%d", line, column), only("index.js", m))
	lines := strings.Split(snippet.String(), "\n")
	if len(lines) < 4 {
		t.Fatalf("code frame is %q", lines)
	}
	marked, mark := []rune(lines[2]), []rune(lines[3])
	if rest := string(marked[len(mark)-1:]); !strings.HasPrefix(rest, "new TypeError") {
		t.Errorf("the mark is under %q", rest)
	}
}

func TestCodeFrameEdges(t *testing.T) {
	text := func(s string) *Map { return &Map{sources: []string{"a.ts"}, contents: []*string{&s}} }
	long := strings.Repeat("x", 1000) + "HERE" + strings.Repeat("y", 1000)
	for _, c := range []struct {
		name string
		m    *Map
		at   position
		want string
	}{
		{"no content", &Map{contents: []*string{nil}}, position{}, ""},
		{"empty source", text(""), position{line: 0}, ""},
		{"line beyond the source", text("one\ntwo\n"), position{line: 9}, ""},
		{"line just beyond the source", text("one\ntwo\n"), position{line: 2}, ""},
		{"column beyond the line", text("one"), position{column: 99}, "> 1 │ one\n    │    ^\n"},
		{"no blanks at line ends", text("\none"), position{line: 1}, "  1 │\n> 2 │ one\n    │ ^\n"},
		{"escape codes", text("a\x1b[31mb"), position{column: 1}, "> 1 │ a\uFFFD[31mb\n    │  ^\n"},
		{"long line", text(long), position{column: 1000}, "> 1 │ " +
			strings.Repeat("x", 60) + "HERE" + strings.Repeat("y", 56) + "\n    │ " + strings.Repeat(" ", 60) + "^\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.m.excerpt(c.at).String(); got != c.want {
				t.Errorf("got:\n%q\nwant:\n%q", got, c.want)
			}
		})
	}
}
