package bundle

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"paddock/internal/diag"
)

// checkEntry sees to it that there is a file to start from: esbuild's own
// words for it would not lead to the configuration.
func (b *Builder) checkEntry() (diag.Diagnostic, bool) {
	w := b.worker
	if w.Main == "" {
		return diag.Errorf("entry-missing", w.MainLocation, "Missing entry-point to Worker script").
			WithHint(`add a line such as main = "src/index.ts" to the configuration`), false
	}
	b.inputs.add(w.Main)
	info, err := os.Stat(w.Main)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return diag.Errorf("entry-not-found", w.MainLocation,
			"The entry-point file at %q was not found", b.relative(w.Main)), false
	case err != nil:
		return diag.Errorf("entry-not-found", w.MainLocation,
			"The entry-point file at %q cannot be read: %v", b.relative(w.Main), err), false
	case info.IsDir():
		d := diag.Errorf("entry-is-directory", w.MainLocation,
			"The provided entry-point path, %q, points to a directory, rather than a file", b.relative(w.Main))
		if found := entriesIn(w.Main); len(found) > 0 {
			for i := range found {
				found[i] = `main = "` + b.relative(found[i]) + `"`
			}
			d = d.WithHint("did you mean one of these?\n%s", strings.Join(found, "\n"))
		}
		return d, false
	}
	return diag.Diagnostic{}, true
}

// entriesIn returns the files of a folder that look like an entry point.
func entriesIn(dir string) []string {
	var found []string
	for _, name := range []string{"worker", "dist/worker", "index", "dist/index", "src/index"} {
		for _, ext := range []string{".ts", ".tsx", ".mjs", ".js", ".jsx"} {
			path := filepath.Join(dir, filepath.FromSlash(name+ext))
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
				found = append(found, path)
			}
		}
	}
	return found
}

var listenerCall = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\baddEventListener\s*\(`) })

// noHandlers is the error for an entry point that exports nothing: either it
// is not the file that was meant, or it is in the service-worker format.
func (b *Builder) noHandlers() diag.Diagnostic {
	const message = "No event handlers were registered. This script does nothing."
	name := b.relative(b.worker.Main)
	// A file that cannot be read any more counts as empty; the message holds.
	text, _ := os.ReadFile(b.worker.Main)
	if at := listenerCall().FindIndex(text); at != nil {
		place := diag.NewSource(name, string(text)).Location(at[0], at[1]-1)
		return diag.Errorf("service-worker", place, message).
			WithHint("the file registers its handlers with addEventListener, as a service worker does, which is not supported;\n" +
				"write them as a module: export default { async fetch(request, env, ctx) { … } }")
	}
	return diag.Errorf("no-handlers", diag.Location{File: name}, message).
		WithHint("the file exports nothing: see to it that main points to the file with export default { … } and with the Durable Object classes")
}

// relative is how a path is printed: from the project on, with slashes.
func (b *Builder) relative(path string) string {
	for _, dir := range []string{b.worker.Dir, b.dir} {
		if rel, err := filepath.Rel(dir, path); err == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel)
		}
	}
	if rel, err := filepath.Rel(b.worker.Dir, path); err == nil {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(path)
}
