package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2/unstable"

	"paddock/internal/diag"
)

// parseTOML makes a tree with places, through the parser package below
// go-toml's decoder. The decoder itself gives no places of values, and its
// search for keys that are defined twice takes time with the square of their
// number.
func parseTOML(src *diag.Source) (*node, diag.List) {
	// Clipped, because the parser tells places by capacities.
	data := slices.Clip([]byte(src.Text))
	b := &tomlBuilder{src: src, data: data, root: newTable(src, span{})}
	b.table = b.root
	if offset, err := checkTOMLBounds(src.Text); err != nil {
		b.fail(span{offset, offset + 1}, err)
		return nil, b.problems
	}
	var p unstable.Parser
	p.Reset(data)
	for len(b.problems) < maxSyntaxErrors && p.NextExpression() {
		b.expression(p.Expression())
	}
	if err := p.Error(); err != nil {
		return nil, append(b.problems, parserError(src, &p, err))
	}
	return b.root, b.problems
}

// maxSyntaxErrors keeps a file that is no configuration at all from making a
// list as long as itself.
const maxSyntaxErrors = 20

func parserError(src *diag.Source, p *unstable.Parser, err error) diag.Diagnostic {
	at := diag.Location{File: src.Name}
	message := err.Error()
	var pe *unstable.ParserError
	if errors.As(err, &pe) && pe.Highlight != nil {
		start := int(p.Range(pe.Highlight).Offset)
		r, size := utf8.DecodeRuneInString(src.Text[start:])
		at = src.Location(start, start+max(len(pe.Highlight), size))
		// The parser speaks of the first byte as if it were a character.
		if before, _, found := strings.Cut(message, "U+"); found && r >= utf8.RuneSelf {
			message = before + fmt.Sprintf("%#U", r)
		}
	}
	return diag.Errorf("toml-syntax", at, "invalid TOML: %s", message)
}
