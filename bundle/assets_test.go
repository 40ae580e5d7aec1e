package bundle

import (
	"crypto/sha1"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func assetName(content, name string) string {
	return fmt.Sprintf("./%x-%s", sha1.Sum([]byte(content)), name)
}

func TestAssets(t *testing.T) {
	const wasm = "\x00asm\x01\x00\x00\x00"
	w := project(t, "src/index.ts", files{
		"src/index.ts": `
			import text from "./note.txt";
			import page from "page.html";
			import again from "../src/note.txt";
			import query from "./query.sql";
			import data from "./data.bin";
			import one from "./one.wasm";
			import two from "./one.wasm?module";
			import packaged from "pkg/lib.wasm";
			import { helper } from "./lib/helper";
			console.log(text, page, again, query, data, one, two, packaged, helper);
			export default { async fetch() { return (await import("./late.txt")).default; } };`,
		"src/note.txt":                    "note",
		"src/page.html":                   "<p>",
		"src/query.sql":                   "SELECT 1",
		"src/data.bin":                    "\x00\xff",
		"src/one.wasm":                    wasm,
		"src/late.txt":                    "late",
		"src/lib/helper.ts":               `import text from "./note.txt"; export const helper = text;`,
		"src/lib/note.txt":                "another note",
		"node_modules/pkg/package.json":   `{"exports": {"./lib.wasm": {"workerd": "./build/lib.wasm"}}}`,
		"node_modules/pkg/build/lib.wasm": wasm + "pkg",
	})
	r := build(t, w, Options{})
	want := map[string]ModuleType{
		assetName("note", "note.txt"):         Text,
		assetName("another note", "note.txt"): Text,
		assetName("<p>", "page.html"):         Text,
		assetName("SELECT 1", "query.sql"):    Text,
		assetName("\x00\xff", "data.bin"):     Data,
		assetName(wasm, "one.wasm"):           Wasm,
		assetName("late", "late.txt"):         Text,
		assetName(wasm+"pkg", "lib.wasm"):     Wasm,
	}
	assets := r.Modules[1 : len(r.Modules)-1]
	if len(assets) != len(want) {
		t.Errorf("%d modules beside the main one: %q", len(assets), moduleNames(r))
	}
	for _, m := range assets {
		if m.Type != want[m.Name] {
			t.Errorf("%s is %q, want %q", m.Name, m.Type, want[m.Name])
		}
		if !strings.Contains(r.code(), `"`+m.Name+`"`) {
			t.Errorf("the code does not import %s:\n%s", m.Name, r.code())
		}
	}
	if !slices.IsSortedFunc(assets, func(a, b Module) int { return strings.Compare(a.Name, b.Name) }) {
		t.Errorf("modules are not sorted: %q", moduleNames(r))
	}
	if last := r.Modules[len(r.Modules)-1]; last.Type != SourceMap {
		t.Errorf("the last module is %q", last.Name)
	}
	if plain := int64(len(r.code())); r.Size <= plain {
		t.Errorf("size is %d, of the code alone %d", r.Size, plain)
	}
	for _, name := range []string{"src/one.wasm", "src/late.txt", "node_modules/pkg/build/lib.wasm"} {
		if !slices.Contains(r.inputNames(w), name) {
			t.Errorf("%s is not among the inputs %q", name, r.inputNames(w))
		}
	}
}

// An ES module has no require: the file is imported in its place.
func TestAssetRequired(t *testing.T) {
	w := project(t, "index.js", files{
		"index.js": "const text = require('./note.txt');\nexport default { fetch() { return new Response(text); } };",
		"note.txt": "note",
	})
	r := build(t, w, Options{})
	name := assetName("note", "note.txt")
	if !strings.Contains(r.code(), `from "`+name+`"`) || strings.Contains(r.code(), `require("`+name) {
		t.Errorf("code is:\n%s", r.code())
	}
}

func TestAssetWithAttribute(t *testing.T) {
	w := project(t, "index.js", files{
		"index.js": "import text from './note.txt' with { type: 'text' };\nexport default { fetch() { return new Response(text); } };",
		"note.txt": "inlined note",
	})
	r := build(t, w, Options{})
	if len(r.Modules) != 2 || !strings.Contains(r.code(), "inlined note") {
		t.Errorf("modules are %q, the code is\n%s", moduleNames(r), r.code())
	}
}

func TestBuiltins(t *testing.T) {
	const source = `
		import { DurableObject } from "cloudflare:workers";
		import unsafe from "workerd:unsafe";
		import path from "%s";
		const { join } = require("%s");
		export class A extends DurableObject {}
		export default { fetch() { return new Response(path.join("a") + join("b") + unsafe); } };`
	for _, c := range []struct {
		name, date, specifier string
		flags                 []string
	}{
		{"prefixed", "2023-01-01", "node:path", []string{"nodejs_compat"}},
		{"bare by date", "2024-09-23", "path", []string{"nodejs_compat"}},
		{"bare by flag", "2023-01-01", "path", []string{"nodejs_compat_v2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := project(t, "index.js", files{
				"index.js": fmt.Sprintf(source, c.specifier, c.specifier),
				// The engine's module goes before a package of its name.
				"node_modules/path/package.json": `{"main": "index.js"}`,
				"node_modules/path/index.js":     "module.exports = 'from npm'",
			})
			w.CompatibilityDate, w.CompatibilityFlags = c.date, c.flags
			r := build(t, w, Options{})
			for text, want := range map[string]bool{
				`from "cloudflare:workers"`: true, `from "workerd:unsafe"`: true, `from "node:path"`: true,
				`require("`: false, "from npm": false,
			} {
				if strings.Contains(r.code(), text) != want {
					t.Errorf("%s in the code: want %v; the code is\n%s", text, want, r.code())
				}
			}
		})
	}
}

// Bare names belong to packages until the engine takes them.
func TestBareNameIsPackage(t *testing.T) {
	w := project(t, "index.js", files{
		"index.js":                       "import path from 'path';\nconsole.log(path);\n" + handler,
		"node_modules/path/package.json": `{"main": "index.js"}`,
		"node_modules/path/index.js":     "module.exports = 'from npm'",
	})
	w.CompatibilityFlags = []string{"nodejs_compat"}
	if r := build(t, w, Options{}); !strings.Contains(r.code(), "from npm") {
		t.Errorf("code is:\n%s", r.code())
	}
}

// Packages try a Node.js module and do without it: the call must stay where
// the package can catch its failure, not become an import that fails the start.
func TestGuardedRequire(t *testing.T) {
	w := project(t, "index.js", files{
		"index.js": "let crypto; try { crypto = require('node:crypto'); } catch {}\nexport default { fetch() { return new Response(crypto); } };",
	})
	r, list := try(t, w, Options{})
	if list.HasErrors() {
		t.Fatalf("diagnostics:\n%s", render(list))
	}
	if strings.Contains(r.code(), `from "node:crypto"`) || !strings.Contains(r.code(), `"node:crypto"`) {
		t.Errorf("code is:\n%s", r.code())
	}
}

func TestAsyncLocalStorageFlag(t *testing.T) {
	w := project(t, "index.js", files{
		"index.js": "import { AsyncLocalStorage } from 'node:async_hooks';\nconsole.log(AsyncLocalStorage);\n" + handler,
	})
	w.CompatibilityFlags = []string{"nodejs_als"}
	build(t, w, Options{})
}
