package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"

	"paddock/internal/diag"
)

// tomlBuilder makes a tree of the parser's expressions. It bears definitions
// that contradict each other without reporting them; the decoder does that.
type tomlBuilder struct {
	src      *diag.Source
	data     []byte
	root     *node
	table    *node // where key-value pairs go: the table of the last header
	keyCount int
	problems diag.List
}

// part is one part of a dotted key.
type part struct {
	name string
	span span
}

func (b *tomlBuilder) expression(e *unstable.Node) {
	if e.Kind == unstable.KeyValue {
		b.keyValue(b.table, e, 0)
		return
	}
	keys, ok := b.keys(e.Key(), 0)
	if !ok {
		return
	}
	last := keys[len(keys)-1]
	parent := b.descend(b.root, keys[:len(keys)-1])
	switch e.Kind {
	case unstable.Table:
		b.table = parent.get(last.name)
		if !b.table.is(kindTable) {
			b.table = newTable(b.src, last.span)
			parent.set(last.name, last.span, b.table)
		}
	case unstable.ArrayTable:
		array := parent.get(last.name)
		if !array.is(kindArray) {
			array = &node{kind: kindArray, src: b.src, span: last.span}
			parent.set(last.name, last.span, array)
		}
		b.table = newTable(b.src, last.span)
		array.add(b.table)
	}
}

// maxKeys bounds the time of the decoder's search for keys that are defined
// twice, which grows with the square of their number.
const maxKeys = 10_000

// keys collects the parts of a key at some depth.
func (b *tomlBuilder) keys(it unstable.Iterator, depth int) (keys []part, ok bool) {
	for it.Next() {
		k := it.Node()
		keys = append(keys, part{string(k.Data), rawSpan(k)})
	}
	before := b.keyCount
	b.keyCount += len(keys)
	switch {
	case before > maxKeys:
		return nil, false // said already
	case depth+len(keys) > maxDepth:
		b.fail(keys[0].span, tooDeep())
		return nil, false
	case b.keyCount > maxKeys:
		b.fail(keys[0].span, fmt.Errorf("more than %d keys, which no configuration has", maxKeys))
		return nil, false
	}
	return keys, true
}

// descend walks down from a table, through the last element where it meets an
// array of tables, and makes the tables that are missing.
func (b *tomlBuilder) descend(table *node, keys []part) *node {
	for _, k := range keys {
		next := table.get(k.name)
		if next.is(kindArray) && len(next.list) > 0 {
			next = next.list[len(next.list)-1]
		}
		if !next.is(kindTable) {
			next = newTable(b.src, k.span)
			table.set(k.name, k.span, next)
		}
		table = next
	}
	return table
}

// keyValue puts a pair into a table and returns where its value ends.
func (b *tomlBuilder) keyValue(table *node, kv *unstable.Node, depth int) (end int) {
	end = int(kv.Raw.Offset + kv.Raw.Length)
	keys, ok := b.keys(kv.Key(), depth)
	if !ok {
		return end
	}
	last := keys[len(keys)-1]
	start := b.skipBlank(last.span.end)
	start = b.skipBlank(start + len("="))
	value, _ := b.value(kv.Value(), start, depth+len(keys))
	b.descend(table, keys[:len(keys)-1]).set(last.name, last.span, value)
	return end
}

// value makes a node of a value that starts at an offset, and returns where it
// ends. The parser gives no places for arrays and only a start for inline
// tables, so the offsets are followed through the text.
func (b *tomlBuilder) value(v *unstable.Node, start, depth int) (*node, int) {
	n := &node{src: b.src}
	end := start + 1
	switch v.Kind {
	case unstable.Array, unstable.InlineTable:
		if depth >= maxDepth {
			b.fail(span{start, start + 1}, tooDeep())
			n.kind = kindNull
			return n, end
		}
		if v.Kind == unstable.Array {
			end = b.array(n, v, start, depth)
		} else {
			end = b.inlineTable(n, v, start, depth)
		}
		n.span = span{start, end}
		return n, end
	}
	n.span = rawSpan(v)
	if err := n.setScalar(v); err != nil {
		b.fail(n.span, err)
	}
	return n, n.span.end
}

