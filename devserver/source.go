package devserver

import (
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"paddock/internal/diag"
	"paddock/internal/sourcemap"
)

// locate returns the place of a stack's frame in a project, with the line that
// stands there.
func (s *session) locate(p *project, f sourcemap.Frame) diag.Location {
	if f.File == "" {
		return diag.Location{}
	}
	if text, ok := s.source(p, f.File); ok {
		return diag.NewSource(f.File, text).At(f.Line, f.Column)
	}
	return diag.Location{File: f.File, Line: f.Line, Column: f.Column}
}

// around returns the lines around a place: as they are in the file, as long as
// that still is what the place was found in, else the one that is known.
func (s *session) around(p *project, l diag.Location) sourcemap.Excerpt {
	if l.Line == 0 || l.LineText == "" {
		return sourcemap.Excerpt{}
	}
	column := utf8.RuneCountInString(l.LineText[:min(max(l.Column-1, 0), len(l.LineText))])
	if text, ok := s.source(p, l.File); ok && diag.NewSource(l.File, text).At(l.Line, 1).LineText == l.LineText {
		return sourcemap.NewExcerpt(text, l.Line, column)
	}
	excerpt := sourcemap.NewExcerpt(l.LineText, 1, column)
	excerpt.First = l.Line
	return excerpt
}

// source reads a file that was named to the user: from the project on, or from
// the folder where the session was started.
func (s *session) source(p *project, name string) (string, bool) {
	for _, dir := range []string{p.worker.Dir, s.opts.Dir} {
		path := filepath.FromSlash(name)
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		if text, err := os.ReadFile(path); err == nil {
			return strings.TrimPrefix(string(text), "\ufeff"), true
		}
	}
	return "", false
}
