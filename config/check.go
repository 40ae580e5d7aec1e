package config

import (
	"fmt"
	"math"
	"slices"

	"paddock/internal/diag"
)

// checker holds one level of a file - the top level or an environment -
// against the table, and reports what is wrong with it.
type checker struct {
	file *File
	env  string
	out  *collector
	// lookup is the function of that name. The table's own functions reach it
	// through here, as a variable may not refer to itself.
	lookup func(name string) *field
}

func (c *checker) report(d diag.Diagnostic) {
	d.Env = c.env
	c.out.add(d)
}

func (c *checker) errorf(code string, at diag.Location, format string, args ...any) {
	c.report(diag.Errorf(code, at, format, args...))
}

func (c *checker) warnf(code string, at diag.Location, format string, args ...any) {
	c.report(diag.Warningf(code, at, format, args...))
}

// value holds a value against a shape and reports whether it is of the right
// kind; what is wrong further down does not count for that.
func (c *checker) value(n *node, s *shape) bool {
	if !n.is(s.kinds) {
		c.wrongType(n, s)
		return false
	}
	switch n.kind {
	case kindTable:
		c.table(n, s)
	case kindArray:
		for _, e := range n.list {
			if s.elem != nil {
				c.value(e, s.elem)
			}
		}
	case kindString:
		c.string(n, s)
	case kindInt, kindFloat:
		c.number(n, s)
	}
	if s.check != nil {
		s.check(c, n)
	}
	return true
}

func (c *checker) string(n *node, s *shape) {
	if s.format != nil && s.format.check != nil {
		s.format.check(c, n)
	}
	if s.enum == nil || slices.Contains(s.enum, n.text()) {
		return
	}
	d := diag.Errorf("bad-value", n.at(), "Expected %q field to be one of [%s] but got %s", n.path(), quoteEach(s.enum), n.quote())
	if near := nearest(n.text(), s.enum); near != "" {
		d = d.WithHint("Did you mean %q?", near)
	}
	c.report(d)
}

func (c *checker) number(n *node, s *shape) {
	v := n.number()
	switch {
	case s.max == unlimited && !(v >= s.min):
		c.errorf("out-of-range", n.at(), "%q must be at least %v but got %s", n.path(), s.min, n.quote())
	case s.max > s.min && !(v >= s.min && v <= s.max):
		c.errorf("out-of-range", n.at(), "%q must be a value between %v and %v but got %s", n.path(), s.min, s.max, n.quote())
	case s.whole && v != math.Trunc(v):
		c.errorf("out-of-range", n.at(), "%q must be an integer but got %s", n.path(), n.quote())
	}
}

// table looks at the keys of a table.
func (c *checker) table(n *node, s *shape) {
	if s.fields == nil && s.values == nil {
		return
	}
	unknown := 0
	for _, child := range n.list {
		switch f := find(s.fields, child.name); {
		case f != nil:
			c.field(f, child, s)
		case s.values != nil:
			c.key(child, s.keys)
			c.value(child, s.values)
		case !s.open:
			if unknown++; unknown <= maxUnexpected {
				c.unexpected(child, s.fields)
			}
		}
	}
	if more := unknown - maxUnexpected; more > 0 {
		c.warnf("unexpected-field", n.at(), "and %d more unexpected fields", more)
	}
	for _, f := range s.fields {
		if f.must && f.in(n) == nil {
			c.missing(n, f, s)
		}
	}
}

// field looks at one key of a table of the given shape.
func (c *checker) field(f *field, n *node, table *shape) {
	c.names(f, n)
	switch {
	case table.entry != "" && f.wrong == "" && !f.accepts(n):
		c.wrongInEntry(n, f, table)
	case c.value(n, f.shape) && f.deprecated != "":
		c.report(diag.Warningf("deprecated-field", n.keyAt(), "Deprecation: %q", n.path()).WithHint("%s", f.deprecated))
	}
}

// accepts says whether a value is of the right kind, and not empty where it
// may not be.
func (f *field) accepts(n *node) bool {
	empty := n.is(kindString) && n.text() == ""
	return n.is(f.kinds) && !(empty && (f.format == &bindingFormat || f.format == &nonEmptyFormat))
}

// names speaks of an old name, which counts as the new one.
func (c *checker) names(f *field, n *node) {
	if n.name == f.name {
		return
	}
	if now := n.parent.get(f.name); now != nil {
		d := diag.Errorf("two-names", n.keyAt(), "%q is an old name of %q, and both are set", n.path(), f.name).
			WithHint("Remove it, or merge it into %q.", f.name).WithRelated("the new name is here", now.keyAt())
		c.report(d)
		return
	}
	c.warnf("old-name", n.keyAt(), "%q is an old name; please rename it to %q", n.path(), f.name)
}

// key looks at a key that is free within a syntax.
func (c *checker) key(n *node, f *format) {
	if f != nil && n.name == "" {
		c.errorf("bad-value", n.keyAt(), "%q has an entry whose name is empty", n.parent.path())
	}
}

// maxUnexpected is how many unexpected fields of one table are reported one by
// one; a file with more of them is something else altogether.
const maxUnexpected = 50

func (c *checker) unexpected(n *node, known []*field) {
	d := diag.Warningf("unexpected-field", n.keyAt(), "Unexpected field %q", n.name)
	where := n.parent.path()
	if where != "" {
		d.Message += fmt.Sprintf(" in %q", where)
	}
	near := nearestField(n.name, known)
	switch top := c.lookup(n.name); {
	case near != "":
		d = d.WithHint("Did you mean %q?", near)
	case where != "" && top != nil && c.file.syntax == syntaxTOML:
		// The usual slip: a key that was added at the end of the file.
		d = d.WithHint("%q is a top-level field. In TOML it must stand before the first [table].", n.name)
	}
	c.report(d)
}

// nearestField is nearest for the keys of a table.
func nearestField(name string, known []*field) string {
	list := make([]string, len(known))
	for i := range known {
		list[i] = known[i].name
	}
	return nearest(name, list)
}

// exclusive reports the keys of a table that stand in each other's way.
func (c *checker) exclusive(n *node, keys ...string) {
	var first *node
	for _, key := range keys {
		switch other := n.get(key); {
		case other == nil:
		case first == nil:
			first = other
		default:
			c.report(diag.Errorf("exclusive-fields", other.keyAt(), "Expected exactly one of the following fields [%s]", quoteEach(keys)).
				WithRelated("the other one is here", first.keyAt()))
		}
	}
}
