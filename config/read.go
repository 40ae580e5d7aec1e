package config

import (
	"fmt"
	"slices"
	"strings"

	"paddock/internal/diag"
)

// reader reads the values of one level of a file - the top level or an
// environment - and reports what is wrong with them.
type reader struct {
	file     *File
	env      string
	problems *diag.List // nil: say nothing
}

func (r *reader) report(d diag.Diagnostic) {
	if r.problems == nil {
		return
	}
	d.Env = r.env
	*r.problems = append(*r.problems, d)
}

func (r *reader) errorf(code string, at diag.Location, format string, args ...any) {
	r.report(diag.Errorf(code, at, format, args...))
}

func (r *reader) warnf(code string, at diag.Location, format string, args ...any) {
	r.report(diag.Warningf(code, at, format, args...))
}

// field checks the type of a field and reads it, if it is there.
func (r *reader) field(fd *field, n *node, d *draft) {
	if n != nil && r.expect(n, fd.kinds) && fd.read != nil {
		fd.read(r, n, d)
	}
}

// topFields reports the fields at the top level that no one knows.
func (r *reader) topFields(root *node) {
	r.unexpected(root, fieldNames())
}

// environmentFields does the same for an environment, and reports the fields
// that may not stand there.
func (r *reader) environmentFields(table *node) {
	r.unexpected(table, fieldNames())
	for _, n := range table.fields() {
		fd := lookup(n.name)
		switch {
		case fd == nil || fd.class != topLevel:
		case n.name == "migrations":
			// Ignoring it, or replacing the list, would apply another history
			// than the one that other environments of the file have.
			r.report(diag.Errorf("env-migrations", n.keyAt(),
				"%q is not allowed: the list of migrations cannot be overridden by an environment", n.path()).
				WithHint("Move its entries to the top-level \"migrations\", which all environments inherit. " +
					"Each environment applies each of them once."))
		default:
			r.report(diag.Warningf("unexpected-field", n.keyAt(), "Unexpected field %q in %q", n.name, table.path()).
				WithHint("%q is a top-level field, which holds for all environments. It is ignored here.", n.name))
		}
	}
}

// onlyKeys reports the fields of a table that are not among the known ones.
func (r *reader) onlyKeys(table *node, known ...string) {
	r.unexpected(table, known)
}

// maxUnexpected is how many unexpected fields of one table are reported one by
// one; a file with more of them is something else altogether.
const maxUnexpected = 50

func (r *reader) unexpected(table *node, known []string) {
	if r.problems == nil {
		return
	}
	count := 0
	for _, n := range table.fields() {
		if slices.Contains(known, n.name) {
			continue
		}
		if count++; count <= maxUnexpected {
			r.report(r.unexpectedField(n, known))
		}
	}
	if more := count - maxUnexpected; more > 0 {
		r.warnf("unexpected-field", table.at(), "and %d more unexpected fields", more)
	}
}

func (r *reader) unexpectedField(n *node, known []string) diag.Diagnostic {
	d := diag.Warningf("unexpected-field", n.keyAt(), "Unexpected field %q", n.name)
	where := n.parent.path()
	if where != "" {
		d.Message += fmt.Sprintf(" in %q", where)
	}
	switch near := nearest(n.name, known); {
	case near != "":
		d = d.WithHint("Did you mean %q?", near)
	case where != "" && lookup(n.name) != nil && r.file.format == formatTOML:
		// The usual slip: a key that was added at the end of the file.
		d = d.WithHint("%q is a top-level field. In TOML it must stand before the first [table].", n.name)
	}
	return d
}

// inactive says that a field is known and has no effect.
func (r *reader) inactive(n *node, hint string) {
	d := diag.Warningf("inactive-field", n.keyAt(), "paddock does not act on %q", n.path())
	d.Hint = hint
	r.report(d)
}

// unsupported says that a Worker with this field cannot run here.
func (r *reader) unsupported(n *node, hint string) {
	d := diag.Errorf("unsupported-field", n.keyAt(), "paddock does not support %q yet", n.path())
	d.Hint = hint
	r.report(d)
}

// expect reports whether the node is of one of the kinds, and if not, says so
// in Wrangler's words.
func (r *reader) expect(n *node, kinds kind) bool {
	if n.is(kinds) {
		return true
	}
	switch kinds {
	case kindTable:
		r.errorf("wrong-type", n.at(), "The field %q should be an object but got %s", n.path(), n.quote())
	case kindArray:
		r.errorf("wrong-type", n.at(), "The field %q should be an array but got %s", n.path(), n.quote())
	default:
		r.errorf("wrong-type", n.at(), "Expected %q to be of type %s but got %s", n.path(), kinds.names(), n.quote())
	}
	return false
}

// names gives the names of the kinds in JSON's terms.
func (k kind) names() string {
	var names []string
	for _, x := range []struct {
		kind kind
		name string
	}{{kindString, "string"}, {kindNumber, "number"}, {kindBool, "boolean"}, {kindArray, "array"}, {kindTable, "object"}} {
		if k&x.kind != 0 {
			names = append(names, x.name)
		}
	}
	return strings.Join(names, " or ")
}

// str returns the text of an optional string; it is "" if there is none.
func (r *reader) str(n *node) string {
	if n == nil || !r.expect(n, kindString) {
		return ""
	}
	return n.value.(string)
}

// boolean returns the value of an optional boolean.
func (r *reader) boolean(n *node) bool {
	return n != nil && r.expect(n, kindBool) && n.value.(bool)
}

// strings returns the elements of an optional array of strings.
func (r *reader) strings(n *node) []*node {
	if n == nil {
		return nil
	}
	if !n.is(kindArray) {
		r.errorf("wrong-type", n.at(), "Expected %q to be an array of strings but got %s", n.path(), n.quote())
		return nil
	}
	var list []*node
	for _, e := range n.list {
		if r.expect(e, kindString) {
			list = append(list, e)
		}
	}
	return list
}

func lookup(name string) *field {
	i := slices.IndexFunc(fields, func(fd field) bool { return fd.name == name })
	if i < 0 {
		return nil
	}
	return &fields[i]
}

func fieldNames() []string {
	names := make([]string, len(fields))
	for i := range fields {
		names[i] = fields[i].name
	}
	return names
}
