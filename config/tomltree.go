package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"paddock/internal/diag"
)

// tomlBuilder makes a tree of the parser's expressions.
type tomlBuilder struct {
	src      *diag.Source
	data     []byte
	root     *node
	table    *node // where key-value pairs go: the table of the last header
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
	if ok {
		b.table = b.header(keys, e.Kind == unstable.ArrayTable)
	}
	if !ok || b.table == nil {
		b.table = newTable(b.src, span{}) // what stands in it has no place
	}
}

// keys collects the parts of a key at some depth.
func (b *tomlBuilder) keys(it unstable.Iterator, depth int) (keys []part, ok bool) {
	for it.Next() {
		k := it.Node()
		keys = append(keys, part{string(k.Data), rawSpan(k)})
	}
	if depth+len(keys) > maxDepth {
		b.fail(keys[0].span, tooDeep())
		return nil, false
	}
	return keys, true
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
	b.define(table, keys, value)
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

func rawSpan(n *unstable.Node) span {
	return span{int(n.Raw.Offset), int(n.Raw.Offset + n.Raw.Length)}
}

// setScalar takes over a value without members.
func (n *node) setScalar(v *unstable.Node) error {
	text := string(v.Data)
	switch v.Kind {
	case unstable.String:
		n.kind, n.value = kindString, text
		return nil
	case unstable.Bool:
		n.kind, n.value = kindBool, text == "true"
		return nil
	}
	return n.setNumber(text)
}

// setNumber takes over a number or a date. All but plain integers are left to
// the decoder, as the parser lets through some that are not valid.
func (n *node) setNumber(text string) error {
	i, err := strconv.ParseInt(text, 10, 64)
	if err == nil && strconv.FormatInt(i, 10) == text {
		return n.setInt(i)
	}
	n.kind, n.value = kindInt, int64(0)
	var decoded struct{ V any }
	if err := toml.Unmarshal([]byte("V = "+text), &decoded); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "toml: "))
	}
	switch x := decoded.V.(type) {
	case int64:
		return n.setInt(x)
	case float64:
		n.kind, n.value = kindFloat, x
	default:
		n.kind, n.value = kindDate, text
	}
	return nil
}

// setInt refuses what JavaScript's numbers do not hold: the Worker would see
// another number than the one in the file.
func (n *node) setInt(i int64) error {
	n.kind, n.value = kindInt, i
	if const53 := int64(1) << 53; i > const53 || i < -const53 {
		return fmt.Errorf("the integer %d cannot be represented losslessly", i)
	}
	return nil
}
