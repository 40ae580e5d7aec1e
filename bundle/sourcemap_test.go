package bundle

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"paddock/internal/sourcemap"
)

func TestSourceMap(t *testing.T) {
	const source = "interface Env { A: string }\nexport default { fetch(r: Request, env: Env) { throw new Error('boom'); } };\n"
	w := project(t, "src/index.ts", files{"src/index.ts": source, "tsconfig.json": "{}"})
	for _, minify := range []bool{false, true} {
		r := build(t, w, Options{Minify: minify})
		var m struct {
			Version                 int
			Sources, SourcesContent []string
			Mappings                string
		}
		if err := json.Unmarshal(r.Modules[1].Content, &m); err != nil {
			t.Fatal(err)
		}
		if m.Version != 3 || m.Mappings == "" {
			t.Errorf("not a source map: %s", r.Modules[1].Content)
		}
		if !slices.Equal(m.Sources, []string{"src/index.ts"}) {
			t.Errorf("sources are %q", m.Sources)
		}
		if !slices.Equal(m.SourcesContent, []string{source}) {
			t.Errorf("contents are %q", m.SourcesContent)
		}
		if !slices.Contains(r.inputNames(w), "tsconfig.json") {
			t.Errorf("inputs are %q", r.inputNames(w))
		}

		read, err := sourcemap.Parse(r.Modules[1].Content)
		if err != nil {
			t.Fatal(err)
		}
		before, _, _ := strings.Cut(r.code(), "new Error")
		line, column := strings.Count(before, "\n")+1, len(before)-strings.LastIndexByte(before, '\n')
		frame := fmt.Sprintf("    at fetch (index.js:%d:%d)", line, column)
		mapped := sourcemap.MapStack(frame, func(string) *sourcemap.Map { return read })
		if want := "    at fetch (src/index.ts:2:54)"; mapped != want {
			t.Errorf("minify %v: %s comes from %q, want %q", minify, frame, mapped, want)
		}
	}
}
