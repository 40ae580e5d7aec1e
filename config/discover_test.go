package config

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"paddock/internal/diag"
)

func TestDiscovery(t *testing.T) {
	dir := t.TempDir()
	deep := filepath.Join(dir, "a", "b")
	write(t, filepath.Join(deep, "x"), "")
	expect := func(wantName, wantWarning string) {
		t.Helper()
		f, problems := Load(deep, "")
		if f == nil || problems.HasErrors() {
			t.Fatalf("not loaded: %v", problems)
		}
		if f.Path != filepath.Join(dir, filepath.FromSlash(wantName)) || f.Dir != filepath.Dir(f.Path) {
			t.Errorf("path %q, dir %q, want %q", f.Path, f.Dir, wantName)
		}
		if wantWarning == "" && len(problems) > 0 || wantWarning != "" && (len(problems) != 1 || !strings.Contains(problems[0].Message, wantWarning)) {
			t.Errorf("problems %v, want %q", problems, wantWarning)
		}
	}
	write(t, filepath.Join(dir, "wrangler.toml"), "")
	expect("wrangler.toml", "")
	// A folder of that name is passed over.
	if err := os.Mkdir(filepath.Join(deep, "wrangler.json"), 0o755); err != nil {
		t.Fatal(err)
	}
	expect("wrangler.toml", "")
	write(t, filepath.Join(dir, "a", "wrangler.toml"), "")
	expect("a/wrangler.toml", "")
	write(t, filepath.Join(dir, "a", "wrangler.jsonc"), "{}")
	expect("a/wrangler.jsonc", "")
	write(t, filepath.Join(dir, "wrangler.json"), "{}")
	expect("wrangler.json", "using "+filepath.FromSlash("../../wrangler.json, although ../wrangler.json"))
}

// A path is relative to the folder where the user stands, and is printed so.
func TestNamedFile(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "p", "my.toml"), "nmae = 1\ncompatibility_date = \"2022-05-01\"\n")
	f, problems := Load(dir, filepath.Join("p", "my.toml"))
	if f == nil {
		t.Fatal(problems)
	}
	_, problems = f.Resolve("", Overrides{})
	want := filepath.Join("p", "my.toml") + ":1:1"
	if len(problems) != 1 || problems[0].Location.String() != want {
		t.Errorf("problems %v, want one at %s", problems, want)
	}
}

func TestUnreadable(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "conf.txt"), "name = \"w\"")
	write(t, filepath.Join(dir, "big.toml"), strings.Repeat("# comment\n", 1<<20))
	write(t, filepath.Join(dir, "secret.toml"), "")
	if err := os.Mkdir(filepath.Join(dir, "folder.toml"), 0o755); err != nil {
		t.Fatal(err)
	}
	cases := map[string]string{
		"absent.toml": "Could not read file: absent.toml: there is no such file",
		"folder.toml": "Could not read file: folder.toml: it is a folder, not a configuration file",
		".":           "it is a folder",
		"conf.txt":    "conf.txt is not a configuration: its name must end in .toml, .json or .jsonc",
		"big.toml":    "Could not read file: big.toml: it is larger than 4 MiB",
	}
	if runtime.GOOS != "windows" && os.Getuid() != 0 {
		if err := os.Chmod(filepath.Join(dir, "secret.toml"), 0); err != nil {
			t.Fatal(err)
		}
		cases["secret.toml"] = "Could not read file: secret.toml: permission denied"
	}
	for path, want := range cases {
		f, problems := Load(dir, path)
		if f != nil || len(problems) != 1 || !strings.Contains(problems[0].Message, want) {
			t.Errorf("%s: %v, %v; want %q", path, f, problems, want)
		}
	}
	checkLinks(t)
	if f, problems := Load(t.TempDir(), ""); f != nil || !problems.HasErrors() {
		t.Errorf("no configuration: %v, %v", f, problems)
	}
}

// checkLinks looks for links that lead nowhere, by name and by discovery.
func checkLinks(t *testing.T) {
	t.Helper()
	for target, want := range map[string]string{
		"wrangler.toml": "Could not read file: wrangler.toml: too many ",
		"gone.toml":     "Could not read file: wrangler.toml: there is no such file",
	} {
		dir := t.TempDir()
		if err := os.Symlink(target, filepath.Join(dir, "wrangler.toml")); err != nil {
			t.Skip(err) // a right that not every user of Windows has
		}
		for _, path := range []string{"", "wrangler.toml"} {
			f, problems := Load(dir, path)
			if f != nil || len(problems) != 1 || !strings.Contains(problems[0].Message, want) && runtime.GOOS != "windows" {
				t.Errorf("a link to %s: %v, %v; want %q", target, f, problems, want)
			}
		}
	}
}

