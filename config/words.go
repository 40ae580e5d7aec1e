package config

import (
	"strings"

	"paddock/internal/diag"
)

// The functions in this file word what is wrong with a value, as Wrangler does.

func (c *checker) missing(n *node, f *field, s *shape) {
	if s.wrong != "" {
		c.wrongType(n, s)
		return
	}
	if s.entry != "" {
		c.errorf("missing-field", n.at(), "%q%s should have %s %q field", n.path(), s.entry, f.kinds.article(), f.name)
		return
	}
	d := diag.Errorf("missing-field", n.at(), "%q is a required field", joinPath(n, f.name))
	if f.doc != "" {
		d = d.WithHint("%s: %s", f.name, f.doc)
	}
	c.report(d)
}

func joinPath(n *node, name string) string {
	if before := n.path(); before != "" {
		return before + "." + name
	}
	return name
}

// wrongType says in Wrangler's words what kind of value was expected.
func (c *checker) wrongType(n *node, s *shape) {
	kinds := s.kinds &^ kindNull
	switch {
	case s.wrong != "":
		c.report(diag.Errorf("wrong-type", n.at(), s.wrong, n.path(), n.quote()).WithHint("%s", c.listHint(n, s)))
	case s.want != "":
		c.errorf("wrong-type", n.at(), "Expected %q to be %s but got %s", n.path(), s.want, n.quote())
	case n.parent != nil && n.parent.kind == kindArray && kinds == kindTable:
		c.errorf("wrong-type", n.at(), "Expected %q to be an object but got %s", n.path(), n.quote())
	case kinds == kindTable:
		c.errorf("wrong-type", n.at(), "The field %q should be an object but got %s", n.path(), n.quote())
	case kinds == kindArray:
		c.report(diag.Errorf("wrong-type", n.at(), "The field %q should be an array but got %s", n.path(), n.quote()).
			WithHint("%s", c.listHint(n, s)))
	default:
		c.errorf("wrong-type", n.at(), "Expected %q to be of type %s but got %s", n.path(), s.kinds.names(), n.quote())
	}
}

// listHint explains the usual mistake with a list of tables in TOML.
func (c *checker) listHint(n *node, s *shape) string {
	if c.file.syntax != syntaxTOML || !n.is(kindTable) || s.kinds&^kindNull != kindArray {
		return ""
	}
	return "In TOML a list of tables is written with two brackets: [[" + n.path() + "]]"
}

// wrongInEntry is wrongType for a key of an entry of a list of bindings.
func (c *checker) wrongInEntry(n *node, f *field, entry *shape) {
	should := "should, optionally, have"
	if f.must {
		should = "should have"
	}
	c.errorf("wrong-type", n.at(), "%q%s %s %s %q field but got %s",
		n.parent.path(), entry.entry, should, f.kinds.article(), f.name, n.quote())
}

// names gives the names of the kinds in JSON's terms.
func (k kind) names() string {
	var names []string
	for _, x := range [...]struct {
		kind kind
		name string
	}{{kindString, "string"}, {kindNumber, "number"}, {kindBool, "boolean"}, {kindArray, "array"}, {kindTable, "object"}} {
		if k&x.kind != 0 {
			names = append(names, x.name)
		}
	}
	return strings.Join(names, " or ")
}

// article gives the names of the kinds with an article.
func (k kind) article() string {
	names := k.names()
	if strings.HasPrefix(names, "array") || strings.HasPrefix(names, "object") {
		return "an " + names
	}
	return "a " + names
}
