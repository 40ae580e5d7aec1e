package bundle

import (
	"path/filepath"
	"strings"
	"testing"

	"paddock/config"
	"paddock/internal/diag"
)

// TestProblems asserts what is said, where, and that a watcher learns which
// file to wait for.
func TestProblems(t *testing.T) {
	for _, c := range []struct {
		name     string
		main     string
		files    files
		code     string
		message  string
		place    string
		hint     string
		severity diag.Severity
	}{
		{
			name:    "syntax error",
			main:    "src/index.ts",
			files:   files{"src/index.ts": "const a = 1;\n  export default { fetch() { return ? } };\n"},
			code:    "build-failed",
			message: `Unexpected "?"`,
			place:   "src/index.ts:2:37",
		},
		{
			name:    "syntax error behind wide characters",
			main:    "index.js",
			files:   files{"index.js": "/* äö */ ?"},
			code:    "build-failed",
			message: `Unexpected "?"`,
			place:   "index.js:1:10",
		},
		{
			name:    "missing file",
			main:    "index.js",
			files:   files{"index.js": "import './missing.js';\n" + handler},
			code:    "unresolved-import",
			message: `Could not resolve "./missing.js"`,
			place:   "index.js:1:8",
		},
		{
			name:    "missing package",
			main:    "index.js",
			files:   files{"index.js": "import x from 'missing';\nx();\n" + handler},
			code:    "unresolved-import",
			message: `Could not resolve "missing"`,
			place:   "index.js:1:15",
			hint:    "npm install",
		},
		{
			name:    "missing text file",
			main:    "index.js",
			files:   files{"index.js": "\nimport x from './missing.txt';\nx();\n" + handler},
			code:    "unresolved-import",
			message: `Could not resolve "./missing.txt"`,
			place:   "index.js:2:15",
		},
		{
			name:    "missing export",
			main:    "index.js",
			files:   files{"index.js": "import { nope } from './a.js';\nnope();\n" + handler, "a.js": "export const a = 1;"},
			code:    "build-failed",
			message: `No matching export in "a.js" for import "nope"`,
			place:   "index.js:1:10",
		},
		{
			name:    "Node.js module without the flag",
			main:    "index.js",
			files:   files{"index.js": "import path from 'path';\npath();\n" + handler},
			code:    "unresolved-import",
			message: `Could not resolve "path"`,
			place:   "index.js:1:18",
			hint:    `compatibility_flags = ["nodejs_compat"]`,
		},
		{
			name:     "prefixed Node.js module without the flag",
			main:     "index.js",
			files:    files{"index.js": "import path from 'node:path';\npath();\n" + handler},
			severity: diag.Warning,
			code:     "node-builtin",
			message:  `The package "node:path" wasn't found on the file system but is built into node`,
			place:    "index.js:1:18",
			hint:     `compatibility_flags = ["nodejs_compat"]`,
		},
		{
			name:     "esbuild's own warning",
			main:     "index.js",
			files:    files{"index.js": "let a = Math.random();\nconsole.log(a === NaN);\n" + handler},
			severity: diag.Warning,
			code:     "equals-nan",
			message:  `Comparison with NaN using the "===" operator here is always false`,
			place:    "index.js:2:15",
			hint:     "Number.isNaN",
		},
		{
			name:    "no loader",
			main:    "index.js",
			files:   files{"index.js": "import x from './x.png';\nx();\n" + handler, "x.png": "x"},
			code:    "build-failed",
			message: `No loader is configured for ".png" files: x.png`,
			place:   "index.js:1:15",
		},
		{
			name:    "entry missing",
			main:    "src/index.ts",
			code:    "entry-not-found",
			message: `The entry-point file at "src/index.ts" was not found`,
			place:   "wrangler.toml:2:8",
		},
		{
			name:    "entry is a folder",
			main:    "src",
			files:   files{"src/index.ts": handler, "src/other.ts": ""},
			code:    "entry-is-directory",
			message: `The provided entry-point path, "src", points to a directory, rather than a file`,
			place:   "wrangler.toml:2:8",
			hint:    `main = "src/index.ts"`,
		},
		{
			name:    "nothing exported",
			main:    "index.js",
			files:   files{"index.js": "console.log('hi');"},
			code:    "no-handlers",
			message: "No event handlers were registered. This script does nothing.",
			place:   "index.js",
			hint:    "export default",
		},
		{
			name:    "service worker",
			main:    "index.js",
			files:   files{"index.js": "const x = 1;\n\taddEventListener('fetch', e => e.respondWith(new Response('hi')));"},
			code:    "service-worker",
			message: "No event handlers were registered. This script does nothing.",
			place:   "index.js:2:2",
			hint:    "export default",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := project(t, c.main, c.files)
			r, list := try(t, w, Options{})
			if len(list) != 1 {
				t.Fatalf("%d diagnostics:\n%s", len(list), render(list))
			}
			d := list[0]
			if d.Severity != c.severity || d.Code != c.code || d.Message != c.message || d.Location.String() != c.place {
				t.Errorf("got  %s %s: %s: %s\nwant %s %s: %s: %s", d.Severity, d.Code, d.Location, d.Message,
					c.severity, c.code, c.place, c.message)
			}
			if !strings.Contains(d.Hint, c.hint) || c.hint == "" && d.Hint != "" {
				t.Errorf("hint is %q, want %q in it", d.Hint, c.hint)
			}
			if c.severity == diag.Error && r.Modules != nil {
				t.Error("a failed build has modules")
			}
			if len(r.Inputs) == 0 {
				t.Error("no inputs")
			}
		})
	}
}

