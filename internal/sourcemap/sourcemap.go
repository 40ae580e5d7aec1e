// Package sourcemap leads places in generated JavaScript back to the sources
// it was made from.
//
// [Parse] reads a version 3 source map. [MapStack] rewrites a V8 stack trace
// with it, [Calls] takes one apart, and [TopFrame] gives the first place of one
// together with the lines of source around it.
//
// Maps come from strangers: they are uploaded with a script. Nothing in this
// package panics on one, and memory stays within a small multiple of its size.
package sourcemap

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"sort"
	"strings"
)

// Map is a parsed source map. It does not change, so it can be used from
// several goroutines.
type Map struct {
	sources  []string
	contents []*string // of the source at the same index; nil where unknown
	segments []segment // of all lines, one line after the other
	lines    []int     // index of the first segment of each generated line
}

// Parse reads a source map. Index maps, which join several maps by sections,
// are refused: no bundler of Workers writes them.
func Parse(mapJSON []byte) (*Map, error) {
	var raw struct {
		Version        int             `json:"version"`
		SourceRoot     string          `json:"sourceRoot"`
		Sources        []*string       `json:"sources"`
		SourcesContent []*string       `json:"sourcesContent"`
		Mappings       string          `json:"mappings"`
		Sections       json.RawMessage `json:"sections"`
	}
	if err := json.Unmarshal(mapJSON, &raw); err != nil {
		return nil, fmt.Errorf("parse source map: %w", err)
	}
	if raw.Version != 3 {
		return nil, fmt.Errorf("parse source map: version %d is not supported, only 3 is", raw.Version)
	}
	if raw.Sections != nil {
		return nil, errors.New("parse source map: maps with sections are not supported")
	}

	m := &Map{
		sources:  make([]string, len(raw.Sources)),
		contents: make([]*string, len(raw.Sources)),
	}
	for i, s := range raw.Sources {
		if s != nil {
			m.sources[i] = sourcePath(raw.SourceRoot, *s)
		}
	}
	copy(m.contents, raw.SourcesContent)
	var err error
	if m.segments, m.lines, err = decodeMappings(raw.Mappings, len(m.sources)); err != nil {
		return nil, fmt.Errorf("parse source map: %w", err)
	}
	return m, nil
}

// position is a place in a source; line and column are 0-based, and the
// column counts UTF-16 units, as it stands in the map.
type position struct {
	source, line, column int
}

// find returns where the generated place, 0-based, comes from. Only mappings
// of the same line count: what the bundler put in by itself has none, and
// must not be taken for the code before it.
func (m *Map) find(line, column int) (position, bool) {
	if line < 0 || line >= len(m.lines) {
		return position{}, false
	}
	end := len(m.segments)
	if line+1 < len(m.lines) {
		end = m.lines[line+1]
	}
	row := m.segments[m.lines[line]:end]
	i := sort.Search(len(row), func(i int) bool { return int(row[i].generated) > column }) - 1
	if i < 0 || row[i].source < 0 {
		return position{}, false
	}
	return position{int(row[i].source), int(row[i].line), int(row[i].column)}, true
}

// sourcePath cleans the path of a source. Paths are relative to the map or to
// the root, which leads out of an output folder ("../src/index.ts"); without
// a root, what remains is the path within the project.
func sourcePath(root, source string) string {
	if strings.Contains(source, "://") {
		return source
	}
	source = strings.ReplaceAll(source, `\`, "/")
	switch {
	case strings.Contains(root, "://"):
		return strings.TrimSuffix(root, "/") + "/" + strings.TrimPrefix(source, "/")
	case root != "" && !path.IsAbs(source):
		source = path.Join(strings.ReplaceAll(root, `\`, "/"), source)
	default:
		source = path.Clean(source)
	}
	for strings.HasPrefix(source, "../") {
		source = source[len("../"):]
	}
	return source
}

// sortRows brings the segments of each line into order; the format does not
// promise one.
func sortRows(segments []segment, lines []int) {
	byColumn := func(a, b segment) int { return int(a.generated) - int(b.generated) }
	for i, start := range lines {
		end := len(segments)
		if i+1 < len(lines) {
			end = lines[i+1]
		}
		if row := segments[start:end]; !slices.IsSortedFunc(row, byColumn) {
			slices.SortStableFunc(row, byColumn)
		}
	}
}
