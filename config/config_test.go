package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"paddock/internal/diag"
	"paddock/migrate"
)

// load writes a configuration and loads it; problems in Load fail the test.
func load(t *testing.T, name, text string) *File {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, name), text)
	f, problems := Load(dir, "")
	if len(problems) > 0 {
		t.Fatalf("load: %v", problems)
	}
	return f
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

// resolve fails the test on errors; warnings are the fixtures' business.
func resolve(t *testing.T, f *File, env string) *Worker {
	t.Helper()
	w, problems := f.Resolve(env, Overrides{})
	if err := problems.Err(); err != nil {
		t.Fatalf("resolve %q: %v", env, err)
	}
	return w
}

// full is one configuration in both formats.
var full = map[string]string{
	"wrangler.toml": `
name = "worker-name"
main = "src/index.ts"
compatibility_date = "2022-06-30"
compatibility_flags = ["nodejs_compat"]
minify = true
vars = { S = "text", N = 1, F = 1.5, B = true, L = [1, "x"], T = { a = 1 } }
define = { X = "1" }
[observability]
enabled = true
[dev]
ip = "0.0.0.0"
port = 9000
[durable_objects]
bindings = [{ name = "A", class_name = "A" }, { name = "O", class_name = "C", script_name = "other" }]
[[migrations]]
tag = "v1"
new_classes = ["Old"]
new_sqlite_classes = ["B"]
[[migrations]]
tag = "v2"
renamed_classes = [{ from = "Old", to = "A" }]
deleted_classes = ["B"]
transferred_classes = [{ from = "X", from_script = "other", to = "Y" }]
[env.staging]
vars = { S = "staging" }
minify = false
`,
	"wrangler.jsonc": "\ufeff" + `// a comment
{
	"name": "worker-name", "main": "src/index.ts",
	"compatibility_date": "2022-06-30", "compatibility_flags": ["nodejs_compat"],
	"minify": true,
	"vars": { "S": "text", "N": 1, "F": 1.5, "B": true, "L": [1, "x"], "T": { "a": 1 } },
	"define": { "X": "1" }, "observability": { "enabled": true },
	"dev": { "ip": "0.0.0.0", "port": 9000 },
	"durable_objects": { "bindings": [
		{ "name": "A", "class_name": "A" }, { "name": "O", "class_name": "C", "script_name": "other" }, ] },
	"migrations": [
		{ "tag": "v1", "new_classes": ["Old"], "new_sqlite_classes": ["B"] },
		{ "tag": "v2", "renamed_classes": [{ "from": "Old", "to": "A" }], "deleted_classes": ["B"],
		  "transferred_classes": [{ "from": "X", "from_script": "other", "to": "Y" }] } ],
	"env": { "staging": { "vars": { "S": "staging" }, "minify": false } }
} // the end`,
}

func TestValues(t *testing.T) {
	for name, text := range full {
		for _, ending := range []string{"\n", "\r\n"} {
			t.Run(name, func(t *testing.T) {
				f := load(t, name, strings.ReplaceAll(text, "\n", ending))
				if got := f.Environments(); !reflect.DeepEqual(got, []string{"staging"}) {
					t.Errorf("environments %q", got)
				}
				checkTop(t, f, resolve(t, f, ""))
				checkStaging(t, resolve(t, f, "staging"))
			})
		}
	}
}

