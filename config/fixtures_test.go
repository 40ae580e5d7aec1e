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

// TestFixtures loads every file in testdata and compares its diagnostics with
// the comments in it:
//
//	nmae = "x" # want "Unexpected field" @1 "Did you mean"
//
// Each quoted pattern stands for one diagnostic on its line, at the column
// after @ if there is one, and is matched against its severity, message and
// hint. A line "# want-file" stands for diagnostics of the file as a whole, and
// "# env: staging" chooses the environment.
func TestFixtures(t *testing.T) {
	var files []string
	for _, pattern := range []string{"*.toml", "*.jsonc", "*.json"} {
		found, err := filepath.Glob(filepath.Join("testdata", pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) < 10 {
		t.Fatalf("only %d fixtures found", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { checkFixture(t, file) })
	}
}

// expectation is one pattern of a fixture.
type expectation struct {
	line, column int // column 0: any; line 0: the file as a whole
	pattern      *regexp.Regexp
}

var (
	wantComment = regexp.MustCompile(`(?:#|//) want(-file)? (.*)$`)
	envComment  = regexp.MustCompile(`(?m)^(?:#|//) env: (.*?)\r?$`)
)

func checkFixture(t *testing.T, path string) {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	env := ""
	if m := envComment.FindStringSubmatch(string(data)); m != nil {
		env = m[1]
	}
	file, got := Load("testdata", filepath.Base(path))
	if file != nil {
		w, resolved := file.Resolve(env, Overrides{})
		got = append(append(got, resolved...), w.Unsupported()...)
	}
	wants := expectations(t, string(data))
	lines := strings.Split(string(data), "\n")
	for _, d := range got {
		if d.Location.Line > 0 && d.Location.LineText != strings.TrimSuffix(lines[d.Location.Line-1], "\r") {
			t.Errorf("%s: line text %q is not that of the line", d.Location, d.Location.LineText)
		}
		text := describe(d)
		matched := false
		for i, w := range wants {
			if w.line == d.Location.Line && (w.column == 0 || w.column == d.Location.Column) && w.pattern.MatchString(text) {
				wants = append(wants[:i], wants[i+1:]...)
				matched = true
				break
			}
		}
		if !matched {
			t.Errorf("unexpected: %s: %s", d.Location, text)
		}
	}
	for _, w := range wants {
		t.Errorf("missing: line %d, column %d: %s", w.line, w.column, w.pattern)
	}
}

func describe(d diag.Diagnostic) string {
	return fmt.Sprintf("%s: %s\n%s", d.Severity, d.Message, d.Hint)
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
			if column, after, ok := strings.Cut(rest, " "); ok && column[0] == '@' {
				w.column, _ = strconv.Atoi(column[1:])
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
