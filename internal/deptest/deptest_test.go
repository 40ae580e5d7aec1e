// Package deptest holds the house map as a test: which room may import which.
// Imports point one way, so that a room can be understood without those above
// it. A room that needs more than its line here is a sign that something lives
// in the wrong room; docs/ARCHITECTURE.md says what each is for.
package deptest

import (
	"go/build"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mayImport is the map. A room that is not in it may not exist.
var mayImport = map[string][]string{
	".":                   {"cmd"},
	"bench":               {"engine", "internal/peers", "internal/proc"},
	"check":               {"bundle", "config", "internal/diag", "migrate"},
	"cmd":                 {"bundle", "check", "config", "devserver", "engine", "gateway", "internal/cfapi", "internal/diag", "internal/iostreams", "local", "local/control", "migrate", "publish", "tail"},
	"devserver":           {"bundle", "config", "devserver/errorpage", "gateway", "internal/diag", "internal/iostreams", "internal/sourcemap", "local", "publish", "tail"},
	"devserver/errorpage": {"internal/diag", "internal/sourcemap"},
	"local":               {"engine", "gateway", "internal/cfapi", "internal/cron", "internal/proc", "internal/sourcemap", "local/store", "migrate", "tail"},
	"local/store":         {},
	"local/control":       {"internal/cfapi", "local", "migrate", "tail"},
	"engine":              {"internal/proc"},
	"engine/embed":        {"engine", "internal/iostreams"},
	"engine/enginetest":   {"engine"},
	"gateway":             {},
	"publish":             {"bundle", "config", "internal/cfapi", "internal/diag", "migrate"},
	"tail":                {"internal/cfapi", "internal/iostreams"},
	"bundle":              {"config", "internal/diag"},
	"config":              {"internal/cron", "internal/diag", "migrate"},
	"migrate":             {"internal/diag"},
	"internal/cfapi":      {},
	"internal/cron":       {},
	"internal/diag":       {},
	"internal/sourcemap":  {},
	"internal/iostreams":  {},
	"internal/proc":       {},
	"internal/deptest":    {},
	"internal/peers":      {},
	"internal/soak":       {},
	"internal/testcloud":  {"internal/cfapi"},
}

// testOnly are packages that no program code may import.
var testOnly = []string{"engine/enginetest", "internal/soak", "internal/testcloud"}

func TestImportsPointOneWay(t *testing.T) {
	const root = "../.."
	rooms := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if name := d.Name(); path != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules") {
			return fs.SkipDir
		}
		pkg, err := build.ImportDir(path, 0)
		if _, empty := err.(*build.NoGoError); empty {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		room := filepath.ToSlash(rel)
		rooms[room] = true
		check(t, room, pkg.Imports)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for room := range mayImport {
		if !rooms[room] {
			t.Errorf("the map has a room %q that does not exist", room)
		}
	}
}

func check(t *testing.T, room string, imports []string) {
	t.Helper()
	allowed, known := mayImport[room]
	if !known {
		t.Errorf("%s is not on the house map: give it a line, and a place in docs/ARCHITECTURE.md", room)
		return
	}
	var used []string
	for _, path := range imports {
		target, ours := strings.CutPrefix(path, "paddock/")
		if !ours {
			continue
		}
		used = append(used, target)
		if !slices.Contains(allowed, target) {
			t.Errorf("%s imports %s, which the house map does not allow", room, target)
		}
		if slices.Contains(testOnly, target) {
			t.Errorf("%s imports %s, which is for tests only", room, target)
		}
	}
	for _, target := range allowed {
		if !slices.Contains(used, target) {
			t.Errorf("the house map lets %s import %s, which it no longer does", room, target)
		}
	}
}
