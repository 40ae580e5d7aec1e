package devserver

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

// patience is far beyond what an event takes.
const patience = 10 * time.Second

// watching is a watcher on files of a folder of its own.
type watching struct {
	*watcher
	t     *testing.T
	dir   string
	files []string
}

// watchFiles makes the files that have content and follows all of them.
func watchFiles(t *testing.T, content map[string]string) *watching {
	t.Helper()
	fs, err := fsnotify.NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { fs.Close() })
	w := &watching{watcher: &watcher{fs: fs, dirs: map[string]bool{}}, t: t, dir: t.TempDir()}
	for name, text := range content {
		if text != "" {
			w.write(name, text)
		}
		w.files = append(w.files, w.path(name))
	}
	// Later than anything above, so that nothing counts as missed.
	w.follow(time.Now().Add(time.Hour))
	return w
}

func (w *watching) path(name string) string {
	return filepath.Join(w.dir, filepath.FromSlash(name))
}

func (w *watching) follow(read time.Time) []string {
	w.t.Helper()
	missed, err := w.watcher.follow(w.files, read)
	if err != nil {
		w.t.Fatal(err)
	}
	return missed
}

func (w *watching) write(name, text string) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(w.path(name)), 0o777); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(w.path(name), []byte(text), 0o666); err != nil {
		w.t.Fatal(err)
	}
}

