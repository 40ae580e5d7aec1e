package config

import "paddock/internal/diag"

// The functions in this file put keys and tables of TOML into the tree, as far
// as what is there already lets them.

// header opens the table of a header, and returns nil if it may not be.
func (b *tomlBuilder) header(keys []part, element bool) *node {
	parent := b.headerPath(keys[:len(keys)-1])
	if parent == nil {
		return nil
	}
	last := keys[len(keys)-1]
	there := parent.get(last.name)
	switch {
	case element && there == nil:
		there = &node{kind: kindArray, src: b.src, span: last.span, origin: byElements}
		parent.set(last.name, last.span, there)
		fallthrough
	case element && there.origin == byElements:
		table := newTable(b.src, last.span)
		table.origin = byHeader
		there.add(table)
		return table
	case !element && there == nil:
		there = newTable(b.src, last.span)
		there.origin = byHeader
		parent.set(last.name, last.span, there)
		return there
	case !element && there.origin == byPath:
		there.origin, there.keySpan, there.span = byHeader, last.span, last.span
		return there
	}
	return b.redefined(last, there)
}

// headerPath walks along the first parts of a header, through the last element
// where it meets an array of tables, and makes the tables that are missing.
func (b *tomlBuilder) headerPath(keys []part) *node {
	table := b.root
	for _, k := range keys {
		next := table.get(k.name)
		switch {
		case next == nil:
			next = newTable(b.src, k.span)
			next.origin = byPath
			table.set(k.name, k.span, next)
		case next.origin == byValue:
			return b.redefined(k, next)
		case next.origin == byElements:
			next = next.list[len(next.list)-1]
		}
		table = next
	}
	return table
}

// define puts a value into a table, below the tables of a dotted key.
func (b *tomlBuilder) define(table *node, keys []part, value *node) {
	last := keys[len(keys)-1]
	for _, k := range keys[:len(keys)-1] {
		next := table.get(k.name)
		switch {
		case next == nil:
			next = newTable(b.src, k.span)
			next.origin = byDots
			table.set(k.name, k.span, next)
		case next.origin != byDots:
			b.redefined(k, next)
			return
		}
		table = next
	}
	if there := table.get(last.name); there != nil {
		b.redefined(last, there)
		return
	}
	table.set(last.name, last.span, value)
}

func (b *tomlBuilder) redefined(k part, there *node) *node {
	b.problems = append(b.problems, diag.Errorf("toml-syntax", b.src.Location(k.span.start, k.span.end),
		"invalid TOML: trying to redefine an already defined table or value: %q", k.name).
		WithRelated("it is defined here", there.keyAt()))
	return nil
}
