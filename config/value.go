package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// What is in a node. All of these bear nodes that are not there, and values of
// another kind.

// text returns the value of a string or a date, and "" for other kinds.
func (n *node) text() string {
	if !n.is(kindString | kindDate) {
		return ""
	}
	return n.value.(string)
}

// texts returns the strings of an array that are not empty.
func (n *node) texts() []string {
	var list []string
	for _, e := range n.elements() {
		if s := e.text(); s != "" {
			list = append(list, s)
		}
	}
	return list
}

// textMap returns the strings of a table by name.
func (n *node) textMap() map[string]string {
	m := make(map[string]string)
	for _, e := range n.fields() {
		if e.is(kindString) {
			m[e.name] = e.text()
		}
	}
	return m
}

// truth says whether the value is true.
func (n *node) truth() bool { return n.is(kindBool) && n.value.(bool) }

// flag returns the value of a bool, and nil for other kinds.
func (n *node) flag() *bool {
	if !n.is(kindBool) {
		return nil
	}
	value := n.truth()
	return &value
}

// number returns the value of a number.
func (n *node) number() float64 {
	if i, ok := n.value.(int64); ok {
		return float64(i)
	}
	return n.value.(float64)
}

// amount returns the value of a number, and nil for other kinds.
func (n *node) amount() *float64 {
	if !n.is(kindNumber) {
		return nil
	}
	value := n.number()
	return &value
}

// empty says whether the value holds nothing: null, [], {}, or tables of such.
func (n *node) empty() bool {
	switch n.kind {
	case kindNull:
		return true
	case kindArray:
		return len(n.list) == 0
	case kindTable:
		for _, child := range n.list {
			if !child.empty() {
				return false
			}
		}
		return true
	}
	return false
}

// plain returns the value as encoding/json would decode it, but for whole
// numbers, which are int64. Values that JSON does not have come as text.
func (n *node) plain() any {
	switch n.kind {
	case kindNull:
		return nil
	case kindArray:
		list := make([]any, 0, len(n.list))
		for _, child := range n.list {
			list = append(list, child.plain())
		}
		return list
	case kindTable:
		table := make(map[string]any, len(n.list))
		for _, child := range n.list {
			table[child.name] = child.plain()
		}
		return table
	case kindFloat:
		if f := n.value.(float64); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Sprint(f)
		}
	}
	return n.value
}

// maxQuoted is how much of a value is quoted in a message.
const maxQuoted = 80

// quote renders the value as JSON for a message, cut to a readable length.
func (n *node) quote() string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(n.plain()); err != nil {
		return "a value that JSON cannot hold"
	}
	s := strings.TrimSuffix(b.String(), "\n")
	if len(s) <= maxQuoted {
		return s
	}
	end := maxQuoted
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}
