package local

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"paddock/internal/cfapi"
	"paddock/local/store"
	"paddock/migrate"
)

// checkOwns refuses to give the objects of a script to a version that does not
// export all of their classes.
func (r *Runtime) checkOwns(ctx context.Context, w world, v Version) error {
	for _, n := range w.owned(v.Script) {
		if slices.Contains(v.Classes, n.Class) {
			continue
		}
		by, err := r.migrationThat(ctx, v.Script, func(s migrate.Step) bool { return makes(s, n.Class) })
		if err != nil {
			return err
		}
		return refuse(cfapi.CodeClassStillInUse,
			"version %d of %q cannot be deployed: it does not export the class %q, which has Durable Objects%s",
			v.Number, v.Script, n.Class, by.named("since"))
	}
	return nil
}

// checkReads refuses a version that needs what is gone: something that it
// binds, or a class of its own that others may reach.
func (r *Runtime) checkReads(ctx context.Context, w world, v Version) error {
	if err := checkReaches(w, v); err != nil {
		return err
	}
	for _, b := range v.Bindings {
		if b.Type != cfapi.BindingDurableObject {
			continue
		}
		if _, there := w.namespaces[b.Namespace]; there {
			continue
		}
		gone, err := r.deletedNamespace(ctx, v, b)
		if err != nil {
			return err
		}
		by, err := r.migrationThat(ctx, gone.Script, func(s migrate.Step) bool { return slices.Contains(s.DeletedClasses, gone.Class) })
		if err != nil {
			return err
		}
		return refuse(cfapi.CodeBindingClass,
			"version %d of %q cannot be deployed: its binding %q is to the class %q of %q, whose Durable Objects were deleted%s",
			v.Number, v.Script, b.Name, gone.Class, gone.Script, by.named("by"))
	}
	return r.checkExports(ctx, w, v)
}

// checkReaches refuses a version whose bindings are to a service or a resource
// that was deleted.
func checkReaches(w world, v Version) error {
	for _, b := range v.Bindings {
		if _, there := w.resources[b.Resource]; b.Resource != "" && !there {
			return refuse(cfapi.CodeResourceMissing, "version %d of %q cannot be deployed: its binding %q is to the %s %q, which was deleted",
				v.Number, v.Script, b.Name, kinds[b.Type].label, b.ID)
		}
	}
	return checkServices(w, v, nil)
}

// deletedNamespace returns what was bound, under the names that it had last if
// they are still known.
func (r *Runtime) deletedNamespace(ctx context.Context, v Version, b Binding) (store.Namespace, error) {
	deleted, err := r.store.DeletedNamespaces(ctx)
	if err != nil {
		return store.Namespace{}, err
	}
	for _, n := range deleted {
		if n.Key == b.Namespace {
			return n, nil
		}
	}
	return store.Namespace{Script: cmp.Or(b.Script, v.Script), Class: b.Class}, nil
}

// checkExports refuses a version that exports a class whose objects a later
// migration has deleted.
func (r *Runtime) checkExports(ctx context.Context, w world, v Version) error {
	applied, err := r.applied(ctx, v.Script)
	if err != nil {
		return err
	}
	owned := w.owned(v.Script)
	for _, m := range applied {
		if m.number <= v.Number {
			continue
		}
		for _, s := range m.steps() {
			for _, class := range s.DeletedClasses {
				again := slices.ContainsFunc(owned, func(n store.Namespace) bool { return n.Class == class })
				if slices.Contains(v.Classes, class) && !again {
					return refuse(cfapi.CodeBindingClass,
						"version %d of %q cannot be deployed: it exports the class %q, whose Durable Objects were deleted%s",
						v.Number, v.Script, class, m.named("by"))
				}
			}
		}
	}
	return nil
}

// makes reports whether a step gives a class its namespace.
func makes(s migrate.Step, class string) bool {
	return slices.Contains(s.NewClasses, class) || slices.Contains(s.NewSQLiteClasses, class) ||
		slices.ContainsFunc(s.RenamedClasses, func(r migrate.Rename) bool { return r.To == class }) ||
		slices.ContainsFunc(s.TransferredClasses, func(t migrate.Transfer) bool { return t.To == class })
}

// migrationThat returns the last migration of a script with a step that does
// something, or one without a tag if there is none.
func (r *Runtime) migrationThat(ctx context.Context, script string, does func(migrate.Step) bool) (appliedMigration, error) {
	applied, err := r.applied(ctx, script)
	if err != nil {
		return appliedMigration{}, err
	}
	for _, m := range slices.Backward(applied) {
		if slices.ContainsFunc(m.steps(), does) {
			return m, nil
		}
	}
	return appliedMigration{}, nil
}

func (m appliedMigration) steps() []migrate.Step {
	var steps []migrate.Step
	_ = json.Unmarshal(m.Steps, &steps) // they were decoded before they were stored
	return steps
}

// named names the migration at the end of a sentence, if it is known.
func (m appliedMigration) named(preposition string) string {
	if m.Declared {
		return fmt.Sprintf(" %s the exports of version %d", preposition, m.number)
	}
	if m.NewTag == "" {
		return ""
	}
	return fmt.Sprintf(" %s the migration %q", preposition, m.NewTag)
}
