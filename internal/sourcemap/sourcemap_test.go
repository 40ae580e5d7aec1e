package sourcemap

import (
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

const counterTS = `// The types below leave no trace in the output.
interface Env { COUNTER: unknown }

export class Counter {
	fetch(request: Request, env: Env): Response {
		if (request.url) throw new Error("boom 😀"); else throw new TypeError("no url");
	}
}
`

// bundle returns code and map of a small TypeScript worker as esbuild makes
// them, with paths that lead out of the output folder.
func bundle(t *testing.T, minify bool) (code string, m *Map) {
	t.Helper()
	result := api.Build(api.BuildOptions{
		Stdin:            &api.StdinOptions{Contents: counterTS, Sourcefile: "../src/counter.ts", Loader: api.LoaderTS},
		Sourcemap:        api.SourceMapExternal,
		Outfile:          "index.js",
		Format:           api.FormatESModule,
		Bundle:           true,
		MinifyWhitespace: minify,
		KeepNames:        true,
		Charset:          api.CharsetUTF8,
	})
	if len(result.Errors) > 0 {
		t.Fatal(result.Errors)
	}
	for _, f := range result.OutputFiles {
		if !strings.HasSuffix(f.Path, ".map") {
			code = string(f.Contents)
			continue
		}
		var err error
		if m, err = Parse(f.Contents); err != nil {
			t.Fatal(err)
		}
	}
	return code, m
}

// place returns the 1-based place of a text in the code, as V8 would print it:
// in UTF-16 units.
func place(t *testing.T, code, text string) (line, column int) {
	t.Helper()
	i := strings.Index(code, text)
	if i < 0 {
		t.Fatalf("%q is not in the code:\n%s", text, code)
	}
	before := code[:i]
	column = 1
	for _, r := range before[strings.LastIndexByte(before, '\n')+1:] {
		column++
		if r > 0xffff {
			column++
		}
	}
	return strings.Count(before, "\n") + 1, column
}

func TestFind(t *testing.T) {
	for _, minify := range []bool{false, true} {
		code, m := bundle(t, minify)
		for _, text := range []string{"new Error", "new TypeError"} {
			line, column := place(t, code, text)
			pos, ok := m.find(line-1, column-1)
			wantLine, wantColumn := place(t, counterTS, text)
			want := position{source: 0, line: wantLine - 1, column: wantColumn - 1}
			if !ok || pos != want {
				t.Errorf("minify %v: %s is at %+v, %v, want %+v", minify, text, pos, ok, want)
			}
		}
	}
}

// The bundler's own code has no mapping; it must not be taken for the user's.
func TestFindUnmapped(t *testing.T) {
	code, m := bundle(t, false)
	line, column := place(t, code, "var __name")
	if pos, ok := m.find(line-1, column-1); ok {
		t.Errorf("helper code is at %+v", pos)
	}
	for _, p := range [][2]int{{-1, 0}, {0, -1}, {1 << 30, 0}} {
		if pos, ok := m.find(p[0], p[1]); ok {
			t.Errorf("%v is at %+v", p, pos)
		}
	}
}

// A line without mappings once got the place of the line before it.
func TestFindStaysOnLine(t *testing.T) {
	m, err := Parse([]byte(`{"version":3,"sources":["a.ts"],"mappings":"AAAA,I;;AACA"}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		line, column int
		want         bool
	}{{0, 0, true}, {0, 3, true}, {0, 4, false}, {1, 0, false}, {2, 7, true}} {
		if pos, ok := m.find(c.line, c.column); ok != c.want {
			t.Errorf("find(%d, %d) = %+v, %v", c.line, c.column, pos, ok)
		}
	}
}

func TestFindUnsorted(t *testing.T) {
	// Columns 8 and 2, written in this order.
	m, err := Parse([]byte(`{"version":3,"sources":["a.ts"],"mappings":"QACA,NACA"}`))
	if err != nil {
		t.Fatal(err)
	}
	if pos, ok := m.find(0, 3); !ok || pos.line != 2 {
		t.Errorf("find(0, 3) = %+v, %v", pos, ok)
	}
}

func TestSourcePath(t *testing.T) {
	for _, c := range []struct{ root, source, want string }{
		{"", "../src/index.ts", "src/index.ts"},
		{"", "../../../src/index.ts", "src/index.ts"},
		{"", "./src/../lib/a.ts", "lib/a.ts"},
		{"", "/home/u/src/index.ts", "/home/u/src/index.ts"},
		{"", `..\src\index.ts`, "src/index.ts"},
		{"/home/u/app/.wrangler/tmp/deploy-x", "../../../src/index.ts", "/home/u/app/src/index.ts"},
		{"src", "index.ts", "src/index.ts"},
		{"https://example.com/x/", "index.ts", "https://example.com/x/index.ts"},
		{"/root", "webpack://app/./src/index.ts", "webpack://app/./src/index.ts"},
	} {
		if got := sourcePath(c.root, c.source); got != c.want {
			t.Errorf("sourcePath(%q, %q) = %q, want %q", c.root, c.source, got, c.want)
		}
	}
}
