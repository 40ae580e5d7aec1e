package local

import (
	"context"
	"errors"
	"slices"

	"paddock/internal/cfapi"
	"paddock/local/store"
	"paddock/migrate"
)

// What the store keeps of a script, under the names of this package.
type (
	Version    = store.Version
	Binding    = store.Binding
	Deployment = store.Deployment
)

// UploadVersion stores an upload as a version without putting it in force. It
// must run and must fit the classes as they are now; an upload that brings
// migrations is refused. What it declares in exports must be possible, and is
// done by [Runtime.Deploy]. A [*Refusal] or [*migrate.Refusal] means that nothing
// has changed.
func (r *Runtime) UploadVersion(ctx context.Context, up Upload) (_ Version, err error) {
	if err := up.check(); err != nil {
		return Version{}, err
	}
	if m := up.Form.Metadata.Migrations; m != nil {
		return Version{}, refuse(cfapi.CodeMigrationInVersion,
			"Version upload failed. You attempted to upload a version of a Worker that includes a Durable Object migration, "+
				"but migrations must be fully applied by running \"wrangler deploy\" (here: `paddock publish`).")
	}
	ctx, end, err := r.begin(ctx)
	if err != nil {
		return Version{}, err
	}
	defer end(&err)
	before, err := r.store.DeployedScript(ctx, up.Script)
	if err != nil {
		return Version{}, err
	}
	w, err := r.world(ctx)
	if err != nil {
		return Version{}, err
	}
	found, err := r.examine(ctx, w, up, nil, before)
	if err != nil {
		return Version{}, notMigrated(w, found.version, err)
	}
	if err := checkStaged(w, found.version); err != nil {
		return Version{}, err
	}
	v, err := r.store.AddVersion(context.WithoutCancel(ctx), found.version, found.resources...)
	if err != nil {
		return Version{}, err
	}
	r.log.Info("version uploaded", "script", v.Script, "version", v.ID, "number", v.Number)
	return v, nil
}

// notMigrated gives the refusal of a binding to a class that only a migration
// would create the code that it has for a version.
func notMigrated(w world, v Version, err error) error {
	if refused := (*migrate.Refusal)(nil); !errors.As(err, &refused) || refused.Code != cfapi.CodeBindingClass {
		return err
	}
	owned := w.owned(v.Script)
	for _, b := range v.Bindings {
		known := slices.ContainsFunc(owned, func(n store.Namespace) bool { return n.Class == b.Class })
		if b.OwnClass() && !known {
			return refuse(cfapi.CodeClassNotMigrated,
				"binding %q names the class %q, which has no namespace yet: a version cannot create one, so publish it with its migration first", b.Name, b.Class)
		}
	}
	return err
}

// Versions returns the versions of a script, the newest first, without their
// modules. The error wraps [ErrNotFound] if there is no such script.
func (r *Runtime) Versions(ctx context.Context, script string) ([]Version, error) {
	list, err := r.store.Versions(ctx, script)
	if err == nil && len(list) == 0 {
		err = store.ErrNotFound // every script has one
	}
	return list, r.readError(err)
}

// Version returns a version of a script with its modules. The error wraps
// [ErrNotFound] if there is no such script, and is a [*Refusal] if it has no
// such version.
func (r *Runtime) Version(ctx context.Context, script, id string) (Version, error) {
	if _, err := r.Script(ctx, script); err != nil {
		return Version{}, err
	}
	v, err := r.store.Version(ctx, script, id)
	if errors.Is(err, store.ErrNotFound) {
		return Version{}, refuse(cfapi.CodeNoVersion, "script %q has no version %q", script, id)
	}
	return v, r.readError(err)
}

// MigrationTag returns the migration tag that a script had when a version of
// it was made.
func (r *Runtime) MigrationTag(ctx context.Context, v Version) (string, error) {
	applied, err := r.applied(ctx, v.Script)
	if err != nil {
		return "", err
	}
	tag := ""
	for _, m := range applied {
		if m.number <= v.Number {
			tag = m.NewTag // a declaration leaves it as it was
		}
	}
	return tag, nil
}

// appliedMigration is a migration with the number of the version that brought
// it.
type appliedMigration struct {
	store.AppliedMigration
	number int
}

// applied returns the migrations of a script, the oldest first.
func (r *Runtime) applied(ctx context.Context, script string) ([]appliedMigration, error) {
	list, err := r.store.AppliedMigrations(ctx, script)
	if err != nil || len(list) == 0 {
		return nil, r.readError(err)
	}
	versions, err := r.store.Versions(ctx, script)
	if err != nil {
		return nil, r.readError(err)
	}
	numbers := map[string]int{}
	for _, v := range versions {
		numbers[v.ID] = v.Number
	}
	out := make([]appliedMigration, len(list))
	for i, m := range list {
		out[i] = appliedMigration{m, numbers[m.Version]}
	}
	return out, nil
}
