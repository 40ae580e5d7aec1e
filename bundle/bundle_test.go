package bundle

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"paddock/config"
	"paddock/internal/diag"
)

// files is a project: paths with slashes, and their texts.
type files map[string]string

// project writes a project into a new folder, without links on its path, and
// returns a worker for it whose entry point is main.
func project(t *testing.T, main string, fs files) *config.Worker {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := &config.Worker{
		Dir:               dir,
		Main:              filepath.Join(dir, filepath.FromSlash(main)),
		MainLocation:      diag.Location{File: "wrangler.toml", Line: 2, Column: 8},
		CompatibilityDate: config.DefaultCompatibilityDate,
	}
	write(t, w, fs)
	return w
}

func write(t *testing.T, w *config.Worker, fs files) {
	t.Helper()
	for name, text := range fs {
		path := filepath.Join(w.Dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// build bundles once and fails the test on any diagnostic.
func build(t *testing.T, w *config.Worker, opts Options) *Result {
	t.Helper()
	r, list := try(t, w, opts)
	if len(list) > 0 {
		t.Fatalf("diagnostics:\n%s", render(list))
	}
	return r
}

func try(t *testing.T, w *config.Worker, opts Options) (*Result, diag.List) {
	t.Helper()
	b := New(w, opts)
	defer b.Close()
	return b.Build(t.Context())
}

func render(list diag.List) string {
	var b strings.Builder
	diag.WriteHuman(&b, list, diag.HumanOptions{})
	return b.String()
}

func (r *Result) code() string { return string(r.Modules[0].Content) }

// inputNames returns the inputs within the project, with slashes.
func (r *Result) inputNames(w *config.Worker) []string {
	var names []string
	for _, path := range r.Inputs {
		if rel, err := filepath.Rel(w.Dir, path); err == nil && filepath.IsLocal(rel) {
			names = append(names, filepath.ToSlash(rel))
		}
	}
	return names
}

func moduleNames(r *Result) []string {
	var names []string
	for _, m := range r.Modules {
		names = append(names, m.Name)
	}
	return names
}

const handler = "export default { fetch() { return new Response('hi'); } };\n"

func TestBuildJavaScript(t *testing.T) {
	w := project(t, "src/index.mjs", files{
		"src/index.mjs":   "import { Counter } from './counter.js';\nexport { Counter };\n" + handler,
		"src/counter.js":  "export class Counter { fetch() { return <b>x</b>; } }\nconst React = { createElement() {} };\n",
		"package.json":    `{"name": "app"}`,
		"src/unused.mjs":  "throw 1",
		"src/package.txt": "",
	})
	r := build(t, w, Options{})
	if r.Main != "index.js" {
		t.Errorf("main is %q", r.Main)
	}
	if got, want := moduleNames(r), []string{"index.js", "index.js.map"}; !slices.Equal(got, want) {
		t.Errorf("modules are %q, want %q", got, want)
	}
	if r.Modules[0].Type != ESModule || r.Modules[1].Type != SourceMap {
		t.Errorf("types are %q, %q", r.Modules[0].Type, r.Modules[1].Type)
	}
	if got, want := slices.Sorted(slices.Values(r.Exports)), []string{"Counter", "default"}; !slices.Equal(got, want) {
		t.Errorf("exports are %q, want %q", got, want)
	}
	if got, want := r.inputNames(w), []string{"package.json", "src/counter.js", "src/index.mjs"}; !slices.Equal(got, want) {
		t.Errorf("inputs are %q, want %q", got, want)
	}
	if !strings.HasSuffix(strings.TrimSpace(r.code()), "//# sourceMappingURL=index.js.map") {
		t.Errorf("no reference to the source map in:\n%s", r.code())
	}
	if r.Size != int64(len(r.code())) || r.GzipSize <= 0 || r.GzipSize >= r.Size+100 {
		t.Errorf("sizes are %d and %d, the code has %d bytes", r.Size, r.GzipSize, len(r.code()))
	}
	if entries, err := os.ReadDir(w.Dir); err != nil || len(entries) != 2 {
		t.Errorf("something was written beside the sources: %v, %v", entries, err)
	}
}

// The configuration often lies beside an index.js that is the entry point:
// the output has its name, and must not be refused for that.
func TestBuildEntryBesideConfiguration(t *testing.T) {
	w := project(t, "index.js", files{"index.js": handler})
	if r := build(t, w, Options{}); !strings.Contains(r.code(), "new Response") {
		t.Errorf("code is:\n%s", r.code())
	}
	text, err := os.ReadFile(w.Main)
	if err != nil || string(text) != handler {
		t.Errorf("the entry point is now %q, %v", text, err)
	}
}

func TestBuildCommonJS(t *testing.T) {
	w := project(t, "index.js", files{"index.js": "module.exports = { fetch() { return new Response('hi'); } };"})
	if r := build(t, w, Options{}); !slices.Equal(r.Exports, []string{"default"}) {
		t.Errorf("exports are %q", r.Exports)
	}
}

func TestBuildPackage(t *testing.T) {
	w := project(t, "src/index.ts", files{
		"src/index.ts": "import which from 'pkg';\nimport deep from '@scope/pkg/deep';\nimport old from 'old';\nconsole.log(which, deep, old);\n" + handler,
		"node_modules/pkg/package.json": `{"exports": {".": {"node": "./node.js", "worker": "./worker.js",
			"workerd": "./workerd.js", "default": "./default.js"}}}`,
		"node_modules/pkg/node.js":                 "export default 'for-node'",
		"node_modules/pkg/worker.js":               "export default 'for-worker'",
		"node_modules/pkg/workerd.js":              "export default 'for-workerd'",
		"node_modules/pkg/default.js":              "export default 'for-anyone'",
		"node_modules/@scope/pkg/package.json":     `{"exports": {"./deep": {"browser": "./b.js", "default": "./d.js"}}}`,
		"node_modules/@scope/pkg/b.js":             "export default 'for-browser'",
		"node_modules/@scope/pkg/d.js":             "export default 'deep-default'",
		"node_modules/old/package.json":            `{"main": "main.js", "module": "module.js"}`,
		"node_modules/old/main.js":                 "module.exports = 'old-main'",
		"node_modules/old/module.js":               "export default 'old-module'",
		"node_modules/unrelated/package.json":      `{}`,
		"node_modules/unrelated/src/tsconfig.json": `{`,
	})
	// The order of the conditions in the package decides between two that hold.
	r := build(t, w, Options{})
	for text, want := range map[string]bool{"for-worker\"": true, "for-node": false, "for-anyone": false, "for-browser": true, "old-module": true} {
		if strings.Contains(r.code(), text) != want {
			t.Errorf("%s in the code: want %v; the code is\n%s", text, want, r.code())
		}
	}
	if !slices.Contains(r.inputNames(w), "node_modules/pkg/package.json") {
		t.Errorf("the package's own settings are not among the inputs %q", r.inputNames(w))
	}

	write(t, w, files{"node_modules/pkg/package.json": `{"exports": {"workerd": "./workerd.js", "worker": "./worker.js"}}`})
	if r := build(t, w, Options{}); !strings.Contains(r.code(), "for-workerd") {
		t.Errorf("the workerd condition does not hold:\n%s", r.code())
	}
}

func TestBuildDefines(t *testing.T) {
	const source = `console.log(process.env.NODE_ENV, globalThis.process.env.NODE_ENV, VERSION, navigator.userAgent);` + handler
	for _, c := range []struct {
		name string
		w    config.Worker
		opts Options
		want string
	}{
		{"defaults", config.Worker{Define: map[string]string{"VERSION": "1"}}, Options{},
			`"production", "production", 1, navigator.userAgent`},
		{"options win", config.Worker{Define: map[string]string{"VERSION": "1"}},
			Options{Define: map[string]string{"VERSION": `"two"`, "process.env.NODE_ENV": `"development"`}},
			`"development", "development", "two", navigator.userAgent`},
		{"navigator", config.Worker{CompatibilityDate: "2024-01-01"}, Options{},
			`"production", "production", VERSION, "Cloudflare-Workers"`},
		{"navigator off", config.Worker{CompatibilityDate: "2024-01-01", CompatibilityFlags: []string{"no_global_navigator"}}, Options{},
			`"production", "production", VERSION, navigator.userAgent`},
		{"navigator on", config.Worker{CompatibilityFlags: []string{"global_navigator"}}, Options{},
			`"production", "production", VERSION, "Cloudflare-Workers"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := project(t, "index.js", files{"index.js": source})
			c.w.Dir, c.w.Main = w.Dir, w.Main
			if r := build(t, &c.w, c.opts); !strings.Contains(r.code(), "console.log("+c.want+")") {
				t.Errorf("want %s in:\n%s", c.want, r.code())
			}
		})
	}
}

func TestBuildBadDefine(t *testing.T) {
	w := project(t, "index.js", files{"index.js": handler})
	r, list := try(t, w, Options{Define: map[string]string{"X": "1 +"}})
	if !list.HasErrors() || !strings.Contains(render(list), "1 +") {
		t.Errorf("diagnostics:\n%s", render(list))
	}
	if len(r.Inputs) == 0 {
		t.Error("no inputs")
	}
}

func TestBuildMinifyKeepsNames(t *testing.T) {
	const source = "export class LongClassName { method() { const longVariable = Math.random(); return longVariable + longVariable; } }\n" + handler
	w := project(t, "index.js", files{"index.js": source})
	plain := build(t, w, Options{})
	small := build(t, w, Options{Minify: true})
	w.Minify = true
	configured := build(t, w, Options{})
	if small.Size >= plain.Size || strings.Contains(small.code(), "longVariable") {
		t.Errorf("minified from %d to %d bytes:\n%s", plain.Size, small.Size, small.code())
	}
	if !strings.Contains(small.code(), `"LongClassName"`) {
		t.Errorf("the name of the class is lost:\n%s", small.code())
	}
	if configured.Size != small.Size {
		t.Errorf("minify in the configuration gives %d bytes, the option %d", configured.Size, small.Size)
	}
}

func TestBuildAgain(t *testing.T) {
	w := project(t, "src/index.ts", files{
		"src/index.ts": "import { greeting } from './greeting';\nimport page from './page.html';\nexport default { fetch() { return new Response(greeting + page); } };",
	})
	b := New(w, Options{})
	defer b.Close()

	// The imported files are not there yet; the watcher must learn of them.
	r, list := b.Build(t.Context())
	if n := len(list); n != 2 {
		t.Fatalf("%d diagnostics:\n%s", n, render(list))
	}
	for _, name := range []string{"src/index.ts", "src/greeting.ts", "src/page.html"} {
		if !slices.Contains(r.inputNames(w), name) {
			t.Errorf("%s is not among the inputs %q", name, r.inputNames(w))
		}
	}

	write(t, w, files{"src/greeting.ts": "export const greeting = 'hello';", "src/page.html": "<p>one"})
	r, list = b.Build(t.Context())
	if len(list) > 0 || !strings.Contains(r.code(), "hello") {
		t.Fatalf("after the files were written: %s", render(list))
	}
	if got, want := r.inputNames(w), []string{"src/greeting.ts", "src/index.ts", "src/page.html"}; !slices.Equal(got, want) {
		t.Errorf("inputs are %q, want %q", got, want)
	}

	write(t, w, files{"src/greeting.ts": "export const greeting = 'good-bye';", "src/page.html": "<p>two"})
	r, list = b.Build(t.Context())
	if len(list) > 0 || !strings.Contains(r.code(), "good-bye") || string(r.Modules[1].Content) != "<p>two" {
		t.Fatalf("after a change: %s%q", render(list), r.Modules)
	}

	write(t, w, files{"src/greeting.ts": "export const greeting = ;"})
	r, list = b.Build(t.Context())
	if !list.HasErrors() || r.Modules != nil {
		t.Fatalf("a broken file was built: %q", r.Modules)
	}
	if got, want := r.inputNames(w), []string{"src/greeting.ts", "src/index.ts", "src/page.html"}; !slices.Equal(got, want) {
		t.Errorf("inputs after the failure are %q, want %q", got, want)
	}
}

// Temporary folders and checkouts are often reached through links; places and
// sources are named from the project on all the same.
func TestBuildThroughLink(t *testing.T) {
	w := project(t, "src/index.ts", files{"src/index.ts": handler + "x ="})
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(w.Dir, link); err != nil {
		t.Skipf("no links here: %v", err)
	}
	w.Dir, w.Main = link, filepath.Join(link, "src", "index.ts")
	_, list := try(t, w, Options{})
	if len(list) != 1 || list[0].Location.File != "src/index.ts" {
		t.Errorf("diagnostics:\n%s", render(list))
	}
	write(t, w, files{"src/index.ts": handler})
	r := build(t, w, Options{})
	if text := string(r.Modules[1].Content); !strings.Contains(text, `["src/index.ts"]`) {
		t.Errorf("source map is %s", text)
	}
}

// A project may take its worker from elsewhere, as monorepos do.
func TestBuildEntryOutside(t *testing.T) {
	w := project(t, "shared/index.ts", files{"shared/index.ts": handler + "x ="})
	w.Dir = filepath.Join(w.Dir, "app")
	write(t, w, files{"wrangler.toml": ""})
	_, list := try(t, w, Options{})
	if len(list) != 1 || list[0].Location.File != "../shared/index.ts" {
		t.Errorf("diagnostics:\n%s", render(list))
	}
}

func TestBuildCanceled(t *testing.T) {
	w := project(t, "index.js", files{"index.js": handler})
	b := New(w, Options{})
	defer b.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, list := b.Build(ctx); !list.HasErrors() || list[0].Code != "canceled" {
		t.Fatalf("diagnostics: %v", list)
	}
	// The builder is as good as before.
	if _, list := b.Build(t.Context()); len(list) > 0 {
		t.Fatalf("diagnostics:\n%s", render(list))
	}
}

func TestBuildClosed(t *testing.T) {
	b := New(project(t, "index.js", files{"index.js": handler}), Options{})
	b.Close()
	b.Close()
	if r, list := b.Build(t.Context()); r == nil || !list.HasErrors() {
		t.Errorf("a closed builder built %v, %v", r, list)
	}
}
