package local

import (
	"maps"
	"slices"
	"strings"

	"paddock/internal/cfapi"
	"paddock/local/store"
	"paddock/migrate"
)

// change works out the new namespace table.
func change(w world, up Upload, steps *migrate.Upload, before store.Deployed, v store.Version) (migrate.Change, error) {
	if up.Classes != nil {
		return adopt(migrateState(w, before, v), up.Classes), nil
	}
	bound := up.Form.Metadata.Paddock != nil && up.Form.Metadata.Paddock.DeleteBound
	change, err := lifecycle(w, up, steps, before, v, bound)
	if err != nil || bound {
		return change, err
	}
	return change, checkDeleted(w, up.Script, change.Deleted)
}

// lifecycle does what an upload says of its classes, by a declaration or by
// migrations. Once a script has had a declaration it goes on with that: the
// list of migrations does not know what has become of its classes since, and
// an upload that says nothing would silently leave classes behind.
func lifecycle(w world, up Upload, steps *migrate.Upload, before store.Deployed, v store.Version, deleteBound bool) (migrate.Change, error) {
	declared, err := up.exports()
	if err != nil {
		return migrate.Change{}, err
	}
	was := declares(before.Version)
	if was && steps != nil {
		return migrate.Change{}, refuse(cfapi.CodeExportsRefused,
			"the classes of script %q are declared with `exports` by version %d, which is in force: go on with that, as `migrations` do not tell what has become of them", up.Script, before.Version.Number)
	}
	state := migrateState(w, before, v)
	if len(declared) == 0 && !was {
		return migrate.Apply(state, steps)
	}
	state.Declared = declaredState(w)
	state.DeleteBound = deleteBound
	return migrate.Reconcile(state, declared)
}

// migrateState is what a version's migrations start from.
func migrateState(w world, before store.Deployed, v store.Version) migrate.State {
	state := migrate.State{Script: v.Script, Tag: before.Script.MigrationTag, Exports: v.Classes, NewKey: newKey}
	for _, n := range w.namespaces {
		state.Namespaces = append(state.Namespaces, migrate.Namespace{
			Key: n.Key, Script: n.Script, Class: n.Class, SQLite: n.SQLite, ReceivedFrom: n.ReceivedFrom,
		})
	}
	for _, b := range v.Bindings {
		if b.OwnClass() {
			state.Bound = append(state.Bound, b.Class)
		}
	}
	return state
}

// checkDeleted refuses to delete a class to which another script still binds.
// The script's own bindings are looked at by [migrate.Apply].
func checkDeleted(w world, script string, deleted []migrate.Namespace) error {
	for _, n := range deleted {
		if users := w.binders(n.Key, script); len(users) > 0 {
			return refuse(cfapi.CodeBindingClass,
				"Cannot apply --delete-class migration to class %s without also removing the binding that references it: %s binds to it",
				n.Class, strings.Join(users, ", "))
		}
	}
	return nil
}

// binders returns the scripts that bind to a namespace, in order, except one.
func (w world) binders(key, except string) []string {
	var users []string
	for name := range w.scripts {
		binds := func(b store.Binding) bool { return b.Namespace == key }
		if name != except && slices.ContainsFunc(w.bindings(name), binds) {
			users = append(users, name)
		}
	}
	slices.Sort(users)
	return users
}

// adopt is what a dev session has in place of migrations: classes that appear
// get a namespace, and namespaces stay when their class disappears, for it
// may come back with the next save.
func adopt(s migrate.State, classes map[string]bool) migrate.Change {
	change := migrate.Change{Tag: s.Tag}
	have := map[string]bool{}
	for _, n := range s.Namespaces {
		if n.Script == s.Script {
			have[n.Class] = true
			n.SQLite = n.SQLite || classes[n.Class]
		}
		change.Namespaces = append(change.Namespaces, n)
	}
	for _, class := range slices.Sorted(maps.Keys(classes)) {
		if have[class] {
			continue
		}
		n := migrate.Namespace{Key: s.NewKey(), Script: s.Script, Class: class, SQLite: classes[class]}
		change.Namespaces = append(change.Namespaces, n)
		change.Effects = append(change.Effects, migrate.Effect{Kind: "create", Class: class, Key: n.Key})
	}
	return change
}

// resolveBindings ties every Durable Object binding to a namespace's key. A
// class that is yet to be transferred is bound where it is: the binding follows.
func resolveBindings(v *store.Version, c migrate.Change) error {
	keys := map[[2]string]string{}
	for _, n := range c.Namespaces {
		keys[[2]string{n.Script, n.Class}] = n.Key
	}
	for _, h := range c.Handovers {
		if h.Incoming {
			keys[[2]string{h.Script, h.Class}] = keys[[2]string{h.Other, h.Class}]
		}
	}
	for i := range v.Bindings {
		b := &v.Bindings[i]
		if b.Type != cfapi.BindingDurableObject {
			continue
		}
		owner := b.Script
		if owner == "" {
			owner = v.Script
		}
		key := keys[[2]string{owner, b.Class}]
		if key == "" {
			return refuse(cfapi.CodeBindingClass,
				"binding %q names the class %q of %q, which has no namespace there: create it with a migration (new_classes or new_sqlite_classes) or declare it in `exports`", b.Name, b.Class, owner)
		}
		b.Namespace = key
	}
	return nil
}

func storeNamespaces(list []migrate.Namespace) []store.Namespace {
	out := make([]store.Namespace, len(list))
	for i, n := range list {
		out[i] = store.Namespace{Key: n.Key, Script: n.Script, Class: n.Class, SQLite: n.SQLite, ReceivedFrom: n.ReceivedFrom}
	}
	return out
}
