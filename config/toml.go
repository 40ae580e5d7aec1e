package config

import (
	"errors"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"paddock/internal/diag"
)

// parseTOML parses twice: once into a tree with places, through the parser
// package below go-toml's decoder, and once with the decoder itself, because
// only that one notices keys and tables that are defined twice.
func parseTOML(src *diag.Source) (*node, diag.List) {
	// Clipped, because the parser tells places by capacities.
	data := slices.Clip([]byte(src.Text))
	b := &tomlBuilder{src: src, data: data, root: newTable(src, span{})}
	b.table = b.root
	var p unstable.Parser
	p.Reset(data)
	for len(b.problems) < maxSyntaxErrors && p.NextExpression() {
		b.expression(p.Expression())
	}
	if err := p.Error(); err != nil {
		return nil, append(b.problems, parserError(src, &p, err))
	}
	if len(b.problems) > 0 {
		return nil, b.problems
	}
	var decoded map[string]any
	if err := toml.Unmarshal(data, &decoded); err != nil {
		return nil, diag.List{decodeError(src, err)}
	}
	return b.root, nil
}

// maxSyntaxErrors keeps a file that is no configuration at all from making a
// list as long as itself.
const maxSyntaxErrors = 20

func parserError(src *diag.Source, p *unstable.Parser, err error) diag.Diagnostic {
	at := diag.Location{File: src.Name}
	var pe *unstable.ParserError
	if errors.As(err, &pe) && pe.Highlight != nil {
		r := p.Range(pe.Highlight)
		at = src.Location(int(r.Offset), int(r.Offset)+len(pe.Highlight))
	}
	return diag.Errorf("toml-syntax", at, "invalid TOML: %v", err)
}

func decodeError(src *diag.Source, err error) diag.Diagnostic {
	at := diag.Location{File: src.Name}
	var de *toml.DecodeError
	if errors.As(err, &de) {
		at = src.At(de.Position())
	}
	return diag.Errorf("toml-syntax", at, "invalid TOML: %s", strings.TrimPrefix(err.Error(), "toml: "))
}
