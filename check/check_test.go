package check

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"paddock/internal/diag"
)

var update = flag.Bool("update", false, "write the expectations of the fixtures anew")

// now is the day on which the fixtures are checked.
var now = time.Date(2026, 11, 25, 23, 59, 0, 0, time.UTC)

// TestFixtures checks the project in each file of testdata and compares the
// diagnostics with its last section, a line for each and more for its hint. The
// words before the first section are options: --no-bundle, --env NAME and paths.
func TestFixtures(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) < 5 {
		t.Fatalf("found only %d fixtures, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want := &archive.Files[len(archive.Files)-1]
			if want.Name != "want" {
				t.Fatalf("the last section is %s, not want", want.Name)
			}
			dir := t.TempDir()
			if err := txtar.Write(&txtar.Archive{Files: archive.Files[:len(archive.Files)-1]}, dir); err != nil {
				t.Fatal(err)
			}
			got := describe(run(t, options(t, dir, string(archive.Comment))))
			if *update {
				want.Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(want.Data), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func options(t *testing.T, dir, words string) Options {
	o := Options{Dir: dir, Now: now}
	list := strings.Fields(words)
	for i := 0; i < len(list); i++ {
		switch word := list[i]; {
		case word == "--no-bundle":
			o.NoBundle = true
		case word == "--env":
			i++
			env := strings.Trim(list[i], `"`)
			o.Env = &env
		case strings.HasPrefix(word, "-"):
			t.Fatalf("unknown option %s", word)
		default:
			o.Paths = append(o.Paths, word)
		}
	}
	return o
}

func run(t *testing.T, o Options) diag.List {
	t.Helper()
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r.Diagnostics
}

// describe writes diagnostics as the fixtures have them.
func describe(list diag.List) string {
	var b strings.Builder
	for _, d := range list {
		fmt.Fprintf(&b, "%s %s [%s]", span(d.Location), d.Severity, d.Code)
		if d.Env != "" {
			fmt.Fprintf(&b, " env.%s", d.Env)
		}
		fmt.Fprintf(&b, ": %s\n", d.Message)
		for _, r := range d.Related {
			fmt.Fprintf(&b, "    %s: %s\n", span(r.Location), r.Message)
		}
		for line := range strings.Lines(d.Hint) {
			fmt.Fprintf(&b, "    %s\n", strings.TrimSuffix(line, "\n"))
		}
	}
	return b.String()
}

func span(l diag.Location) string {
	l.File = filepath.ToSlash(l.File)
	switch {
	case l.File == "":
		return "-"
	case l.Line == 0:
		return l.File
	case l.EndLine != l.Line:
		return fmt.Sprintf("%s-%d:%d", l, l.EndLine, l.EndColumn)
	}
	return fmt.Sprintf("%s-%d", l, l.EndColumn)
}

// Many projects are checked side by side and reported in order, each problem
// in the file that has it.
func TestManyProjects(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	for i := range 200 {
		name := fmt.Sprintf("w%03d", i)
		write(t, filepath.Join(dir, name, "wrangler.toml"), fmt.Sprintf("name = \"%s\"\nmain = \"a.js\"\ncompatibility_date = \"2026-11-26\"\n", name))
		write(t, filepath.Join(dir, name, "a.js"), "export default {}; export { missing }")
		paths = append([]string{name}, paths...)
	}
	r, err := Run(t.Context(), Options{Dir: dir, Paths: append(paths, paths...), Now: now})
	if err != nil || r.Files != 200 {
		t.Fatalf("%d files, %v", r.Files, err)
	}
	if len(r.Diagnostics) != 400 {
		t.Fatalf("%d diagnostics, want two of each file", len(r.Diagnostics))
	}
	for i, d := range r.Diagnostics {
		want := filepath.Join(fmt.Sprintf("w%03d", i/2), []string{"a.js", "wrangler.toml"}[i%2])
		if d.Location.File != want {
			t.Errorf("diagnostic %d is in %s, want %s", i, d.Location.File, want)
		}
	}
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	cancel(cause)
	if r, err := Run(ctx, Options{Dir: t.TempDir()}); r != nil || !errors.Is(err, cause) {
		t.Errorf("%v, %v", r, err)
	}
}

// A symbolic link to a project, and one to a folder in it: names are those of
// the user's way there.
func TestThroughLinks(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "real", "wrangler.toml"), "name = \"w\"\nmain = \"src/a.js\"\ncompatibility_date = \"2026-01-01\"\n")
	write(t, filepath.Join(dir, "real", "src", "a.js"), "export default {}; export { missing }")
	if err := os.Symlink("real", filepath.Join(dir, "link")); err != nil {
		t.Skip(err)
	}
	list := run(t, Options{Dir: dir, Paths: []string{"link"}})
	if len(list) != 1 || filepath.ToSlash(list[0].Location.File) != "real/src/a.js" {
		t.Errorf("%s", describe(list))
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A file with thousands of problems has one problem.
func TestBounds(t *testing.T) {
	dir := t.TempDir()
	var b strings.Builder
	b.WriteString("name = \"w\"\nmain = \"a.js\"\ncompatibility_date = \"2026-01-01\"\nroutes = [")
	for i := range 3000 {
		fmt.Fprintf(&b, "\"example.com/%d*\",", i)
	}
	b.WriteString("]\n[vars]\n")
	for i := range maxProblems + 10 {
		fmt.Fprintf(&b, "A%d_SECRET = \"f3b1c9a7de4402b88a1e5c6d%08d\"\n", i, i)
	}
	write(t, filepath.Join(dir, "wrangler.toml"), b.String())
	list := run(t, Options{Dir: dir, NoBundle: true, Now: now})
	if len(list) != maxProblems+1 {
		t.Fatalf("%d problems", len(list))
	}
	if d := list[0]; d.Code != "more-problems" || !strings.HasPrefix(d.Message, "and ") || d.Severity != diag.Warning {
		t.Errorf("the rest is counted as %+v", d)
	}
}
