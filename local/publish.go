package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"paddock/engine"
	"paddock/internal/cfapi"
	"paddock/local/store"
	"paddock/migrate"
)

// Published is what a publish has led to.
type Published struct {
	Deployed
	Effects        []migrate.Effect        // what happened to namespaces
	Reconciliation *migrate.Reconciliation // of a declaration of exports, nil without one
}

// Publish makes an upload the version in force and returns when it answers
// requests. A [*Refusal] or [*migrate.Refusal] means that nothing has
// changed, a [*StoredError] that the version is stored but does not serve.
// Publishes are done one after the other.
//
// Once the change is committed there is no way back behind the user's back:
// if the engine then fails to start although the candidate did, it is
// retried, and the version before is put in force again - with a deployment
// of its own - where no migration stands in between.
func (r *Runtime) Publish(ctx context.Context, up Upload) (_ Published, err error) {
	if err := up.check(); err != nil {
		return Published{}, err
	}
	ctx, end, err := r.begin(ctx)
	if err != nil {
		return Published{}, err
	}
	defer end(&err)
	before, err := r.store.DeployedScript(ctx, up.Script)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Published{}, err
	}
	pub, change, err := r.prepare(ctx, up, before)
	if err != nil {
		return Published{}, err
	}
	// From here on a client that goes away must not leave half of it undone.
	ctx = context.WithoutCancel(ctx)
	r.reach("publish: prepared")
	after, err := r.store.Publish(ctx, pub)
	if errors.Is(err, store.ErrConflict) {
		return Published{}, &Refusal{Code: cfapi.CodeConflict, Message: err.Error()}
	}
	if err != nil {
		return Published{}, err
	}
	r.reach("publish: committed")
	r.log.Info("published", "script", up.Script, "version", after.Version.ID, "migration_tag", after.Script.MigrationTag)
	if err := r.converge(ctx); err != nil {
		return Published{}, r.afterFailedStart(ctx, err, before, pub, after.Deployment.ID)
	}
	return Published{Deployed: after, Effects: change.Effects, Reconciliation: change.Reconciliation}, nil
}

// begin begins a change of what is served; changes are made one after the
// other. The context that it returns ends with the given one, and when the
// runtime closes. end must be called with what the change returns: a read that
// was cut by the runtime's end becomes [ErrClosed].
func (r *Runtime) begin(ctx context.Context) (_ context.Context, end func(*error), err error) {
	r.publishing.Lock()
	if r.closing.Err() != nil {
		r.publishing.Unlock()
		return nil, nil, ErrClosed
	}
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(r.closing, func() { cancel(ErrClosed) })
	return ctx, func(err *error) {
		if errors.Is(*err, context.Canceled) && errors.Is(context.Cause(ctx), ErrClosed) {
			*err = ErrClosed
		}
		stop()
		cancel(nil)
		r.publishing.Unlock()
	}, nil
}

// prepare does everything that can refuse an upload, and nothing that lasts
// but blobs, which harm nobody.
func (r *Runtime) prepare(ctx context.Context, up Upload, before store.Deployed) (store.Publication, migrate.Change, error) {
	fail := func(err error) (store.Publication, migrate.Change, error) {
		return store.Publication{}, migrate.Change{}, err
	}
	w, err := r.world(ctx)
	if err != nil {
		return fail(err)
	}
	steps, err := up.migrations()
	if err != nil {
		return fail(err)
	}
	found, err := r.examine(ctx, w, up, steps, before)
	if err != nil {
		return fail(err)
	}
	change := found.change
	pub := store.Publication{
		Version: found.version, ScriptTag: newKey(), ExpectDeployment: before.Deployment.ID,
		Namespaces: storeNamespaces(change.Namespaces), Deleted: storeNamespaces(change.Deleted), Resources: found.resources,
	}
	if o := up.Form.Metadata.Observability; o != nil {
		pub.Observability = &o.Enabled
		if pub.Kept.Observability, err = json.Marshal(o); err != nil {
			return fail(fmt.Errorf("keep observability: %w", err))
		}
	}
	pub.Kept.Logpush = up.Form.Metadata.Logpush
	pub.Kept.TailConsumers, pub.Kept.StreamingTailConsumers = up.Form.Metadata.TailConsumers, up.Form.Metadata.StreamingTailConsumers
	if pub.Reconciled, err = reconciled(up.Script, change); err != nil {
		return fail(err)
	}
	if steps != nil {
		text, err := json.Marshal(steps.Steps)
		if err != nil {
			return fail(fmt.Errorf("keep migration: %w", err))
		}
		entries, err := json.Marshal(steps.Entries())
		if err != nil {
			return fail(fmt.Errorf("keep migration: %w", err))
		}
		pub.Migration = &store.AppliedMigration{OldTag: steps.OldTag, NewTag: change.Tag, Steps: text, Entries: entries}
	}
	return pub, change, nil
}