func checkTop(t *testing.T, f *File, got *Worker) {
	t.Helper()
	want := &Worker{
		Path: f.Path, Dir: f.Dir, varsDir: f.Dir, Name: "worker-name", Main: filepath.Join(f.Dir, "src", "index.ts"),
		CompatibilityDate: "2022-06-30", CompatibilityFlags: []string{"nodejs_compat"},
		Vars: []Var{
			{Name: "B", Value: true}, {Name: "F", Value: 1.5}, {Name: "L", Value: []any{int64(1), "x"}},
			{Name: "N", Value: int64(1)}, {Name: "S", Value: "text"}, {Name: "T", Value: map[string]any{"a": int64(1)}},
		},
		DurableObjects: []DurableObject{{Name: "A", Class: "A"}, {Name: "O", Class: "C", Script: "other"}},
		Migrations: []migrate.Migration{
			{Tag: "v1", Step: migrate.Step{NewClasses: []string{"Old"}, NewSQLiteClasses: []string{"B"}}},
			{Tag: "v2", Step: migrate.Step{
				RenamedClasses: []migrate.Rename{{From: "Old", To: "A"}}, DeletedClasses: []string{"B"},
				TransferredClasses: []migrate.Transfer{{From: "X", FromScript: "other", To: "Y"}},
			}},
		},
		Classes:       []migrate.Class{{Name: "A"}, {Name: "Y"}},
		Observability: true, Minify: true, Define: map[string]string{"X": "1"}, Dev: Dev{IP: "0.0.0.0", Port: 9000},
	}
	if !reflect.DeepEqual(withoutPlaces(got), want) {
		t.Errorf("top level\n got %+v\nwant %+v", got, want)
	}
}

func checkStaging(t *testing.T, got *Worker) {
	t.Helper()
	if got.Name != "worker-name-staging" || got.Env != "staging" || got.Minify || !got.Observability || got.Dev.Port != 9000 {
		t.Errorf("inherited: %+v", got)
	}
	if len(got.DurableObjects) != 0 || got.Define != nil || len(got.Vars) != 1 || got.Vars[0].Value != "staging" {
		t.Errorf("not inherited: %+v", got)
	}
	if len(got.Migrations) != 2 || len(got.CompatibilityFlags) != 1 || !strings.HasSuffix(got.Main, "index.ts") {
		t.Errorf("inherited: %+v", got)
	}
}

// withoutPlaces clears the locations, after a look that they are set.
func withoutPlaces(w *Worker) *Worker {
	c := *w
	missing := w.MainLocation.Line == 0 || !strings.Contains(w.DateLocation.LineText, w.CompatibilityDate)
	c.MainLocation, c.DateLocation = diag.Location{}, diag.Location{}
	c.Cloud, c.resolved = Cloud{}, nil // cloud_test.go looks at it
	c.Vars, c.DurableObjects, c.Migrations = nil, nil, nil
	for _, v := range w.Vars {
		missing = missing || !strings.Contains(v.Location.LineText, v.Name)
		v.Location = diag.Location{}
		c.Vars = append(c.Vars, v)
	}
	for _, d := range w.DurableObjects {
		missing = missing || !strings.Contains(d.Location.LineText, d.Class)
		d.Location = diag.Location{}
		c.DurableObjects = append(c.DurableObjects, d)
	}
	for _, m := range w.Migrations {
		missing = missing || !strings.Contains(m.Location.LineText, m.Tag)
		m.Location = diag.Location{}
		c.Migrations = append(c.Migrations, m)
	}
	c.Classes = nil
	for _, class := range w.Classes {
		missing = missing || !strings.Contains(class.Location.LineText, class.Name)
		class.Location = diag.Location{}
		c.Classes = append(c.Classes, class)
	}
	if missing {
		c.Name = "a location is missing"
	}
	return &c
}

