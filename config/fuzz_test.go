package config

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"

	"paddock/internal/diag"
)

// FuzzResolve holds the whole way from a text to a Worker to three promises: no
// input makes it panic, every diagnostic has its places inside the text, and
// the TOML tree holds what the decoder reads, and is refused where that
// refuses.
func FuzzResolve(f *testing.F) {
	for _, pattern := range []string{"*.toml", "*.json*"} {
		files, err := filepath.Glob(filepath.Join("testdata", "*", pattern))
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(!strings.HasSuffix(file, "toml"), string(data))
		}
	}
	f.Add(false, "a.\"b c\".'d' = [ {x = 1,y=[1 ,\n2,]}, \"\"\"\nq\"\"\", 1_000, 0x1f, -inf ] # end")
	f.Add(false, "[[a.b]]\nc.d = {}\n[[a.b]]\n[a.b.c]\nx = 07:32:00")
	f.Add(true, "{\"a\": /* x */ [1, -0.5e3, \"\\ud800\", null,], \"a\": {}} //")
	f.Fuzz(func(t *testing.T, isJSON bool, text string) {
		path := "/w.toml"
		if isJSON {
			path = "/w.json"
		}
		file, problems := Parse(path, "w", text)
		if file != nil {
			for _, env := range append(file.Environments(), "", "x") {
				w, resolved := file.Resolve(env, Overrides{})
				if w == nil {
					t.Fatal("Resolve returned no Worker")
				}
				problems = append(append(problems, resolved...), w.Unsupported()...)
			}
			if !isJSON {
				checkAgainstDecoder(t, file.root, strings.TrimPrefix(text, "\ufeff"))
			}
		}
		if !isJSON && problems.HasErrors() {
			checkRefusal(t, problems, text)
		}
		checkPlaces(t, problems, text)
	})
}

// checkPlaces holds every place of every diagnostic against the text.
func checkPlaces(t *testing.T, problems diag.List, text string) {
	t.Helper()
	lines := strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n")
	inside := func(line, column int) bool {
		return line >= 1 && line <= len(lines) && column >= 1 && column <= diag.Column(lines[line-1], len(lines[line-1]))+1
	}
	for _, d := range problems {
		places := []diag.Location{d.Location}
		for _, r := range d.Related {
			places = append(places, r.Location)
		}
		for _, l := range places {
			switch {
			case l.Line == 0:
			case !inside(l.Line, l.Column), !inside(l.EndLine, l.EndColumn),
				l.EndLine < l.Line, l.EndLine == l.Line && l.EndColumn < l.Column,
				l.LineText != strings.TrimSuffix(lines[l.Line-1], "\r"):
				t.Errorf("%s-%d:%d: outside the text: %s", l, l.EndLine, l.EndColumn, d.Message)
			}
		}
		if d.Message == "" || d.Code == "" {
			t.Errorf("an empty diagnostic: %+v", d)
		}
	}
}

// stricter is why this package refuses what the decoder takes.
var stricter = regexp.MustCompile("inline table|losslessly|levels deep|200000 values|invalid UTF-8|byte order marker")

// checkRefusal holds a text with wrong syntax against the decoder.
func checkRefusal(t *testing.T, problems diag.List, text string) {
	t.Helper()
	for _, d := range problems {
		if d.Severity == diag.Error && (d.Code != "toml-syntax" || stricter.MatchString(d.Message)) {
			return
		}
	}
	var decoded map[string]any
	if err := toml.Unmarshal([]byte(text), &decoded); err == nil {
		t.Errorf("the decoder takes what was refused: %v", problems)
	}
}

func checkAgainstDecoder(t *testing.T, root *node, text string) {
	t.Helper()
	var want map[string]any
	if err := toml.Unmarshal([]byte(text), &want); err != nil {
		t.Fatalf("the decoder refuses what was accepted: %v", err)
	}
	if want == nil {
		want = map[string]any{}
	}
	if got := leveled(root.plain(), false); !reflect.DeepEqual(got, leveled(want, true)) {
		t.Errorf("tree   %v\ndecoder %v", got, leveled(want, true))
	}
}

// leveled evens out what the two forms show differently: dates, which
// become "date" (in the tree they are text), and numbers that JSON lacks.
func leveled(v any, decoded bool) any {
	switch x := v.(type) {
	case map[string]any:
		m := make(map[string]any)
		for k, e := range x {
			m[k] = leveled(e, decoded)
		}
		return m
	case []any:
		l := make([]any, 0, len(x))
		for _, e := range x {
			l = append(l, leveled(e, decoded))
		}
		return l
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return "text"
		}
		return x
	case int64, bool:
		return x
	}
	return "text" // a string or a date
}

// FuzzDotenv does the same for files of variables.
func FuzzDotenv(f *testing.F) {
	f.Add("A=1\nexport B='x' # c\nC: \"a\\nb\"\n# d\nhush")
	f.Add("A=$B\nB=${A:-$B}${C:+x}\\$A")
	f.Fuzz(func(t *testing.T, text string) {
		vars, misread := parseDotenv(text)
		for _, v := range vars {
			if !strings.HasPrefix(text[v.offset:], v.name) || v.name == "" {
				t.Errorf("%q is not at %d", v.name, v.offset)
			}
			expand(v.value, func(name string) string { return "$" + name + v.value })
		}
		for _, offset := range misread {
			if offset < 0 || offset >= len(text) {
				t.Errorf("%d is outside", offset)
			}
		}
	})
}
