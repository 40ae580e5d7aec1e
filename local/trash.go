package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"paddock/internal/cfapi"
	"paddock/local/store"
)

// TrashAge is how long a deleted namespace can be brought back.
const TrashAge = 30 * 24 * time.Hour

// trashPause is how often a runtime that runs for long looks for what is older.
const trashPause = time.Hour

// sweepNamespaces moves the objects of deleted namespaces and the data of
// deleted resources into the trash. It
// is called while no engine has them open, at every start too: a runtime that
// died between the commit and this is caught up with.
func (r *Runtime) sweepNamespaces(ctx context.Context) error {
	r.trashing.Lock()
	defer r.trashing.Unlock()
	deleted, err := r.store.DeletedNamespaces(ctx)
	if err != nil {
		return err
	}
	for _, n := range deleted {
		if err := r.discard(n.Key, n.DeletedOn); err != nil {
			return fmt.Errorf("move the objects of %s/%s to the trash: %w", n.Script, n.Class, err)
		}
	}
	return r.sweepResources(ctx)
}

// discard moves a folder of objects into the trash, if it is still there.
func (r *Runtime) discard(key string, deleted time.Time) error {
	to := filepath.Join(r.trashDir(), key+"-"+deleted.Format("20060102T150405Z"))
	err := os.Rename(r.objectsOf(key), to)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		r.reach("delete: moved")
	}
	return err
}

// A RestoreRequest asks to bring a deleted namespace back to its script.
type RestoreRequest struct {
	Key   string // of the namespace
	Class string // that it shall be; "" for the one that it was
	// Replace sends the namespace that has the class now into the trash in its
	// place. Whoever binds to the class has what was restored. This is the way
	// back for a script that was deleted and published again.
	Replace bool
}

// Restored is a namespace that was brought back.
type Restored struct {
	store.Namespace
	Replaced string // key of the namespace that is in the trash instead, "" for none
}

// Restore brings a deleted namespace back to its script, as the class that it
// was or as another one, with all its objects: they have their ids, and alarms
// that are due fire. The version in force must export the class. The error is
// a [*Refusal], which has changed nothing, or a [*StoredError], when the
// namespace is back and its engine does not start.
func (r *Runtime) Restore(ctx context.Context, req RestoreRequest) (Restored, error) {
	r.publishing.Lock()
	defer r.publishing.Unlock()
	if r.closing.Err() != nil {
		return Restored{}, ErrClosed
	}
	trashed, err := r.trashed(ctx, req.Key)
	n := Restored{Namespace: trashed}
	if err != nil {
		return n, err
	}
	if req.Class != "" {
		n.Class = req.Class
	}
	if n.Replaced, err = r.checkRestore(ctx, n.Namespace, req.Replace); err != nil {
		return n, err
	}
	ctx = context.WithoutCancel(ctx) // not half of it
	if err := r.putBack(ctx, n); err != nil {
		return n, err
	}
	r.log.Info("restored", "script", n.Script, "class", n.Class, "namespace", n.Key, "replaced", n.Replaced)
	if err := r.converge(ctx); err != nil {
		return n, stored("%s/%s is restored, but its engine does not start and is being retried: %w", n.Script, n.Class, err)
	}
	return n, nil
}

// trashed returns a namespace that can be brought back.
func (r *Runtime) trashed(ctx context.Context, key string) (store.Namespace, error) {
	deleted, err := r.store.DeletedNamespaces(ctx)
	if err != nil {
		return store.Namespace{}, r.readError(err)
	}
	i := slices.IndexFunc(deleted, func(n store.Namespace) bool { return n.Key == key && !n.Purged })
	if i < 0 {
		return store.Namespace{}, refuse(cfapi.CodeNotInTrash, "there is no namespace %q in the trash", key)
	}
	return deleted[i], nil
}

// checkRestore returns the key of the namespace that has to make room, or "".
func (r *Runtime) checkRestore(ctx context.Context, n store.Namespace, replace bool) (string, error) {
	w, err := r.world(ctx)
	if err != nil {
		return "", err
	}
	d, ok := w.scripts[n.Script]
	if !ok {
		return "", refuse(cfapi.CodeScriptNotFound,
			"cannot restore %s/%s: there is no script %q any more; publish it again, and then let the class take the place of its new one (--replace)", n.Script, n.Class, n.Script)
	}
	for _, have := range w.owned(n.Script) {
		switch {
		case have.Class != n.Class:
		case replace:
			return have.Key, nil // which the version in force exports, as it has it
		default:
			return "", refuse(cfapi.CodeMigrationClass,
				"cannot restore %s/%s: the script has a class of this name again; restore it under another one (--as CLASS), or in its place, which sends that one to the trash (--replace)", n.Script, n.Class)
		}
	}
	if !slices.Contains(d.Version.Classes, n.Class) {
		return "", refuse(cfapi.CodeClassNotExported,
			"cannot restore %s/%s: the version in force does not export the class %[2]s; publish one that does, or restore it under another name (--as CLASS)", n.Script, n.Class)
	}
	return "", nil
}