// The three examples of the Durable Objects documentation: a binding without
// script_name means the environment's own script, written out or not, and the
// top-level name means the top level's objects.
func TestScriptName(t *testing.T) {
	f := load(t, "wrangler.toml", `
name = "worker-name"
compatibility_date = "2022-06-30"
durable_objects.bindings = [{name = "EXAMPLE_CLASS", class_name = "DurableObjectExample"}]
[env.staging]
durable_objects.bindings = [
  {name = "EXAMPLE_CLASS", class_name = "DurableObjectExample"}
]
[env.written]
name = "worker-name-staging"
durable_objects.bindings = [
  {name = "EXAMPLE_CLASS", class_name = "DurableObjectExample", script_name = "worker-name-staging"}
]
[env.another]
durable_objects.bindings = [
  {name = "EXAMPLE_CLASS", class_name = "DurableObjectExample", script_name = "worker-name"}
]
`)
	for env, want := range map[string]struct{ name, script string }{
		"":        {"worker-name", ""},
		"staging": {"worker-name-staging", ""},
		"written": {"worker-name-staging", ""},
		"another": {"worker-name-another", "worker-name"},
	} {
		w := resolve(t, f, env)
		if len(w.DurableObjects) != 1 {
			t.Fatalf("%q: bindings %v", env, w.DurableObjects)
		}
		d := w.DurableObjects[0]
		if w.Name != want.name || d.Script != want.script || d.Name != "EXAMPLE_CLASS" || d.Class != "DurableObjectExample" {
			t.Errorf("%q: name %q, binding %+v", env, w.Name, d)
		}
	}
}

// The example of the documentation deletes a class that no entry creates.
func TestMigrationsOfTheDocumentation(t *testing.T) {
	f := load(t, "wrangler.toml", `
name = "w"
compatibility_date = "2022-06-30"
[[migrations]]
tag = "v1" # Should be unique for each entry
new_classes = ["DurableObjectExample"] # Array of new classes

[[migrations]]
tag = "v2"
renamed_classes = [{from = "DurableObjectExample", to = "UpdatedName" }] # Array of rename directives
deleted_classes = ["DeprecatedClass"] # Array of deleted class names
`)
	w, problems := f.Resolve("", Overrides{})
	if len(w.Migrations) != 2 || problems.HasErrors() || len(problems) != 1 {
		t.Errorf("migrations %v, problems %v", w.Migrations, problems)
	}
}

func TestEnvironmentNames(t *testing.T) {
	f := load(t, "wrangler.toml", `
name = "w"
[env.a]
[env.b]
name = "own"
`)
	for env, want := range map[string]string{"": "w", "a": "w-a", "b": "own"} {
		if w := resolve(t, f, env); w.Name != want || w.CompatibilityDate != DefaultCompatibilityDate {
			t.Errorf("%q: name %q, date %q", env, w.Name, w.CompatibilityDate)
		}
	}
	if w, problems := f.Resolve("c", Overrides{}); w == nil || !problems.HasErrors() {
		t.Errorf("unknown environment: %v, %v", w, problems)
	}
	// Without a top-level name there is nothing to append to.
	if w := resolve(t, load(t, "wrangler.toml", "[env.a]\n"), "a"); w.Name != "" {
		t.Errorf("name %q without a top-level name", w.Name)
	}
	// In a file without environments, one is made up of the whole top level.
	w := resolve(t, load(t, "wrangler.toml", "name = \"w\"\nvars = { A = 1 }\n"), "prod")
	if w.Name != "w-prod" || len(w.Vars) != 1 {
		t.Errorf("made-up environment: %+v", w)
	}
}

func TestEntryPoint(t *testing.T) {
	for _, tt := range []struct{ name, text, env, want string }{
		{"none", "", "", ""},
		{"main", `main = "./src/index.js"`, "", "src/index.js"},
		{"upload", "[build.upload]\nformat = \"modules\"\nmain = \"./index.mjs\"\n", "", "dist/index.mjs"},
		{"upload with dir", "[build.upload]\ndir = \"./out\"\nmain = \"index.mjs\"\n", "", "out/index.mjs"},
		{"both, the same file", "main = \"dist/index.mjs\"\n[build.upload]\nmain = \"./index.mjs\"\n", "", "dist/index.mjs"},
		{"environment's main", "[build.upload]\nmain = \"a.mjs\"\n[env.s]\nmain = \"b.js\"\n", "s", "b.js"},
		{"environment's upload", "main = \"a.js\"\n[env.s.build.upload]\nmain = \"b.js\"\n", "s", "dist/b.js"},
		{"a build without upload replaces the whole table", "[build.upload]\nmain = \"a.mjs\"\n[env.s]\nbuild = { cwd = \".\" }\n", "s", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := load(t, "wrangler.toml", tt.text)
			want := ""
			if tt.want != "" {
				want = filepath.Join(f.Dir, filepath.FromSlash(tt.want))
			}
			w := resolve(t, f, tt.env)
			if w.Main != want {
				t.Errorf("main %q, want %q", w.Main, want)
			}
			if (w.MainLocation.Line > 0) != (want != "") {
				t.Errorf("location %v", w.MainLocation)
			}
		})
	}
	abs := filepath.Join(t.TempDir(), "a.js")
	if w := resolve(t, load(t, "wrangler.json", `{"main": `+literal(abs)+`}`), ""); w.Main != abs {
		t.Errorf("main %q, want %q", w.Main, abs)
	}
}