func TestHostileInput(t *testing.T) {
	for _, tt := range []struct{ name, file, text, want string }{
		{"empty toml", "wrangler.toml", "", ""},
		{"empty json", "wrangler.json", " \n", "^wrangler.json:1:1: .*ValueExpected"},
		{"null json", "wrangler.json", "null", "should be an object but got null"},
		{"NUL in toml", "wrangler.toml", "name = \"a\x00b\"", "wrangler.toml:1:10: invalid TOML"},
		{"NUL in json", "wrangler.json", "{\x00}", "wrangler.json:1:2: invalid JSON: invalid character"},
		{"invalid UTF-8", "wrangler.toml", "name = \"a\"\n# \xff\n", "wrangler.toml:2:3: invalid UTF-8"},
		{"UTF-16", "wrangler.json", "\xff\xfe{\x00}\x00", "UTF-16 LE byte order marker"},
		{"deep toml array", "wrangler.toml", "a = " + strings.Repeat("[", 200000), "nested more than"},
		{"deep closed toml array", "wrangler.toml", "a = " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "nested more than 128 levels"},
		{"deep toml tables", "wrangler.toml", "a = " + strings.Repeat("{a=", 200000), "nested more than"},
		{"deep toml key", "wrangler.toml", strings.Repeat("a.", 500000) + "a = 1", "nested more than"},
		{"deep toml header", "wrangler.toml", "[" + strings.Repeat("a.", 500000) + "a]", "nested more than"},
		{"deep keys in deep tables", "wrangler.toml", "a = " + strings.Repeat("{ a.a.a.a.a = ", 100) + "1" + strings.Repeat("}", 100), "nested more than"},
		{"deep json", "wrangler.json", strings.Repeat("[", 3000000), "nested more than"},
		{"deep json after a comment", "wrangler.json", "// [\n/* { */" + strings.Repeat(`{"[":`, 500000), "nested more than"},
		{"open comment", "wrangler.json", "{} /*", "invalid JSON: parsing comment"},
		{"one long line", "wrangler.json", `{"name": "` + strings.Repeat("w", 3<<20) + `"}`, ""},
		{"many unknown fields", "wrangler.toml", numbered("unknown_field_%d = 1\n", 4000), ""},
		{"many keys", "wrangler.toml", numbered("k%d = 1\n", 100_000), ""},
		{"many keys in one table", "wrangler.toml", "a = { " + numbered("k%d = 1, ", 90_000) + "z = 1 }", ""},
		{"many tables", "wrangler.toml", numbered("[a.t%d]\n", 100_000), ""},
		{"many elements", "wrangler.toml", strings.Repeat("[[a]]\nb.c = 1\n", 100_000), ""},
		{"many equal keys in toml", "wrangler.toml", strings.Repeat("a = 1\n", 100_000), "trying to redefine .*19 more"},
		{"many dates", "wrangler.toml", "a = [" + strings.Repeat("2022-05-01,", 100_000) + "]", ""},
		{"too many keys", "wrangler.toml", numbered("k%d = 1\n", 250_000), "more than 200000 values"},
		{"too many values", "wrangler.toml", "a = [" + strings.Repeat("1,", 1<<20) + "]", "more than 200000 values"},
		{"too many values in json", "wrangler.json", `{"a":[` + strings.Repeat("1,", 1<<20) + "]}", "more than 200000 values"},
		{"many unknown fields in json", "wrangler.json", "{" + numbered("\"unknown_field_%d\": 1,\n", 90_000) + "}", ""},
		{"many equal keys", "wrangler.json", "{" + strings.Repeat(`"unknown": 1, `, 90_000) + "}", ""},
		{"many wide characters in one line", "wrangler.json", `{"vars": "` + strings.Repeat("ä", 1<<20) + `",` + numbered(`"x%d":1,`, 40_000) + "}", ""},
		{"many bindings", "wrangler.json", `{"durable_objects": { "bindings": [` + numbered(`{ "name": "A%d", "class_name": "A%[1]d" },`, 20000) + "]}}", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			start := time.Now()
			dir := t.TempDir()
			write(t, filepath.Join(dir, tt.file), tt.text)
			f, problems := Load(dir, "")
			if f != nil {
				f.Resolve("", Overrides{})
				f.Resolve("staging", Overrides{})
			}
			checkHostile(t, problems, tt.want)
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// A file with very many problems has a list of bounded length, in which no
// error is lost behind the warnings.
func TestManyProblems(t *testing.T) {
	for name, text := range map[string]string{
		"wrong bindings":   `{"kv_namespaces": [` + strings.Repeat(`{"binding":1},`, 60_000) + "]}",
		"warnings first":   `{"durable_objects": {"bindings": [` + strings.Repeat(`{"name":"A","class_name":"A","script_name":"x","a":1},`, 1500) + `]}, "main": 1}`,
		"one in the whole": `{"vars": "` + strings.Repeat("ä", 1<<20) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := load(t, "wrangler.json", text).Resolve("", Overrides{})
			if len(problems) > maxProblems+1 || !problems.HasErrors() {
				t.Errorf("%d problems, errors: %v", len(problems), problems.HasErrors())
			}
		})
	}
}

func checkHostile(t *testing.T, problems diag.List, want string) {
	t.Helper()
	err := problems.Err()
	switch {
	case want == "" && err != nil:
		t.Errorf("unexpected error: %v", err)
	case want != "" && (err == nil || !regexp.MustCompile(want).MatchString(err.Error())):
		t.Errorf("got %v, want %s", err, want)
	case err != nil && len(err.Error()) > 1000:
		t.Errorf("the error is %d bytes long", len(err.Error()))
	}
}

func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func matches(t *testing.T, pattern, text string) bool {
	t.Helper()
	return regexp.MustCompile(pattern).MatchString(text)
}