// putBack moves the objects out of the trash and then commits. A runtime that
// dies in between finds a deleted namespace with objects, which the next sweep
// moves to the trash again; the other way round, an engine could be started
// without them.
func (r *Runtime) putBack(ctx context.Context, n Restored) error {
	r.trashing.Lock()
	defer r.trashing.Unlock()
	folder, err := r.trashedOf(n.Key)
	if err == nil && folder != "" {
		err = os.Rename(folder, r.objectsOf(n.Key))
	}
	if err == nil && folder != "" && !r.opts.Throwaway {
		err = errors.Join(syncDir(r.objectsDir()), syncDir(r.trashDir()))
	}
	if err != nil {
		return fmt.Errorf("take the objects of %s/%s out of the trash: %w", n.Script, n.Class, err)
	}
	r.reach("restore: moved")
	err = r.store.Restore(ctx, n.Key, n.Class, n.Replaced)
	if err != nil && folder != "" {
		err = errors.Join(err, os.Rename(r.objectsOf(n.Key), folder))
	}
	if errors.Is(err, store.ErrNotFound) {
		return refuse(cfapi.CodeNotInTrash, "cannot restore %s/%s: it has been purged", n.Script, n.Class)
	}
	if err != nil {
		return err
	}
	r.reach("restore: committed")
	return nil
}

// Purge removes deleted namespaces with their objects for good: all of them,
// or none, with a [*Refusal], if one is not in the trash.
func (r *Runtime) Purge(ctx context.Context, keys []string) error {
	for _, key := range keys {
		if _, err := r.trashed(ctx, key); err != nil {
			return err
		}
	}
	ctx = context.WithoutCancel(ctx)
	if err := r.store.Purge(ctx, keys...); errors.Is(err, store.ErrNotFound) {
		return refuse(cfapi.CodeNotInTrash, "%v: it is not in the trash any more", err)
	} else if err != nil {
		return err
	}
	r.reach("purge: committed")
	return r.emptyTrash(ctx)
}

// emptyTrash removes what is purged, and what has been in the trash for too
// long.
func (r *Runtime) emptyTrash(ctx context.Context) error {
	r.trashing.Lock()
	defer r.trashing.Unlock()
	deleted, err := r.store.DeletedNamespaces(ctx)
	if err != nil {
		return err
	}
	for _, n := range deleted {
		if old := time.Since(n.DeletedOn) > TrashAge; old && !n.Purged {
			if err := r.store.Purge(ctx, n.Key); err != nil {
				return err
			}
			r.log.Info("expired in the trash", "script", n.Script, "class", n.Class, "namespace", n.Key)
			n.Purged = true
		}
		if !n.Purged {
			continue
		}
		if err := r.removeObjects(n.Key); err != nil {
			return fmt.Errorf("remove the objects of %s/%s: %w", n.Script, n.Class, err)
		}
		r.reach("purge: removed")
		if err := r.store.Forget(ctx, n.Key); err != nil {
			return err
		}
	}
	return r.expireResources(ctx)
}

// removeObjects removes the objects of a purged namespace, wherever they are:
// a sweep that failed has left them in their place.
func (r *Runtime) removeObjects(key string) error {
	folder, err := r.trashedOf(key)
	if err == nil && folder != "" {
		err = os.RemoveAll(folder)
	}
	return errors.Join(err, os.RemoveAll(r.objectsOf(key)))
}

// keepTrash empties the trash now and then until the runtime closes.
func (r *Runtime) keepTrash() {
	tick := time.NewTicker(trashPause)
	defer tick.Stop()
	for {
		if err := r.emptyTrash(r.closing); err != nil && r.closing.Err() == nil {
			r.log.Error("the trash is not emptied for now", "err", err)
		}
		select {
		case <-r.closing.Done():
			return
		case <-tick.C:
		}
	}
}

// reach tells a test that an operation has come to a point where it may be
// killed.
func (r *Runtime) reach(point string) {
	if r.reached != nil {
		r.reached(point)
	}
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
