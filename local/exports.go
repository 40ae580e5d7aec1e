package local

import (
	"encoding/json"
	"fmt"
	"slices"

	"paddock/internal/cfapi"
	"paddock/local/store"
	"paddock/migrate"
)

// Declarations of exports, the newer way to say what becomes of classes. What
// they mean is [migrate.Reconcile]'s; here is what a runtime has to tell it,
// and to keep of it.

// noClasses is what is kept of an upload without a class that follows one with
// a declaration: the script goes on with declarations.
const noClasses = "{}"

// declares reports whether the classes of a version's script are declared.
func declares(v store.Version) bool {
	declared, err := migrate.ParseExports(v.Exports)
	return err == nil && len(declared) > 0 || string(v.Exports) == noClasses // it was parsed before it was stored
}

// declaration returns what a version keeps of the declaration that it was
// uploaded with.
func declaration(up Upload, before store.Version) json.RawMessage {
	raw := up.Form.Metadata.Exports
	declared, err := up.exports()
	switch {
	case err == nil && len(declared) > 0:
		return raw
	case declares(before):
		return json.RawMessage(noClasses)
	case string(raw) == noClasses:
		return nil
	}
	return raw
}

// declaredState is what a declaration is held against.
func declaredState(w world) migrate.Declared {
	d := migrate.Declared{Scripts: map[string][]string{}}
	for name, s := range w.scripts {
		d.Scripts[name] = s.Version.Classes
		for _, b := range w.bindings(name) {
			if b.Type == cfapi.BindingDurableObject {
				d.Bindings = append(d.Bindings, migrate.ForeignBinding{Script: name, Owner: b.Script, Class: b.Class, Key: b.Namespace})
			}
		}
	}
	for _, h := range w.handovers {
		d.Handovers = append(d.Handovers, migrate.Handover(h))
	}
	return d
}

// reconciled returns what the store keeps of a declaration, nil if there was
// none.
func reconciled(script string, c migrate.Change) (*store.Reconciled, error) {
	if c.Reconciliation == nil {
		return nil, nil
	}
	out := &store.Reconciled{Script: script, Steps: map[string]json.RawMessage{}}
	for _, h := range c.Handovers {
		out.Handovers = append(out.Handovers, store.Handover(h))
	}
	for name, step := range asSteps(script, c.Effects) {
		text, err := json.Marshal([]migrate.Step{*step})
		if err != nil {
			return nil, fmt.Errorf("keep what was declared: %w", err)
		}
		out.Steps[name] = text
	}
	return out, nil
}

// asSteps writes what a declaration has done as the migration that would have
// done the same, of every script that has got or lost something, so that lists
// and rollbacks need know of one kind of change only.
func asSteps(script string, effects []migrate.Effect) map[string]*migrate.Step {
	steps := map[string]*migrate.Step{}
	of := func(name string) *migrate.Step {
		if steps[name] == nil {
			steps[name] = &migrate.Step{}
		}
		return steps[name]
	}
	for _, e := range effects {
		switch {
		case e.Kind == "create" && e.SQLite:
			of(script).NewSQLiteClasses = append(of(script).NewSQLiteClasses, e.Class)
		case e.Kind == "create":
			of(script).NewClasses = append(of(script).NewClasses, e.Class)
		case e.Kind == "delete":
			of(script).DeletedClasses = append(of(script).DeletedClasses, e.Class)
		case e.Kind == "rename":
			of(script).RenamedClasses = append(of(script).RenamedClasses, migrate.Rename{From: e.Class, To: e.To})
		case e.Kind == "transfer":
			to := of(e.ToScript)
			to.TransferredClasses = append(to.TransferredClasses, migrate.Transfer{From: e.Class, FromScript: e.FromScript, To: e.To})
		}
	}
	return steps
}

// checkStaged looks at a version that is not put in force. What its declaration
// changes is done when it is, so that its own bindings can only be to classes
// that are there already.
func checkStaged(w world, v store.Version) error {
	if !declares(v) {
		return nil
	}
	owned := w.owned(v.Script)
	for _, b := range v.Bindings {
		there := slices.ContainsFunc(owned, func(n store.Namespace) bool { return n.Class == b.Class })
		if b.OwnClass() && !there {
			return refuse(cfapi.CodeExportsUnavailable,
				"binding %q names the class %q, which is declared in `exports` but not provisioned yet: "+
					"a version cannot do that, so publish it, or add the binding once the class is there", b.Name, b.Class)
		}
	}
	return nil
}

// checkAgreement refuses a split between versions that declare different
// classes: requests would be sent to code whose classes are not there.
func checkAgreement(versions []Version) error {
	if len(versions) < 2 {
		return nil
	}
	var declared [2][]migrate.Export
	for i := range declared {
		var err error
		if declared[i], err = migrate.ParseExports(versions[i].Exports); err != nil {
			return err
		}
	}
	if migrate.SameExports(declared[0], declared[1]) {
		return nil
	}
	return refuse(cfapi.CodeExportsDisagree,
		"the versions %s and %s declare different `exports`: deploy the one that changes them at 100%% first", versions[0].ID, versions[1].ID)
}

// reconcile works out what the declaration of a stored version does once it is
// put in force. A way back must not do anything: what a
// later version has made of the classes is not undone by that.
func reconcile(w world, v Version, before store.Deployed) (store.Publication, error) {
	declared, err := migrate.ParseExports(v.Exports)
	if err != nil || len(declared) == 0 {
		return store.Publication{}, err
	}
	state := migrateState(w, before, v)
	state.Declared = declaredState(w)
	c, err := migrate.Reconcile(state, declared)
	if err != nil {
		return store.Publication{}, err
	}
	changes := slices.ContainsFunc(c.Effects, func(e migrate.Effect) bool { return e.Kind != "pending" })
	if changes && v.Number < before.Version.Number {
		return store.Publication{}, refuse(cfapi.CodeExportsRefused,
			"version %d of %q cannot be deployed: a later version has changed the classes that it declares in `exports`", v.Number, v.Script)
	}
	pub := store.Publication{Namespaces: storeNamespaces(c.Namespaces), Deleted: storeNamespaces(c.Deleted)}
	pub.Reconciled, err = reconciled(v.Script, c)
	return pub, err
}
