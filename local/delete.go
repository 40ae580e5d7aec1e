package local

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"paddock/internal/cfapi"
	"paddock/local/store"
)

// A Reference is a binding of a script to another one: to one of its classes,
// or to the script itself as a service.
type Reference struct {
	Script  string // that binds
	Binding string
	Class   string // that is bound; "" if it is the service
	Key     string // of the class's namespace
}

// String says it in words.
func (r Reference) String() string {
	if r.Class == "" {
		return fmt.Sprintf("%s calls it as %s", r.Script, r.Binding)
	}
	return fmt.Sprintf("%s binds to the class %s as %s", r.Script, r.Class, r.Binding)
}

// References returns the bindings of other scripts to a script and its classes,
// in order. The error wraps [ErrNotFound] if there is no such script.
func (r *Runtime) References(ctx context.Context, script string) ([]Reference, error) {
	w, err := r.world(ctx)
	if err != nil {
		return nil, err
	}
	if _, ok := w.scripts[script]; !ok {
		return nil, ErrNotFound
	}
	return w.references(script), nil
}

func (w world) references(script string) []Reference {
	var list []Reference
	for name := range w.scripts {
		if name == script {
			continue
		}
		for _, b := range w.bindings(name) {
			ref := Reference{Script: name, Binding: b.Name, Class: w.namespaces[b.Namespace].Class, Key: b.Namespace}
			if w.neighbour(b) == script && !slices.Contains(list, ref) {
				list = append(list, ref)
			}
		}
	}
	slices.SortFunc(list, func(a, b Reference) int { return strings.Compare(a.String(), b.String()) })
	return list
}

// DeleteScript removes a script with its versions and secrets; its objects go
// to the trash. It is refused while other scripts bind to it or its classes, or
// it consumes a queue, unless force says to leave them with bindings that are
// null, and queues without consumer. The error wraps [ErrNotFound] if there is
// no such script.
func (r *Runtime) DeleteScript(ctx context.Context, script string, force bool) (err error) {
	ctx, end, err := r.begin(ctx)
	if err != nil {
		return err
	}
	defer end(&err)
	w, err := r.world(ctx)
	if err != nil {
		return err
	}
	d, ok := w.scripts[script]
	if !ok {
		return ErrNotFound
	}
	if refs := w.references(script); len(refs) > 0 && !force {
		var users []string
		for _, ref := range refs {
			users = append(users, ref.String())
		}
		return refuse(cfapi.CodeClassStillInUse, "script %q cannot be deleted while others depend on it: %s", script, strings.Join(users, ", "))
	}
	if queues := w.consumed[script]; len(queues) > 0 && !force {
		return refuse(cfapi.CodeClassStillInUse, "script still in use as a consumer for a queue: %s", queues[0].Name)
	}
	ctx = context.WithoutCancel(ctx)
	r.reach("delete script: prepared")
	err = r.store.DeleteScript(ctx, script, d.Deployment.ID)
	if errors.Is(err, store.ErrConflict) {
		return refuse(cfapi.CodeConflict, "%v", err)
	}
	if err != nil {
		return err
	}
	r.reach("delete script: committed")
	r.log.Info("deleted", "script", script)
	for _, t := range r.hub.ids(func(t *Tail) bool { return t.Script == script }) {
		r.hub.remove(t)
	}
	if err := r.converge(ctx); err != nil {
		return stored("script %q is deleted, but not everything else runs: %w", script, err)
	}
	return nil
}
