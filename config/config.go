// Package config reads a Wrangler configuration - wrangler.toml, .json or
// .jsonc - and says what it means for one environment.
//
// Start with [Load], which finds and parses the file, and [File.Resolve],
// which makes a [Worker] of it. Both formats are parsed into one tree (node.go)
// whose nodes know their places, and one table (fields.go) says of each field
// whether environments inherit it and what is done with it. Problems are
// collected, never thrown: one run reports all of them, each where it stands.
package config

import (
	"fmt"
	"path/filepath"
	"strings"

	"paddock/internal/diag"
)

// DefaultCompatibilityDate is what a Worker without compatibility_date runs
// as, here as on the platform.
const DefaultCompatibilityDate = "2021-11-02"

// File is a parsed configuration file.
type File struct {
	Path string // absolute
	Dir  string // the folder of Path, to which the file's paths are relative
	// UserPath is the configuration that a build tool has made this one of,
	// "" if it has not. See [LoadBuilt].
	UserPath string

	syntax syntax
	src    *diag.Source
	root   *node
}

// syntax is the language of a configuration file.
type syntax int

const (
	syntaxTOML syntax = iota
	syntaxJSON        // .json and .jsonc alike: Wrangler reads both leniently
)

// Load reads the configuration at path, which may be relative to dir. An empty
// path looks for one in dir and the folders above it, and an empty dir is the
// current folder. The list holds what keeps the file from being read and what
// is wrong with its syntax; the File is nil if that includes an error.
func Load(dir, path string) (*File, diag.List) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, diag.FromError(fmt.Errorf("find the current folder: %w", err))
	}
	var problems diag.List
	if path == "" {
		if path, problems = discover(dir); path == "" {
			return nil, problems
		}
	} else if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	name := displayName(dir, path)
	text, unreadable := readFile(path, name)
	if unreadable != nil {
		return nil, append(problems, *unreadable)
	}
	f, wrong := Parse(path, name, text)
	return f, append(problems, wrong...)
}

// Parse makes a File of a text that was, or would be, at an absolute path,
// such as one from an older revision of it. The path's suffix says in which
// syntax it is; the name is what problems are reported under. The File is nil
// if the list holds an error.
func Parse(path, name, text string) (*File, diag.List) {
	f := &File{Path: path, Dir: filepath.Dir(path), syntax: syntaxTOML}
	if !strings.EqualFold(filepath.Ext(path), ".toml") {
		f.syntax = syntaxJSON
	}
	f.src = diag.NewSource(name, strings.TrimPrefix(text, "\ufeff"))
	root, problems := parse(f.src, f.syntax)
	if problems = problems.Sorted(); problems.HasErrors() {
		return nil, problems
	}
	f.root = root
	return f, problems
}

// Environments returns the names of the environments that the file defines, in
// the order of the file.
func (f *File) Environments() []string {
	var names []string
	for _, env := range f.root.get("env").fields() {
		names = append(names, env.name)
	}
	return names
}

// parse makes a tree of a text in either format. The root is a table unless
// the list holds an error.
func parse(src *diag.Source, syntax syntax) (*node, diag.List) {
	if bad := checkEncoding(src); bad != nil {
		return nil, diag.List{*bad}
	}
	if syntax == syntaxJSON {
		return parseJSON(src)
	}
	return parseTOML(src)
}

// displayName is how a path is printed: relative to where the user stands,
// which is shorter and can still be clicked.
func displayName(dir, path string) string {
	if rel, err := filepath.Rel(dir, path); err == nil {
		return rel
	}
	return path
}
