package config

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// schemaOf is what this test reads of a schema.
type schemaOf struct {
	Ref                  string               `json:"$ref"`
	Type                 string               `json:"type"`
	AnyOf                []*schemaOf          `json:"anyOf"`
	Enum                 []string             `json:"enum"`
	Pattern              string               `json:"pattern"`
	Minimum, Maximum     *float64             `json:",omitempty"`
	Items                *schemaOf            `json:"items"`
	Properties           map[string]*schemaOf `json:"properties"`
	AdditionalProperties json.RawMessage      `json:"additionalProperties"`
	Required             []string             `json:"required"`
	Definitions          map[string]*schemaOf `json:"definitions"`

	extra *schemaOf // of additionalProperties, if that is a schema
	open  bool
}

func (s *schemaOf) resolve(root *schemaOf) {
	if s == nil {
		return
	}
	switch raw := s.AdditionalProperties; {
	case len(raw) == 0, bytes.Equal(raw, []byte("true")):
		s.open = true
	case raw[0] == '{':
		s.extra = &schemaOf{}
		json.Unmarshal(raw, s.extra)
		s.extra.resolve(root)
	}
	s.Items.resolve(root)
	for _, group := range []map[string]*schemaOf{s.Properties, s.Definitions} {
		for _, sub := range group {
			sub.resolve(root)
		}
	}
	for _, sub := range s.AnyOf {
		sub.resolve(root)
	}
}

// accepts holds a node against a schema, and returns the path of what does not
// fit, or "".
func (s *schemaOf) accepts(root *schemaOf, n *node) string {
	if s.Ref != "" {
		return root.Definitions[strings.TrimPrefix(s.Ref, "#/definitions/")].accepts(root, n)
	}
	if s.AnyOf != nil {
		bad := ""
		for _, form := range s.AnyOf {
			if bad = form.accepts(root, n); bad == "" {
				return ""
			}
		}
		return bad
	}
	types := map[string]kind{"string": kindString | kindDate, "number": kindNumber, "integer": kindInt, "boolean": kindBool, "array": kindArray, "object": kindTable, "null": kindNull, "": kindAny}
	if !n.is(types[s.Type]) {
		return n.path()
	}
	if s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(n.text()) || s.Enum != nil && !strings.Contains("\x00"+strings.Join(s.Enum, "\x00")+"\x00", "\x00"+n.text()+"\x00") {
		return n.path()
	}
	if s.Minimum != nil && n.number() < *s.Minimum || s.Maximum != nil && n.number() > *s.Maximum {
		return n.path()
	}
	return s.acceptsMembers(root, n)
}

func (s *schemaOf) acceptsMembers(root *schemaOf, n *node) string {
	for _, name := range s.Required {
		if n.get(name) == nil {
			return n.path() + "." + name
		}
	}
	for _, e := range n.list {
		sub := s.Items
		if n.kind == kindTable {
			if sub = s.Properties[e.name]; sub == nil {
				sub = s.extra
			}
			if sub == nil && !s.open {
				return e.path()
			}
		}
		if sub == nil {
			continue
		}
		if bad := sub.accepts(root, e); bad != "" {
			return bad
		}
	}
	return ""
}

// TestSchema holds the schema against the fixtures: what is valid fits, unless
// it has fields that nobody knows, and every field is there.
func TestSchema(t *testing.T) {
	var root schemaOf
	if err := json.Unmarshal(Schema(), &root); err != nil {
		t.Fatal(err)
	}
	root.resolve(&root)
	each(func(f *field) {
		if root.Properties[f.name] == nil {
			t.Errorf("the schema has no %s", f.name)
		}
		if _, has := root.Definitions["environment"].Properties[f.name]; has != (f.class != topLevel || f.override) {
			t.Errorf("the schema has %s in environments: %v", f.name, has)
		}
	})
	files, err := filepath.Glob("testdata/*/*")
	if err != nil {
		t.Fatal(err)
	}
	fits := 0
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		file, _ := Parse(path, path, string(text))
		if file == nil {
			continue
		}
		bad := root.accepts(&root, file.root)
		if bad == "" {
			fits++
		}
		_, problems := file.ResolveAll(Overrides{})
		for _, d := range problems {
			if d.Code == "unexpected-field" || d.Code == "bad-value" || d.Code == "wrong-type" || d.Code == "bare-date" || d.Code == "bad-name" {
				bad = ""
			}
		}
		if strings.Contains(path, "/valid/") && bad != "" {
			t.Errorf("%s does not fit the schema at %s", path, bad)
		}
	}
	if fits < 15 {
		t.Errorf("only %d fixtures fit the schema", fits)
	}
}

// TestCodes holds the list of codes against the code.
func TestCodes(t *testing.T) {
	listed := map[string]bool{}
	last := ""
	for _, c := range Codes() {
		if c.Name <= last || !strings.HasSuffix(c.Doc, ".") {
			t.Errorf("%s stands in the wrong place, or has no sentence", c.Name)
		}
		listed[c.Name], last = true, c.Name
	}
	used := regexp.MustCompile(`(?:Errorf|Warningf|errorf|warnf|refuse)\("([a-z-]+)"`)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	files = append(files, filepath.Join("..", "migrate", "history.go")) // whose problems are reported here
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range used.FindAllStringSubmatch(string(text), -1) {
			found[m[1]] = true
			if !listed[m[1]] {
				t.Errorf("%s: the code %s is not listed", path, m[1])
			}
		}
	}
	for name := range listed {
		if !found[name] {
			t.Errorf("the code %s is listed and not used", name)
		}
	}
}
