package cmd

import (
	"os"
	"path/filepath"
	"slices"

	"paddock/internal/diag"
)

// fromRoot names files as seen from the root of the repository around dir,
// which is how those who show diagnostics beside code know them. What lies
// outside keeps its whole path. Without a repository dir is the root.
func fromRoot(dir string, list diag.List) diag.List {
	root := repository(dir)
	rename := func(l diag.Location) diag.Location {
		if l.File == "" {
			return l
		}
		path := l.File
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		l.File = path
		if rel, err := filepath.Rel(root, path); err == nil && filepath.IsLocal(rel) {
			l.File = rel
		}
		return l
	}
	renamed := slices.Clone(list)
	for i := range renamed {
		d := &renamed[i]
		d.Location = rename(d.Location)
		d.Related = slices.Clone(d.Related)
		for j := range d.Related {
			d.Related[j].Location = rename(d.Related[j].Location)
		}
	}
	return renamed
}

// repository returns the folder at or above dir that is a git repository's, or
// dir. A worktree and a submodule have a file there instead of a folder.
func repository(dir string) string {
	for up := dir; ; {
		if _, err := os.Lstat(filepath.Join(up, ".git")); err == nil {
			return up
		}
		parent := filepath.Dir(up)
		if parent == up {
			return dir
		}
		up = parent
	}
}
