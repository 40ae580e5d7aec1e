package config

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"paddock/internal/diag"
)

// TestFixtures loads every file in testdata/valid and testdata/invalid, with
// all its environments, and compares the diagnostics with the comments in it:
//
//	nmae = "x" # want @1-5 "Unexpected field" "another one"
//
// Each quoted pattern stands for one diagnostic on its line, at the column
// after @ if there is one, and up to before the column after the dash. It is
// matched against a text of this form:
//
//	error: the message
//	the hint
//	[code]
//	related 3:1: its message
//
// A line "# want-file" stands for diagnostics of the file as a whole, and
// "# env: staging" chooses one environment. "# run" asks for what
// Worker.Unsupported says, too.
//
// A file in testdata/valid has no errors, one in testdata/invalid has some.
func TestFixtures(t *testing.T) {
	for _, folder := range []string{"valid", "invalid"} {
		files, err := filepath.Glob(filepath.Join("testdata", folder, "*.*"))
		if err != nil || len(files) < 10 {
			t.Fatalf("found only %d fixtures in %s, %v", len(files), folder, err)
		}
		for _, file := range files {
			t.Run(folder+"/"+filepath.Base(file), func(t *testing.T) {
				got := checkFixture(t, file)
				if got.HasErrors() != (folder == "invalid") {
					t.Errorf("it has errors: %v", got.HasErrors())
				}
			})
		}
	}
}

// expectation is one pattern of a fixture.
type expectation struct {
	line, column, end int // 0: any; line 0: the file as a whole
	pattern           *regexp.Regexp
}

var (
	wantComment = regexp.MustCompile(`(?:#|//) want(-file)? (.*)$`)
	envComment  = regexp.MustCompile(`(?m)^(?:#|//) env: (.*?)\r?$`)
	runComment  = regexp.MustCompile(`(?m)^(?:#|//) run\r?$`)
)

func checkFixture(t *testing.T, path string) diag.List {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	got := diagnose(t, path, text)
	wants := expectations(t, text)
	lines := strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n")
	for _, d := range got {
		if d.Location.Line > 0 && d.Location.LineText != strings.TrimSuffix(lines[d.Location.Line-1], "\r") {
			t.Errorf("%s: line text %q is not that of the line", d.Location, d.Location.LineText)
		}
		matched := false
		for i, w := range wants {
			if w.matches(d) {
				wants = append(wants[:i], wants[i+1:]...)
				matched = true
				break
			}
		}
		if !matched {
			t.Errorf("unexpected: %s-%d: %s", d.Location, d.Location.EndColumn, describe(d))
		}
	}
	for _, w := range wants {
		t.Errorf("missing: line %d, column %d-%d: %s", w.line, w.column, w.end, w.pattern)
	}
	return got
}

func diagnose(t *testing.T, path, text string) diag.List {
	t.Helper()
	file, got := Load(filepath.Dir(path), filepath.Base(path))
	if file == nil {
		return got
	}
	var workers []*Worker
	var resolved diag.List
	if m := envComment.FindStringSubmatch(text); m != nil {
		w, list := file.Resolve(m[1], Overrides{})
		workers, resolved = append(workers, w), list
	} else {
		workers, resolved = file.ResolveAll(Overrides{})
	}
	got = append(got, resolved...)
	if runComment.MatchString(text) {
		for _, w := range workers {
			got = append(got, w.Unsupported()...)
		}
	}
	return got
}

func (w expectation) matches(d diag.Diagnostic) bool {
	l := d.Location
	return w.line == l.Line && (w.column == 0 || w.column == l.Column) && (w.end == 0 || w.end == l.EndColumn) && w.pattern.MatchString(describe(d))
}

func describe(d diag.Diagnostic) string {
	text := fmt.Sprintf("%s: %s\n%s\n[%s]\n", d.Severity, d.Message, d.Hint, d.Code)
	for _, r := range d.Related {
		text += fmt.Sprintf("related %d:%d: %s\n", r.Location.Line, r.Location.Column, r.Message)
	}
	return text
}

func expectations(t *testing.T, text string) (list []expectation) {
	t.Helper()
	for i, line := range strings.Split(text, "\n") {
		m := wantComment.FindStringSubmatch(strings.TrimSuffix(line, "\r"))
		if m == nil {
			continue
		}
		for rest := m[2]; rest != ""; rest = strings.TrimSpace(rest) {
			w := expectation{line: i + 1}
			if m[1] != "" {
				w.line = 0
			}
			if columns, after, ok := strings.Cut(rest, " "); ok && columns[0] == '@' {
				from, to, _ := strings.Cut(columns[1:], "-")
				w.column, _ = strconv.Atoi(from)
				w.end, _ = strconv.Atoi(to)
				rest = after
			}
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil {
				t.Fatalf("line %d: bad expectation %q: %v", i+1, rest, err)
			}
			pattern, _ := strconv.Unquote(quoted)
			w.pattern = regexp.MustCompile(pattern)
			list = append(list, w)
			rest = rest[len(quoted):]
		}
	}
	return list
}