// examined is what an upload turns out to be.
type examined struct {
	version   store.Version
	change    migrate.Change // what its migrations do
	resources []Resource     // that it is the first to name
}

// examine makes the version of an upload, tries it, and works out what it
// brings with it.
func (r *Runtime) examine(ctx context.Context, w world, up Upload, steps *migrate.Upload, before store.Deployed) (e examined, err error) {
	if e.version, err = r.version(ctx, w, up); err != nil {
		return e, err
	}
	e.version.Exports = declaration(up, before.Version)
	if err := checkTargets(w, e.version, up.Awaited); err != nil {
		return e, err
	}
	if err := r.try(ctx, up, before.Version.ID == "", &e.version); err != nil {
		return e, err
	}
	if e.change, err = change(w, up, steps, before, e.version); err != nil {
		return e, err
	}
	e.resources = tie(w, &e.version)
	return e, resolveBindings(&e.version, e.change)
}

// version stores the modules of an upload and returns its version, without
// what only a candidate can tell.
func (r *Runtime) version(ctx context.Context, w world, up Upload) (store.Version, error) {
	m := up.Form.Metadata
	v := store.Version{
		Script: up.Script, Source: up.Source, Author: author(), TriggeredBy: store.TriggerUpload,
		Message: m.Annotations[cfapi.AnnotationMessage], Tag: m.Annotations[cfapi.AnnotationTag],
		CompatibilityDate: m.CompatibilityDate, CompatibilityFlags: m.CompatibilityFlags,
	}
	parts, err := up.modules()
	if err != nil {
		return v, err
	}
	if v.Assets, err = r.assets(ctx, up); err != nil {
		return v, err
	}
	if len(parts) > 0 {
		v.MainModule = parts[0].Name
	}
	for _, p := range parts {
		sha, err := r.blobs.put(p.Content)
		if err != nil {
			return v, err
		}
		v.Modules = append(v.Modules, store.Module{Name: p.Name, Type: p.ContentType, SHA256: sha, Size: int64(len(p.Content))})
	}
	v.Bindings, err = r.bindings(ctx, w, up)
	return v, err
}

// checkTargets refuses bindings to scripts that are nowhere. awaited are scripts
// that services may be of already.
func checkTargets(w world, v store.Version, awaited []string) error {
	for _, b := range v.Bindings {
		if b.Script == "" {
			continue
		}
		if _, ok := w.scripts[b.Script]; !ok {
			return refuse(cfapi.CodeBindingClass,
				"binding %q names the script %q, which does not exist here: publish it first, or correct script_name", b.Name, b.Script)
		}
	}
	return checkServices(w, v, awaited)
}

// A StoredError says that a version was committed and yet does not serve. An
// upload that ends so must not simply be sent again.
type StoredError struct{ Err error }

// Error says what has become of the version.
func (e *StoredError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *StoredError) Unwrap() error { return e.Err }

func stored(format string, args ...any) error { return &StoredError{Err: fmt.Errorf(format, args...)} }

// afterFailedStart puts the version before in force again if that is
// possible, and says what has become of the publish. after is the deployment
// that has failed.
func (r *Runtime) afterFailedStart(ctx context.Context, cause error, before store.Deployed, pub store.Publication, after string) error {
	switch {
	case pub.Version.Handlers == nil && before.Version.ID == "" && errors.As(cause, new(*engine.StartError)):
		return r.withdraw(ctx, cause, pub.Version) // a session's first version, which was not tried
	case !errors.As(cause, new(*startFailure)):
		return stored("the new version is stored, but could not be brought into service: %w", cause)
	case before.Version.ID == "" || pub.Migration != nil || pub.Reconciled != nil && len(pub.Reconciled.Steps) > 0:
		return stored("the new version is stored, but its engine does not start and is being retried: %w", cause)
	}
	again := before.Deployment
	again.Source, again.Author, again.TriggeredBy = "paddock", author(), store.TriggerRollback
	again.Message = "the engine did not start with the version after this one"
	_, err := r.store.Deploy(ctx, again, after)
	if err == nil {
		err = r.converge(ctx)
	}
	if err != nil {
		return stored("the engine does not start with the new version: %w", errors.Join(cause, err))
	}
	return stored("the engine does not start with the new version; version %s is in force again: %w", before.Version.ID, cause)
}

// withdraw takes back a session's first version of a script, which has turned
// out not to start. Its engine would be started again and again, and so would
// be the one of every script that binds to it.
func (r *Runtime) withdraw(ctx context.Context, cause error, v store.Version) error {
	err := r.store.Withdraw(ctx, v.Script)
	if err == nil {
		err = r.converge(ctx)
	}
	if err != nil {
		return stored("the new version does not start and cannot be taken back: %w", errors.Join(cause, err))
	}
	return r.candidateError(v, cause)
}
