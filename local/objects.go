package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// Namespaces returns the namespaces that are in use, by script and class.
func (r *Runtime) Namespaces(ctx context.Context) ([]Namespace, error) {
	list, err := r.store.Namespaces(ctx)
	return list, r.readError(err)
}

// Objects returns the ids of the objects of a namespace that come behind after,
// in order, at most limit of them; more says that there are others. They are
// those that have a file, which is not opened: objects come and go meanwhile.
func (r *Runtime) Objects(namespace, after string, limit int) (ids []string, more bool, err error) {
	entries, err := os.ReadDir(r.objectsOf(namespace)) // by name
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil // there never was an object
	}
	if err != nil {
		return nil, false, fmt.Errorf("list objects: %w", err)
	}
	for _, e := range entries {
		id, ok := objectID(e.Name())
		switch {
		case !ok || id <= after:
		case len(ids) == limit:
			return ids, true, nil
		default:
			ids = append(ids, id)
		}
	}
	return ids, false, nil
}

// objectID returns the id of the object whose file has the name.
func objectID(name string) (id string, ok bool) {
	id, ok = strings.CutSuffix(name, ".sqlite")
	return id, ok && len(name) == objectFile
}
