package config

import (
	"fmt"
	"strings"
)

// What a configuration may hold at most. Everything that walks a tree relies
// on it, and the parsers need it, too: one of them overflows the stack on a
// long run of brackets, from which nothing can recover, and both make of each
// value of two bytes a node of two hundred.
const (
	maxDepth  = 128
	maxValues = 200_000
)

// bounds counts what a text holds before a parser sees it.
type bounds struct{ depth, values int }

// see takes a byte that is part of neither a string nor a comment.
func (b *bounds) see(c byte) error {
	switch c {
	case '[', '{':
		b.depth++
	case ']', '}':
		b.depth--
	case ',', '=', ':':
		b.values++
	}
	switch {
	case b.depth > maxDepth:
		return tooDeep()
	case b.values > maxValues:
		return fmt.Errorf("more than %d values, which no configuration has", maxValues)
	}
	return nil
}

func tooDeep() error {
	return fmt.Errorf("tables and arrays are nested more than %d levels deep", maxDepth)
}

// checkJSONBounds returns where a text goes beyond the bounds, and why.
func checkJSONBounds(text string) (int, error) {
	var b bounds
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i += stringLength(text[i:], '"', true) - 1
		case '/':
			i += commentLength(text[i:])
		default:
			if err := b.see(text[i]); err != nil {
				return i, err
			}
		}
	}
	return 0, nil
}

// commentLength returns how far it is from the start of a comment to its last
// byte, and 0 if there is no comment.
func commentLength(text string) int {
	end := ""
	switch {
	case strings.HasPrefix(text, "//"):
		end = "\n"
	case strings.HasPrefix(text, "/*"):
		end = "*/"
	default:
		return 0
	}
	if i := strings.Index(text[2:], end); i >= 0 {
		return 2 + i + len(end) - 1
	}
	return len(text)
}

// stringLength returns the length of a string that a text begins with, the
// quotation marks included. One that is not closed goes to the end of its line.
func stringLength(text string, quote byte, escapes bool) int {
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && escapes:
			i++
		case c == quote:
			return i + 1
		case c == '\n':
			return i
		}
	}
	return len(text)
}

// checkTOMLBounds is checkJSONBounds for TOML.
func checkTOMLBounds(text string) (int, error) {
	var b bounds
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '"', '\'':
			i += tomlStringLength(text[i:], c) - 1
		case '#':
			end := strings.IndexByte(text[i:], '\n')
			if end < 0 {
				return 0, nil
			}
			i += end
		default:
			if err := b.see(c); err != nil {
				return i, err
			}
		}
	}
	return 0, nil
}

// tomlStringLength knows strings of several lines, too. They may end in up to
// five quotation marks, of which the first ones are theirs.
func tomlStringLength(text string, quote byte) int {
	mark := strings.Repeat(string(quote), 3)
	if !strings.HasPrefix(text, mark) {
		return stringLength(text, quote, quote == '"')
	}
	for i := len(mark); i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote == '"':
			i++
		case strings.HasPrefix(text[i:], mark):
			for i += len(mark); i < len(text) && text[i] == quote; i++ {
			}
			return i
		}
	}
	return len(text)
}