func (w *watching) rename(from, to string) {
	w.t.Helper()
	if err := os.Rename(w.path(from), w.path(to)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *watching) remove(name string) {
	w.t.Helper()
	if err := os.RemoveAll(w.path(name)); err != nil {
		w.t.Fatal(err)
	}
}

// want waits for changes until those of the given files have come, following
// after each as a session does. A change may take more than one report, but
// no other file may be in any.
func (w *watching) want(names ...string) {
	w.t.Helper()
	missing := map[string]bool{}
	for _, name := range names {
		missing[w.path(name)] = true
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	for len(missing) > 0 {
		changed, err := w.wait(ctx, nil)
		if err != nil {
			w.t.Fatalf("waiting for %v: %v", missing, err)
		}
		for _, file := range changed {
			if !slices.Contains(names, w.name(file)) {
				w.t.Errorf("%s is said to have changed", file)
			}
			delete(missing, file)
		}
		w.follow(time.Now().Add(time.Hour))
	}
}

func (w *watching) name(file string) string {
	rel, err := filepath.Rel(w.dir, file)
	if err != nil {
		w.t.Fatal(err)
	}
	return filepath.ToSlash(rel)
}

func TestWatchSave(t *testing.T) {
	w := watchFiles(t, map[string]string{"src/a.js": "1", "src/b.js": "1", "wrangler.toml": "1"})
	w.write("src/other.js", "not watched")
	w.write("src/a.js", "2")
	w.want("src/a.js")
	w.write("wrangler.toml", "2")
	w.want("wrangler.toml")
}

// Editors write a new file and put it in the old one's place, again and again.
func TestWatchRenameReplace(t *testing.T) {
	w := watchFiles(t, map[string]string{"src/a.js": "1"})
	for range 3 {
		w.write("src/.a.js.swp", "2")
		w.rename("src/.a.js.swp", "src/a.js")
		w.want("src/a.js")
	}
}

// Vim moves the old file away first.
func TestWatchBackupAndWrite(t *testing.T) {
	w := watchFiles(t, map[string]string{"a.js": "1"})
	w.rename("a.js", "a.js~")
	w.write("a.js", "2")
	w.want("a.js")
	w.write("a.js", "3")
	w.want("a.js")
}

func TestWatchDelete(t *testing.T) {
	w := watchFiles(t, map[string]string{"a.js": "1", "b.js": "1"})
	w.remove("a.js")
	w.want("a.js")
	w.write("a.js", "2")
	w.want("a.js")
}

// An import of a file that does not exist yet makes the build wait for it.
func TestWatchFileThatDoesNotExist(t *testing.T) {
	w := watchFiles(t, map[string]string{"src/a.js": "1", "src/new.js": ""})
	w.write("src/new.js", "1")
	w.want("src/new.js")
}

func TestWatchFolderThatDoesNotExist(t *testing.T) {
	w := watchFiles(t, map[string]string{"src/a.js": "1", "src/lib/deep/new.js": ""})
	w.write("src/lib/deep/new.js", "1")
	w.want("src/lib/deep/new.js")
	w.write("src/lib/deep/new.js", "2")
	w.want("src/lib/deep/new.js")
}

// A folder that is moved into place brings its files without an event for
// each of them.
func TestWatchFolderMovedIntoPlace(t *testing.T) {
	w := watchFiles(t, map[string]string{"src/a.js": "1", "lib/b.js": "", "lib/deep/c.js": ""})
	w.write("elsewhere/b.js", "1")
	w.write("elsewhere/deep/c.js", "1")
	w.rename("elsewhere", "lib")
	w.want("lib/b.js", "lib/deep/c.js")
	w.write("lib/deep/c.js", "2")
	w.want("lib/deep/c.js")
}

// Switching branches deletes folders and makes them anew.
func TestWatchFolderDeletedAndMadeAgain(t *testing.T) {
	w := watchFiles(t, map[string]string{"src/lib/a.js": "1", "src/main.js": "1"})
	for range 3 {
		w.remove("src/lib")
		w.want("src/lib/a.js")
		w.write("src/lib/a.js", "2")
		w.want("src/lib/a.js")
		w.write("src/lib/a.js", "3")
		w.want("src/lib/a.js")
	}
}

// So fast that the folder is back before anybody hears that it was gone: its
// new files get no event of their own.
func TestWatchFolderReplaced(t *testing.T) {
	w := watchFiles(t, map[string]string{"lib/a.js": "1"})
	w.write("new/a.js", "2")
	w.rename("lib", "old")
	w.rename("new", "lib")
	w.want("lib/a.js")
	w.write("lib/a.js", "3")
	w.want("lib/a.js")
}

// What is saved while the first build runs is seen by nobody; the time stamps
// tell of it.
func TestWatchTellsWhatWasMissed(t *testing.T) {
	w := watchFiles(t, map[string]string{"a/a.js": "1"})
	start := time.Now()
	w.write("b/b.js", "1")
	w.write("b/old.js", "1")
	old := start.Add(-time.Minute)
	if err := os.Chtimes(w.path("b/old.js"), old, old); err != nil {
		t.Fatal(err)
	}
	w.files = append(w.files, w.path("b/b.js"), w.path("b/old.js"), w.path("b/gone.js"))
	if got := w.follow(start); !slices.Equal(got, []string{w.path("b/b.js")}) {
		t.Errorf("missed %v, want b/b.js", got)
	}
	// Only once: a time stamp may lie in the future for ever.
	if got := w.follow(start); len(got) > 0 {
		t.Errorf("missed %v again", got)
	}
}

// Several saves of one moment are one change.
func TestWatchSettles(t *testing.T) {
	w := watchFiles(t, map[string]string{"a.js": "1", "b.js": "1"})
	for range 20 {
		w.write("a.js", "")
		w.write("a.js", "2")
		w.write("b.js", "2")
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	changed, err := w.wait(ctx, nil)
	if err != nil || !slices.Contains(changed, w.path("a.js")) || !slices.Contains(changed, w.path("b.js")) {
		t.Errorf("changed: %v, %v", changed, err)
	}
}

// What changes during a build is seen right after it.
func TestWatchPending(t *testing.T) {
	w := watchFiles(t, map[string]string{"a.js": "1", "b.js": "1"})
	if got := w.pending(); len(got) > 0 {
		t.Errorf("before any change: %v", got)
	}
	w.write("a.js", "2")
	deadline := time.Now().Add(patience)
	var got []string
	for len(got) == 0 && time.Now().Before(deadline) { // the kernel tells when it likes
		got = w.pending()
	}
	if !slices.Contains(got, w.path("a.js")) || slices.Contains(got, w.path("b.js")) {
		t.Errorf("changed: %v", got)
	}
	changed, err := w.wait(t.Context(), got)
	if err != nil || !slices.Contains(changed, w.path("a.js")) {
		t.Errorf("wait does not keep what was pending: %v, %v", changed, err)
	}
}

// Changes of permissions are the business of backups and indexers.
func TestWatchIgnoresChmod(t *testing.T) {
	w := watchFiles(t, map[string]string{"a.js": "1", "b.js": "1"})
	if err := os.Chmod(w.path("a.js"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.write("b.js", "2")
	w.want("b.js")
}

// A folder that no file is in any more is left alone.
func TestWatchForgets(t *testing.T) {
	w := watchFiles(t, map[string]string{"a/a.js": "1", "b/b.js": "1"})
	w.files = []string{w.path("b/b.js")}
	w.follow(time.Now().Add(time.Hour))
	if got := w.fs.WatchList(); !slices.Equal(got, []string{w.path("b")}) {
		t.Errorf("watched: %v", got)
	}
}

// When too much happens at once the system drops events and says so.
func TestWatchOverflow(t *testing.T) {
	events, errs := make(chan fsnotify.Event), make(chan error, 1)
	w := &watcher{fs: &fsnotify.Watcher{Events: events, Errors: errs}, files: []string{"a.js", "b.js"}}
	errs <- fsnotify.ErrEventOverflow
	changed, err := w.wait(t.Context(), nil)
	if err != nil || !slices.Equal(changed, w.files) {
		t.Errorf("changed: %v, %v", changed, err)
	}
	broken := errors.New("broken")
	errs <- broken
	if _, err := w.wait(t.Context(), nil); !errors.Is(err, broken) {
		t.Errorf("error: %v", err)
	}
}

func TestWatchEnds(t *testing.T) {
	w := watchFiles(t, map[string]string{"a.js": "1"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if changed, err := w.wait(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("wait = %v, %v", changed, err)
	}
}
