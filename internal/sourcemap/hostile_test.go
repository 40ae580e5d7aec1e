package sourcemap

import (
	"strings"
	"testing"
)

// hostile holds maps that break readers which trust them.
var hostile = []struct{ name, text, wantErr string }{
	{"nothing", ``, "unexpected end"},
	{"not an object", `[]`, "cannot unmarshal"},
	{"no version", `{}`, "version 0"},
	{"old version", `{"version":2,"mappings":""}`, "version 2"},
	{"sections without maps", `{"version":3,"sections":[{}]}`, "sections"},
	{"source out of range", `{"version":3,"sources":["a"],"mappings":"AEAA"}`, "source 2 of 1"},
	{"no sources", `{"version":3,"mappings":"AAAA"}`, "source 0 of 0"},
	{"source below zero", `{"version":3,"sources":["a"],"mappings":"ADAA"}`, "bad mapping"},
	{"line below zero", `{"version":3,"sources":["a"],"mappings":"AADA"}`, "bad mapping"},
	{"column below zero", `{"version":3,"sources":["a"],"mappings":"DAAA"}`, "bad mapping"},
	{"sums overflow", `{"version":3,"sources":["a"],"mappings":"+/////D,+/////D"}`, "generated line 1: bad mapping"},
	{"number without end", `{"version":3,"sources":["a"],"mappings":"` + strings.Repeat("g", 100) + `"}`, "bad mapping"},
	{"number cut off", `{"version":3,"sources":["a"],"mappings":";g"}`, "generated line 2: bad mapping"},
	{"two fields", `{"version":3,"sources":["a"],"mappings":"AA"}`, "bad mapping"},
	{"six fields", `{"version":3,"sources":["a"],"mappings":"AAAAAA"}`, "bad mapping"},
	{"not base64", `{"version":3,"sources":["a"],"mappings":"A!AA"}`, "bad mapping"},
	{"not ASCII", `{"version":3,"sources":["a"],"mappings":"ÄÖÜ"}`, "bad mapping"},
	{"deep nesting", `{"version":3,"x":` + strings.Repeat("[", 20000) + `}`, "exceeded max depth"},
	{"null source", `{"version":3,"sources":[null],"mappings":"AAAA"}`, ""},
	{"null content", `{"version":3,"sources":["a"],"sourcesContent":[null],"mappings":"AAAA"}`, ""},
	{"more contents than sources", `{"version":3,"sources":["a"],"sourcesContent":["x","y"],"mappings":"AAAA"}`, ""},
	{"line beyond the source", `{"version":3,"sources":["a"],"sourcesContent":["x"],"mappings":"AAgggB+//B"}`, ""},
	{"many lines", `{"version":3,"sources":["a"],"mappings":"` + strings.Repeat(";", 100000) + `"}`, ""},
	{"no mappings", `{"version":3,"sources":[]}`, ""},
}

func TestParseHostile(t *testing.T) {
	for _, c := range hostile {
		t.Run(c.name, func(t *testing.T) {
			m, err := Parse([]byte(c.text))
			switch {
			case c.wantErr == "" && err != nil:
				t.Fatal(err)
			case c.wantErr != "" && (err == nil || !strings.Contains(err.Error(), c.wantErr)):
				t.Fatalf("error is %v, want one with %q", err, c.wantErr)
			}
			useMap(m)
		})
	}
}

// useMap looks up what could go wrong with a map that was accepted.
func useMap(m *Map) {
	if m == nil {
		return
	}
	const stack = "Error\n    at f (index.js:1:1)\n    at index.js:1:2147483647\n    at g (index.js:100:1)"
	lookup := func(string) *Map { return m }
	MapStack(stack, lookup)
	Calls(stack, lookup)
	_, excerpt, _ := TopFrame(stack, lookup)
	_ = excerpt.String()
}

func FuzzParse(f *testing.F) {
	for _, c := range hostile {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(_ *testing.T, text []byte) {
		m, err := Parse(text)
		if err == nil {
			useMap(m)
		}
	})
}