// All problems of a build are reported in one run.
func TestProblemsTogether(t *testing.T) {
	w := project(t, "index.js", files{
		"index.js": "import './a.js';\nimport './b.js';\nimport './c.txt';\n" + handler,
		"a.js":     "let 1;",
		"b.js":     "const b;",
	})
	_, list := try(t, w, Options{})
	if len(list) != 3 {
		t.Errorf("%d diagnostics:\n%s", len(list), render(list))
	}
}

func TestRelatedPlaces(t *testing.T) {
	w := project(t, "index.js", files{"index.js": "const a = 1;\nconst a = 2;\n" + handler})
	_, list := try(t, w, Options{})
	if len(list) != 1 || len(list[0].Related) != 1 {
		t.Fatalf("diagnostics:\n%s", render(list))
	}
	if got := list[0].Related[0].Location.String(); got != "index.js:1:7" {
		t.Errorf("the first declaration is at %s", got)
	}
}

func TestNoMain(t *testing.T) {
	w := project(t, "x", nil)
	w.Main = ""
	if _, list := try(t, w, Options{}); len(list) != 1 || list[0].Code != "entry-missing" {
		t.Errorf("diagnostics:\n%s", render(list))
	}
}

func TestRelative(t *testing.T) {
	w := project(t, "index.js", nil)
	b := New(w, Options{})
	for path, want := range map[string]string{
		filepath.Join(w.Dir, "src", "index.ts"):   "src/index.ts",
		filepath.Join(w.Dir, "..", "x", "a.ts"):   "../x/a.ts",
		filepath.Join(w.Dir, "..a", "index.ts"):   "..a/index.ts",
		filepath.Join(w.Dir, "src", "..", "a.ts"): "a.ts",
	} {
		if got := b.relative(path); got != want {
			t.Errorf("relative(%q) = %q, want %q", path, got, want)
		}
	}
}

func TestCheckExports(t *testing.T) {
	at := func(line int) diag.Location { return diag.Location{File: "wrangler.toml", Line: line, Column: 1} }
	w := &config.Worker{DurableObjects: []config.DurableObject{
		{Name: "A", Class: "Counter", Location: at(1)},
		{Name: "B", Class: "Room", Location: at(2)},
		{Name: "C", Class: "Room", Location: at(3)},
		{Name: "D", Class: "Elsewhere", Script: "other", Location: at(4)},
		{Name: "E", Class: "lobby", Location: at(5)},
	}}
	list := CheckExports(w, &Result{Exports: []string{"default", "Counter", "Lobby"}})
	if len(list) != 2 {
		t.Fatalf("%d diagnostics:\n%s", len(list), render(list))
	}
	const phrase = "Your Worker depends on the following Durable Objects, which are not exported in your entrypoint file: "
	for i, want := range []struct{ class, place, hint string }{
		{"Room", "wrangler.toml:2:1", "export class Room"},
		{"lobby", "wrangler.toml:5:1", `did you mean "Lobby"`},
	} {
		d := list[i]
		if d.Severity != diag.Error || d.Message != phrase+want.class || d.Location.String() != want.place || !strings.Contains(d.Hint, want.hint) {
			t.Errorf("got %s: %s (%s), want %+v", d.Location, d.Message, d.Hint, want)
		}
	}
}

func TestCheckEntrypoints(t *testing.T) {
	at := diag.Location{File: "wrangler.toml", Line: 7, Column: 1}
	w := &config.Worker{Name: "w", Services: []config.Service{
		{Name: "A", Service: "w"},
		{Name: "B", Service: "w", Entrypoint: "default"},
		{Name: "C", Service: "w", Entrypoint: "Api"},
		{Name: "D", Service: "other", Entrypoint: "Nope"},
		{Name: "E", Service: "w", Entrypoint: "api", EntrypointLocation: at},
	}}
	list := CheckExports(w, &Result{Exports: []string{"default", "Api"}})
	if len(list) != 1 {
		t.Fatalf("%d diagnostics:\n%s", len(list), render(list))
	}
	if d := list[0]; d.Severity != diag.Error || d.Location != at || !strings.HasSuffix(d.Message, "as E, which is not exported in your entrypoint file: api") ||
		d.Hint != `did you mean "Api", which is exported?` {
		t.Errorf("got %s: %s (%s)", d.Location, d.Message, d.Hint)
	}
}
