package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// sweepNamespaces moves the objects of deleted namespaces into the trash. It
// is called while no engine has them open, at every start too: a runtime that
// died between the commit and this is caught up with.
func (r *Runtime) sweepNamespaces(ctx context.Context) error {
	deleted, err := r.store.DeletedNamespaces(ctx)
	if err != nil {
		return err
	}
	for _, n := range deleted {
		from := filepath.Join(r.objectsDir(), n.Key)
		to := filepath.Join(r.trashDir(), n.Key+"-"+time.Now().UTC().Format("20060102T150405Z"))
		if err := os.Rename(from, to); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("move the objects of %s/%s to the trash: %w", n.Script, n.Class, err)
		}
	}
	return nil
}

// sweepRun removes the sockets of engines whose runtime was killed before it
// could. The state folder is locked, so nobody uses them.
func (r *Runtime) sweepRun() error {
	entries, err := os.ReadDir(r.runDir())
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(r.runDir(), e.Name())); err != nil {
			return fmt.Errorf("remove the sockets of an earlier engine: %w", err)
		}
	}
	return nil
}