func TestObservabilityFromLogs(t *testing.T) {
	for text, want := range map[string]bool{
		"logs = { enabled = true }":                    true,
		"enabled = false\nlogs = { enabled = true }":   false,
		"enabled = true\nhead_sampling_rate = 1":       true,
		"traces = { enabled = true, persist = false }": false,
	} {
		if w := resolve(t, load(t, "wrangler.toml", "[observability]\n"+text), ""); w.Observability != want {
			t.Errorf("%s: %v", text, w.Observability)
		}
	}
}

func TestValidName(t *testing.T) {
	for name, want := range map[string]bool{
		"w": true, "abc-": true, "_x": true, "0": true, strings.Repeat("a", 80): true,
		"": false, "Worker": false, "my.worker": false, "my worker": false, "-abc": false, "a\n": false,
		strings.Repeat("a", 256): false,
	} {
		if ValidName(name) != want {
			t.Errorf("ValidName(%q) is not %v", name, want)
		}
	}
}

// An environment's own route or routes take the place of what it would
// inherit, and a zone_id is that of routes which are plain strings.
func TestRoutes(t *testing.T) {
	f := load(t, "wrangler.toml", `
name = "w"
compatibility_date = "2022-06-30"
zone_id = "z"
routes = ["a/*", { pattern = "b/*", zone_name = "b" }, { pattern = "c", custom_domain = true }]
[env.inherits]
[env.one]
route = "d/*"
[env.none]
routes = []
[env.zone]
zone_id = "y"
`)
	for env, want := range map[string]string{
		"":         "a/* z, b/* b, c custom",
		"inherits": "a/* z, b/* b, c custom",
		"one":      "d/* z",
		"none":     "",
		"zone":     "a/* y, b/* b, c custom",
	} {
		var got []string
		for _, r := range resolve(t, f, env).Routes {
			text := r.Pattern + " " + r.ZoneID + r.ZoneName
			if r.CustomDomain {
				text += "custom"
			}
			if !strings.Contains(r.Location.LineText, r.Pattern) {
				t.Errorf("%q: the place of %s is %s", env, r.Pattern, r.Location)
			}
			got = append(got, text)
		}
		if s := strings.Join(got, ", "); s != want {
			t.Errorf("%q: routes %s, want %s", env, s, want)
		}
	}
}

// What paddock cannot do is no problem of the configuration.
func TestUnsupported(t *testing.T) {
	f := load(t, "wrangler.toml", `
name = "w"
compatibility_date = "2022-06-30"
type = "webpack"
r2_buckets = [{ binding = "R2" }]
preview_urls = true
[env.s]
r2_buckets = []
type = "rust"
`)
	for env, want := range map[string]string{
		"":  "4 unsupported-type error, 5 unsupported-field error, 6 inactive-field warning",
		"s": "4 unsupported-type error, 6 inactive-field warning",
	} {
		var got []string
		for _, d := range resolve(t, f, env).Unsupported() {
			got = append(got, fmt.Sprint(d.Location.Line, " ", d.Code, " ", d.Severity))
		}
		if s := strings.Join(got, ", "); s != want {
			t.Errorf("%q: %s, want %s", env, s, want)
		}
	}
}
