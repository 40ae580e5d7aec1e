package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"paddock/local/store"
	"paddock/migrate"
)

// Namespace is the identity of a Durable Object class.
type Namespace = store.Namespace

// A Plan is what an upload would do to namespaces.
type Plan struct {
	Tag, NewTag string // the script's migration tag before and after
	Effects     []PlannedEffect
	// Reconciliation is of a declaration of exports, nil without one.
	Reconciliation *migrate.Reconciliation
}

// A PlannedEffect is one thing that would happen to a namespace.
type PlannedEffect struct {
	migrate.Effect
	New     bool     // the namespace is made by this very upload
	Usage            // of the namespace before
	BoundBy []string // other scripts that bind to it
}

// Plan works out what an upload would do, as [Runtime.Publish] does, and
// changes nothing. It refuses what Publish refuses; only the scripts that bind
// a class which is to be deleted are told in the plan, for the client to ask.
// Of the upload it needs the metadata, and the names that the code exports in
// place of the code.
func (r *Runtime) Plan(ctx context.Context, up Upload, exports []string) (Plan, error) {
	fail := func(err error) (Plan, error) { return Plan{}, err }
	if !scriptName().MatchString(up.Script) {
		return fail(up.check())
	}
	steps, err := up.migrations()
	if err != nil {
		return fail(err)
	}
	w, err := r.world(ctx)
	if err != nil {
		return fail(err)
	}
	version := store.Version{Script: up.Script, Classes: exports, Entrypoints: exports, Bindings: up.bindings()}
	if err := checkTargets(w, version, nil); err != nil {
		return fail(err)
	}
	if err := checkOwnServices(version); err != nil {
		return fail(err)
	}
	before := w.scripts[up.Script]
	change, err := lifecycle(w, up, steps, before, version, true)
	if err != nil {
		return fail(err)
	}
	if err := resolveBindings(&version, change); err != nil {
		return fail(err)
	}
	plan := Plan{Tag: before.Script.MigrationTag, NewTag: change.Tag, Reconciliation: change.Reconciliation}
	for _, e := range change.Effects {
		_, there := w.namespaces[e.Key]
		p := PlannedEffect{Effect: e, New: !there}
		if there {
			p.Usage = usage(r.objectsOf(e.Key))
			p.BoundBy = slices.DeleteFunc(w.binders(e.Key, up.Script), func(name string) bool { return name == e.ToScript })
		}
		plan.Effects = append(plan.Effects, p)
	}
	return plan, nil
}

// History is what was applied to a script.
type History struct {
	Deployed
	Uploads []store.AppliedMigration // the oldest first
	Entries []migrate.Applied        // that count as applied now
	Classes []ClassUsage             // that the script owns; only by Histories, as it takes a while
	Pending []store.Handover         // transfers that the script has declared and that wait for their other side
}

// ClassUsage is a namespace with what it holds.
type ClassUsage struct {
	store.Namespace
	Usage
}

// History returns what was applied to a script. The error wraps [ErrNotFound]
// if there is none.
func (r *Runtime) History(ctx context.Context, script string) (History, error) {
	w, err := r.world(ctx)
	if err != nil {
		return History{}, err
	}
	d, ok := w.scripts[script]
	if !ok {
		return History{}, fmt.Errorf("script %q: %w", script, ErrNotFound)
	}
	return r.history(ctx, w, d)
}

// Histories is History for all scripts, by name.
func (r *Runtime) Histories(ctx context.Context) ([]History, error) {
	w, err := r.world(ctx)
	if err != nil {
		return nil, err
	}
	var list []History
	for _, name := range slices.Sorted(maps.Keys(w.scripts)) {
		h, err := r.history(ctx, w, w.scripts[name])
		if err != nil {
			return nil, err
		}
		for _, n := range w.owned(name) {
			h.Classes = append(h.Classes, ClassUsage{n, usage(r.objectsOf(n.Key))})
		}
		list = append(list, h)
	}
	return list, nil
}

func (r *Runtime) history(ctx context.Context, w world, d Deployed) (History, error) {
	uploads, err := r.store.AppliedMigrations(ctx, d.Script.Name)
	h := History{Deployed: d, Uploads: uploads}
	if err != nil {
		return h, r.readError(err)
	}
	var records []migrate.Record
	for _, p := range w.handovers {
		if p.Script == d.Script.Name {
			h.Pending = append(h.Pending, p)
		}
	}
	for _, m := range uploads {
		if m.Declared {
			continue // the list of migrations knows nothing of it
		}
		record := migrate.Record{Tag: m.NewTag}
		err := errors.Join(json.Unmarshal(m.Steps, &record.Steps), json.Unmarshal(m.Entries, &record.Entries))
		if err != nil {
			return h, fmt.Errorf("read migration %d of %q: %w", m.Number, m.Script, err)
		}
		records = append(records, record)
	}
	h.Entries = migrate.AppliedBy(records)
	return h, nil
}

// Trash returns the deleted namespaces that can be brought back, the oldest
// first.
func (r *Runtime) Trash(ctx context.Context) ([]ClassUsage, error) {
	deleted, err := r.store.DeletedNamespaces(ctx)
	if err != nil {
		return nil, r.readError(err)
	}
	var list []ClassUsage
	for _, n := range deleted {
		if n.Purged {
			continue
		}
		folder, err := r.trashedOf(n.Key)
		if err != nil {
			return nil, err
		}
		if folder == "" {
			folder = r.objectsOf(n.Key) // where a sweep that failed has left them
		}
		list = append(list, ClassUsage{n, usage(folder)})
	}
	return list, nil
}
