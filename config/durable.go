package config

import (
	"cmp"
	"slices"

	"paddock/internal/diag"
	"paddock/migrate"
)

// checkDurableObject looks at the service environment of a binding, a concept
// that Cloudflare has given up.
func checkDurableObject(c *checker, n *node) {
	if env := n.get("environment"); env != nil && n.get("script_name") == nil {
		c.errorf("missing-field", env.keyAt(), "%q: binding should have a \"script_name\" field if \"environment\" is present", n.path())
	}
}

func readDurableObjects(d *draft, n *node) {
	d.DurableObjects = readBindings(n)
}

// readBindings reads the complete bindings of a [durable_objects] table.
func readBindings(n *node) []DurableObject {
	var list []DurableObject
	for _, b := range find(durableObjectFields, "bindings").in(n).elements() {
		name, class := find(durableObjectBindingFields, "name").in(b), b.get("class_name")
		if name.text() != "" && class.text() != "" {
			list = append(list, DurableObject{
				Name: name.text(), Class: class.text(), Script: b.get("script_name").text(), Location: class.at(),
			})
		}
	}
	return list
}

// finishBindings decides which classes are the Worker's own, now that its name
// is known.
func (r *resolver) finishBindings(d *draft) {
	for i := range d.DurableObjects {
		if do := &d.DurableObjects[i]; do.Script == d.Name {
			do.Script = ""
		}
	}
}

// finishLifecycle warns of own classes that no migration creates.
func (r *resolver) finishLifecycle(c *checker, d *draft) {
	for _, e := range d.Exports {
		if e.Live() {
			d.Classes = append(d.Classes, migrate.Class{Name: e.Class, SQLite: e.Storage == migrate.StorageSQLite, Location: e.Location})
		}
	}
	slices.SortStableFunc(d.Classes, func(a, b migrate.Class) int { return cmp.Compare(a.Name, b.Name) })
	known := make(map[string]bool)
	for _, class := range d.Classes {
		known[class.Name] = true
	}
	var missing []string
	var at diag.Location
	for _, do := range d.DurableObjects {
		if known[do.Class] || do.Script != "" {
			continue
		}
		known[do.Class] = true // said once per class
		if missing = append(missing, do.Class); len(missing) == 1 {
			at = do.Location
		}
	}
	if len(missing) == 0 {
		return
	}
	c.report(diag.Warningf("no-migration", at,
		"you have configured `durable_objects` exported by this Worker (%s), but no `migrations` for them", quoteAll(missing)).
		WithHint("This may not work as expected until you add a `migrations` section:\n%s", r.file.migrationsSnippet(missing)))
}
