package local

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Resources returns the resources of a kind, which is a type of bindings, by
// name.
func (r *Runtime) Resources(ctx context.Context, kind string) ([]Resource, error) {
	all, err := r.store.Resources(ctx)
	return slices.DeleteFunc(all, func(res Resource) bool { return res.Kind != kind }), r.readError(err)
}

// AddResource makes a resource. The error wraps [ErrTaken] if another one of the
// kind has the name, which is the id, too, where names are what scripts see.
func (r *Runtime) AddResource(ctx context.Context, kind, name string) (_ Resource, err error) {
	ctx, end, err := r.begin(ctx) // or a publish could make the same in between
	if err != nil {
		return Resource{}, err
	}
	defer end(&err)
	w, err := r.world(ctx)
	if err != nil {
		return Resource{}, err
	}
	if w.named(kind, name) {
		return Resource{}, ErrTaken
	}
	id := name
	if newID := kinds[kind].newID; newID != nil {
		id = newID()
	}
	return r.store.AddResource(context.WithoutCancel(ctx), Resource{Key: newKey(), Kind: kind, ID: id, Name: name})
}

// RenameResource gives a resource another name. The error wraps [ErrNotFound] or
// [ErrTaken].
func (r *Runtime) RenameResource(ctx context.Context, kind, id, name string) (renamed Resource, err error) {
	err = r.withResource(ctx, kind, id, func(ctx context.Context, w world, res Resource) error {
		if w.named(kind, name) && name != res.Name {
			return ErrTaken
		}
		renamed = res
		renamed.Name = name
		return r.store.RenameResource(ctx, res.Key, name)
	})
	return renamed, err
}

// withResource does something with a resource while nothing is published. The
// error wraps [ErrNotFound] if there is no such resource.
func (r *Runtime) withResource(ctx context.Context, kind, id string, do func(context.Context, world, Resource) error) (err error) {
	ctx, end, err := r.begin(ctx)
	if err != nil {
		return err
	}
	defer end(&err)
	w, err := r.world(ctx)
	if err != nil {
		return err
	}
	res, ok := w.resource(kind, id)
	if !ok {
		return ErrNotFound
	}
	return do(ctx, w, res)
}

// named reports whether a resource of a kind has the name.
func (w world) named(kind, name string) bool {
	for _, res := range w.resources {
		if res.Kind == kind && res.Name == name {
			return true
		}
	}
	return false
}

// ErrTaken says that another resource has the name.
var ErrTaken = errors.New("the name is taken")

// An InUseError says which scripts use what is to be deleted.
type InUseError struct{ Scripts []string }

// Error names the scripts.
func (e *InUseError) Error() string { return "it is used by " + strings.Join(e.Scripts, ", ") }

// DeleteResource deletes a resource that no script binds; its data goes to the
// trash. The error wraps [ErrNotFound], or is an [*InUseError].
func (r *Runtime) DeleteResource(ctx context.Context, kind, id string) error {
	return r.withResource(ctx, kind, id, func(ctx context.Context, w world, res Resource) error {
		if users := w.usersOf(res.Key); len(users) > 0 {
			return &InUseError{users}
		}
		ctx = context.WithoutCancel(ctx)
		if err := r.store.DeleteResource(ctx, res.Key); err != nil {
			return err
		}
		r.log.Info("deleted", "resource", res.Kind, "id", res.ID)
		return r.sweepNamespaces(ctx) // no engine has it open
	})
}

// sweepResources moves the data of deleted resources into the trash.
func (r *Runtime) sweepResources(ctx context.Context) error {
	deleted, err := r.store.DeletedResources(ctx)
	if err != nil {
		return err
	}
	for _, res := range deleted {
		if err := r.discard(res.Key, res.DeletedOn); err != nil {
			return fmt.Errorf("move the data of the %s %s to the trash: %w", kinds[res.Kind].label, res.Name, err)
		}
	}
	return nil
}

// expireResources removes what has been in the trash for too long.
func (r *Runtime) expireResources(ctx context.Context) error {
	deleted, err := r.store.DeletedResources(ctx)
	if err != nil {
		return err
	}
	for _, res := range deleted {
		if time.Since(res.DeletedOn) <= TrashAge {
			continue
		}
		if err := r.removeObjects(res.Key); err != nil {
			return fmt.Errorf("remove the data of the %s %s: %w", kinds[res.Kind].label, res.Name, err)
		}
		if err := r.store.ForgetResource(ctx, res.Key); err != nil {
			return err
		}
	}
	return nil
}
