package check

import (
	"os"
	"path/filepath"

	"paddock/internal/diag"
)

// displayName is a path as it is printed: relative to where the user stands.
func displayName(dir, path string) string {
	if rel, err := filepath.Rel(dir, path); err == nil {
		return rel
	}
	return path
}

// relocate names files as seen from dir: the bundler names those of a project
// from its folder on. The configuration's own name is right already.
func relocate(list diag.List, dir, projectDir, configName string) {
	at := func(l *diag.Location) {
		if l.File == "" || l.File == configName {
			return
		}
		path := filepath.FromSlash(l.File)
		if !filepath.IsAbs(path) {
			path = filepath.Join(projectDir, path)
		}
		// What is not a file, such as a module that a plugin made up, keeps
		// its name.
		if _, err := os.Stat(path); err == nil {
			l.File = displayName(dir, path)
		}
	}
	for i := range list {
		at(&list[i].Location)
		for j := range list[i].Related {
			at(&list[i].Related[j].Location)
		}
	}
}
