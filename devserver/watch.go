package devserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

// quiet is how long files must have been left alone before they are read, as
// editors write a file in pieces and save several at once. It is a part of
// every reload. Most editors empty a file before they fill it, so one that is
// empty is given more time.
const (
	quiet      = 5 * time.Millisecond
	quietEmpty = 50 * time.Millisecond
)

// clockSlack is how far the time stamps of files may lag behind the clock:
// kernels take them from a clock that ticks some hundred times a second.
const clockSlack = 10 * time.Millisecond

// watch reloads on every change until ctx ends.
func (s *session) watch(ctx context.Context) error {
	fs, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch files: %w", err)
	}
	defer fs.Close()
	w := &watcher{fs: fs, dirs: map[string]bool{}}
	var left []string
	for {
		changed, err := w.follow(s.files(), s.read)
		if changed = append(changed, left...); err == nil {
			changed, err = w.wait(ctx, changed)
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("watch files: %w", err)
		}
		s.read = time.Now()
		left = s.takeUp(ctx, w, changed)
	}
}

// mostLeft is how many builds in a row may be given up because a file changed
// meanwhile. One that changes all the time must not keep all others waiting.
const mostLeft = 10

// takeUp reloads, and returns the changed files if the builds were given up.
func (s *session) takeUp(ctx context.Context, w *watcher, changed []string) (left []string) {
	s.superseded = func() bool {
		if s.left < mostLeft {
			left = append(left, w.pending()...)
		}
		return len(left) > 0
	}
	if s.reload(ctx, changed) {
		s.left = 0
		return nil
	}
	s.left++
	return append(left, changed...)
}

// files are all files whose change matters.
func (s *session) files() []string {
	var list []string
	for _, p := range s.projects {
		list = append(append(list, p.file), p.vars...)
		list = append(list, p.inputs...)
	}
	return list
}

// A watcher tells of changes to files, some of which may not exist yet. It
// watches their folders: editors replace files instead of writing them, and a
// watch on a file ends with the file.
type watcher struct {
	fs    *fsnotify.Watcher
	files []string
	dirs  map[string]bool
}

// follow sets the files to watch. They were read at some time after read;
// those that changed between then and now, when nobody watched them yet, are
// returned.
func (w *watcher) follow(files []string, read time.Time) (missed []string, err error) {
	w.files = files
	want := map[string]bool{}
	for _, file := range files {
		want[filepath.Dir(file)] = true
	}
	for dir := range w.dirs {
		if !want[dir] {
			w.fs.Remove(dir) // it may be gone
			delete(w.dirs, dir)
		}
	}
	fresh := map[string]bool{}
	for dir := range want {
		fresh[dir] = !w.dirs[dir]
		if err := w.add(dir); err != nil {
			return nil, err
		}
	}
	for _, file := range files {
		info, err := os.Stat(file)
		if err == nil && fresh[filepath.Dir(file)] && info.ModTime().After(read.Add(-clockSlack)) {
			missed = append(missed, file)
		}
	}
	return missed, nil
}

// add watches a folder, or, if it does not exist, the folder in which it
// would appear.
func (w *watcher) add(dir string) error {
	for !w.dirs[dir] {
		err := w.fs.Add(dir)
		if err == nil {
			w.dirs[dir] = true
			return nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return err
		}
		dir = parent
	}
	return nil
}

// pending returns the watched files that have changed since the last look.
func (w *watcher) pending() (changed []string) {
	for {
		select {
		case e := <-w.fs.Events:
			changed = append(changed, w.affected(e)...)
		default:
			return changed
		}
	}
}

// wait adds the watched files that change to those that have, and returns them
// once they have been left alone for a moment.
func (w *watcher) wait(ctx context.Context, changed []string) ([]string, error) {
	var settled <-chan time.Time
	if len(changed) > 0 {
		settled = time.After(pause(changed))
	}
	for {
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-settled:
			return changed, nil
		case err := <-w.fs.Errors:
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				return nil, err
			}
			// Too much happened at once, say an installation of packages, and
			// nobody knows what.
			changed, settled = w.files, time.After(quiet)
		case e := <-w.fs.Events:
			if hit := w.affected(e); len(hit) > 0 {
				changed = append(slices.Clip(changed), hit...)
				settled = time.After(pause(hit))
			}
		}
	}
}

// pause returns how long files that have just changed must be left alone.
func pause(changed []string) time.Duration {
	for _, file := range changed {
		if info, err := os.Stat(file); err == nil && info.Size() == 0 {
			return quietEmpty
		}
	}
	return quiet
}

// affected returns the files that an event is about: the file itself, or all
// those in a folder that has come or gone.
func (w *watcher) affected(e fsnotify.Event) []string {
	if e.Op == fsnotify.Chmod {
		return nil // indexers and backups
	}
	if slices.Contains(w.files, e.Name) {
		return []string{e.Name}
	}
	gone := e.Has(fsnotify.Remove|fsnotify.Rename) && w.dirs[e.Name]
	if gone {
		// The watch went with the folder. It may be back by now, with files
		// that appeared unseen; else its parent tells when it is.
		delete(w.dirs, e.Name)
		w.add(e.Name)
	}
	if gone || e.Has(fsnotify.Create) {
		return w.below(e.Name)
	}
	return nil
}

// below returns the watched files in a folder and in those below it.
func (w *watcher) below(dir string) []string {
	return slices.DeleteFunc(slices.Clone(w.files), func(file string) bool {
		rel, err := filepath.Rel(dir, file)
		return err != nil || !filepath.IsLocal(rel)
	})
}
