package config

import (
	"fmt"

	"paddock/internal/diag"
)

// kind is the type of a node's value. The kinds are bits, so that a set of
// them says what a field accepts.
type kind uint

const (
	kindString kind = 1 << iota
	kindInt
	kindFloat
	kindBool
	kindDate // TOML only
	kindNull // JSON only
	kindArray
	kindTable

	kindNumber = kindInt | kindFloat
	kindAny    = ^kind(0)
)

// span is a stretch of the source in bytes.
type span struct{ start, end int }

// node is one value of a configuration, in the form that both parsers produce.
// A nil node is a value that is not there; the methods bear it.
type node struct {
	kind   kind
	value  any              // string, int64, float64 or bool; for a date its text
	list   []*node          // the fields of a table or the elements of an array, in source order
	byName map[string]*node // of a table with many fields

	parent  *node
	name    string // the key, for the field of a table
	index   int    // in the parent's list
	keySpan span   // of the key; of an element, its own span
	span    span   // of the value; of a table that has a header, the key in the header
	src     *diag.Source
	origin  origin
}

// origin is how a table or array of TOML came to be, which decides who may add
// to it.
type origin uint8

const (
	byValue    origin = iota // written as a value; nobody
	byDots                   // by a dotted key; dotted keys, and headers below it
	byPath                   // by the header of a table below it; everybody, and one header of its own
	byHeader                 // by its own header; headers below it
	byElements               // by headers in double brackets; more of these, and headers below the last
)

func newTable(src *diag.Source, at span) *node {
	return &node{kind: kindTable, src: src, span: at, keySpan: at}
}

// fewFields is up to how many fields a table is searched without an index.
const fewFields = 8

// set puts a field into a table. It returns the field of that name that it
// replaced, if any; the first place in the order is kept.
func (n *node) set(name string, key span, child *node) (replaced *node) {
	child.parent, child.name, child.keySpan, child.index = n, name, key, len(n.list)
	if replaced = n.get(name); replaced != nil {
		child.index = replaced.index
		n.list[child.index] = child
	} else {
		n.list = append(n.list, child)
	}
	switch {
	case n.byName != nil:
		n.byName[name] = child
	case len(n.list) > fewFields:
		n.byName = make(map[string]*node, 2*len(n.list))
		for _, e := range n.list {
			n.byName[e.name] = e
		}
	}
	return replaced
}

// add appends an element to an array.
func (n *node) add(child *node) {
	child.parent, child.index, child.keySpan = n, len(n.list), child.span
	n.list = append(n.list, child)
}

// get returns the field of a table, or nil.
func (n *node) get(name string) *node {
	switch {
	case n == nil || n.kind != kindTable:
		return nil
	case n.byName != nil:
		return n.byName[name]
	}
	for _, e := range n.list {
		if e.name == name {
			return e
		}
	}
	return nil
}

// fields returns the fields of a table, and nothing for other kinds.
func (n *node) fields() []*node { return n.children(kindTable) }

// elements returns the elements of an array, and nothing for other kinds.
func (n *node) elements() []*node { return n.children(kindArray) }

func (n *node) children(of kind) []*node {
	if n == nil || n.kind != of {
		return nil
	}
	return n.list
}

func (n *node) is(k kind) bool { return n != nil && n.kind&k != 0 }

// at is the place of the value, keyAt that of its key.
func (n *node) at() diag.Location    { return n.src.Location(n.span.start, n.span.end) }
func (n *node) keyAt() diag.Location { return n.src.Location(n.keySpan.start, n.keySpan.end) }

// path names the node in messages: env.staging.durable_objects.bindings[0].
func (n *node) path() string {
	if n.parent == nil {
		return ""
	}
	before := n.parent.path()
	switch {
	case n.parent.kind == kindArray:
		return fmt.Sprintf("%s[%d]", before, n.index)
	case before == "":
		return n.name
	}
	return before + "." + n.name
}

// inEnv says whether the node belongs to an environment's table.
func (n *node) inEnv() bool {
	for n != nil && n.parent != nil && n.parent.parent != nil {
		n = n.parent
	}
	return n != nil && n.parent != nil && n.name == "env"
}
