package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/tailscale/hujson"

	"paddock/internal/diag"
)

// parseJSON parses JSON with comments and trailing commas, which Wrangler
// allows in .json files too.
func parseJSON(src *diag.Source) (*node, diag.List) {
	if offset, err := checkJSONBounds(src.Text); err != nil {
		return nil, diag.List{diag.Errorf("json-syntax", src.Location(offset, offset+1), "invalid JSON: %v", err)}
	}
	// The parser wants a line comment to have an end; many files end in one.
	value, err := hujson.Parse([]byte(src.Text + "\n"))
	if err != nil {
		return nil, diag.List{jsonError(src, err)}
	}
	b := jsonBuilder{src: src}
	root := b.value(value)
	if root.kind != kindTable {
		b.problems.add(diag.Errorf("json-syntax", root.at(), "the configuration should be an object but got %s", root.quote()))
	}
	return root, b.problems.sorted()
}

func jsonError(src *diag.Source, err error) diag.Diagnostic {
	at := diag.Location{File: src.Name}
	text := err.Error()
	// The parser says where an error is in its text, and in no other way.
	var line, column int
	if n, _ := fmt.Sscanf(text, "hujson: line %d, column %d:", &line, &column); n == 2 {
		_, text, _ = strings.Cut(strings.TrimPrefix(text, "hujson: "), ": ")
		at = src.At(line, column)
		// Where the text stops too early, point at its end and not at the
		// line after it, at which the parser noticed.
		if end := strings.TrimRight(src.Text, " \t\r\n"); line > strings.Count(end, "\n")+1 {
			at = src.Location(len(end), len(end))
		}
	}
	// The parser quotes the whole literal, which after a forgotten quotation
	// mark is the rest of the file.
	if strings.HasPrefix(text, "invalid literal") {
		text = "invalid literal"
	}
	d := diag.Errorf("json-syntax", at, "invalid JSON: %s", text)
	if strings.TrimSpace(src.Text) == "" {
		d.Message = "invalid JSON: ValueExpected: the file is empty"
	}
	return d
}

// jsonBuilder makes a tree of the parser's values.
type jsonBuilder struct {
	src      *diag.Source
	problems collector
}

func (b *jsonBuilder) value(v hujson.Value) *node {
	n := &node{src: b.src, span: span{v.StartOffset, v.EndOffset}}
	switch x := v.Value.(type) {
	case *hujson.Object:
		*n = *newTable(b.src, n.span)
		for _, m := range x.Members {
			b.member(n, m)
		}
	case *hujson.Array:
		n.kind = kindArray
		for _, e := range x.Elements {
			n.add(b.value(e))
		}
	case hujson.Literal:
		if err := n.setLiteral(x); err != nil {
			b.problems.add(diag.Errorf("json-syntax", n.at(), "invalid JSON: %v", err))
		}
	}
	return n
}

func (b *jsonBuilder) member(table *node, m hujson.ObjectMember) {
	name := literalText(m.Name.Value.(hujson.Literal))
	child := b.value(m.Value)
	replaced := table.set(name, span{m.Name.StartOffset, m.Name.EndOffset}, child)
	if replaced == nil {
		return
	}
	b.problems.add(diag.Warningf("duplicate-key", child.keyAt(), "the key %q stands twice; the last one counts", name).
		WithRelated("the first one is here", replaced.keyAt()))
}

// literalText returns the text of a string. Few have escapes, for which the
// literal's own method runs a decoder.
func literalText(l hujson.Literal) string {
	if bytes.IndexByte(l, '\\') < 0 {
		return string(l[1 : len(l)-1])
	}
	return l.String()
}

func (n *node) setLiteral(l hujson.Literal) error {
	switch l.Kind() {
	case 'n':
		n.kind = kindNull
	case 't', 'f':
		n.kind, n.value = kindBool, l.Bool()
	case '"':
		n.kind, n.value = kindString, literalText(l)
	default:
		if i, err := strconv.ParseInt(string(l), 10, 64); err == nil {
			n.kind, n.value = kindInt, i
			return nil
		}
		var f float64
		n.kind = kindFloat
		if err := json.Unmarshal(l, &f); err != nil {
			n.value = 0.0
			return errors.New("the number is out of range")
		}
		n.value = f
	}
	return nil
}