func (b *tomlBuilder) array(n *node, v *unstable.Node, pos, depth int) (end int) {
	n.kind = kindArray
	it := v.Children()
	pos = b.skipTrivia(pos+1, nil)
	for it.Next() {
		var child *node
		child, pos = b.value(it.Node(), pos, depth+1)
		n.add(child)
		pos = b.skipTrivia(pos, nil)
	}
	return pos + 1
}

// inlineTable also holds the document to TOML 1.0, where an inline table
// stands on one line and has no trailing comma. The parser takes TOML 1.1, but
// the tools that a wrangler.toml must work with do not.
func (b *tomlBuilder) inlineTable(n *node, v *unstable.Node, pos, depth int) (end int) {
	*n = *newTable(b.src, span{})
	open, comma, lineBreak := pos, -1, -1
	note := func(offset int) {
		switch {
		case b.data[offset] == ',':
			comma = offset
		case lineBreak < 0:
			lineBreak = offset
		}
	}
	pos = b.skipTrivia(pos+1, note)
	it := v.Children()
	for it.Next() {
		comma = -1
		pos = b.skipTrivia(b.keyValue(n, it.Node(), depth+1), note)
	}
	switch {
	case lineBreak >= 0:
		b.fail(span{open, open + 1}, errors.New("line breaks are not allowed in an inline table; "+
			"put { … } on one line, or use a [table] of its own"))
	case comma >= 0:
		b.fail(span{comma, comma + 1}, errors.New("a trailing comma is not allowed in an inline table"))
	}
	return pos + 1
}

// skipTrivia moves over what may stand between the members of an array or
// inline table. It reports line breaks and commas.
func (b *tomlBuilder) skipTrivia(pos int, note func(offset int)) int {
	for pos < len(b.data) {
		switch b.data[pos] {
		case ' ', '\t', '\r':
		case '\n', ',':
			if note != nil {
				note(pos)
			}
		case '#':
			for pos < len(b.data) && b.data[pos] != '\n' {
				pos++
			}
			continue
		default:
			return pos
		}
		pos++
	}
	return pos
}

func (b *tomlBuilder) skipBlank(pos int) int {
	for pos < len(b.data) && (b.data[pos] == ' ' || b.data[pos] == '\t') {
		pos++
	}
	return pos
}

func (b *tomlBuilder) fail(at span, err error) {
	b.problems = append(b.problems, diag.Errorf("toml-syntax", b.src.Location(at.start, at.end), "invalid TOML: %v", err))
}

func tooDeep() error {
	return fmt.Errorf("tables and arrays are nested more than %d levels deep", maxDepth)
}

func rawSpan(n *unstable.Node) span {
	return span{int(n.Raw.Offset), int(n.Raw.Offset + n.Raw.Length)}
}

// setScalar takes over a value without members.
func (n *node) setScalar(v *unstable.Node) (err error) {
	text := string(v.Data)
	switch v.Kind {
	case unstable.String:
		n.kind, n.value = kindString, text
	case unstable.Bool:
		n.kind, n.value = kindBool, text == "true"
	case unstable.Integer:
		var i int64
		i, err = strconv.ParseInt(text, 0, 64)
		// JavaScript's numbers end at 2^53; beyond, the Worker would see
		// another number than the one in the file.
		if const53 := int64(1) << 53; err != nil || i > const53 || i < -const53 {
			err = fmt.Errorf("the integer %s cannot be represented losslessly", text)
		}
		n.kind, n.value = kindInt, i
	case unstable.Float:
		var f float64
		if f, err = strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64); err != nil {
			err = fmt.Errorf("the number %s is out of range", text)
		}
		n.kind, n.value = kindFloat, f
	default:
		n.kind, n.value = kindDate, text
	}
	return err
}
