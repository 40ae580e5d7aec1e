package config

import (
	"cmp"
	"slices"

	"paddock/internal/diag"
	"paddock/migrate"
)

// bindingUse is a name that a Worker finds in its env, for the search for
// names that are used twice.
type bindingUse struct {
	name, label string // the label is Wrangler's name of the kind
	at          diag.Location
}

func (d *draft) bind(name, label string, at diag.Location) {
	d.bindings = append(d.bindings, bindingUse{name, label, at})
}

func readVars(r *reader, n *node, d *draft) {
	d.Vars = nil
	for _, v := range n.fields() {
		if r.jsonValue(v) {
			d.Vars = append(d.Vars, Var{Name: v.name, Value: v.plain(), Location: v.keyAt()})
		}
		d.bind(v.name, "Environment Variable", v.keyAt())
	}
	slices.SortFunc(d.Vars, func(a, b Var) int { return cmp.Compare(a.Name, b.Name) })
}

// jsonValue reports whether a value can be a variable, which travels as JSON.
func (r *reader) jsonValue(n *node) bool {
	switch n.kind {
	case kindDate:
		r.report(diag.Errorf("wrong-type", n.at(), "The field %q is a TOML date, which is not supported", n.path()).
			WithHint("Write it in quotation marks."))
		return false
	case kindFloat:
		if _, text := n.plain().(string); text {
			r.errorf("wrong-type", n.at(), "The field %q is %v, which JSON cannot hold", n.path(), n.value)
			return false
		}
	}
	ok := true
	for _, child := range n.list {
		ok = r.jsonValue(child) && ok
	}
	return ok
}

func readDurableObjects(r *reader, n *node, d *draft) {
	d.DurableObjects = nil
	r.onlyKeys(n, "bindings", "classes", "code_update_strategy")
	if strategy := n.get("code_update_strategy"); strategy != nil {
		r.inactive(strategy, "New code takes over at once.")
	}
	list := bindingList(n)
	if list == nil || !r.expect(list, kindArray) {
		return
	}
	if list.name != "bindings" {
		r.warnf("old-name", list.keyAt(), "%q is an old name; please rename it to \"bindings\"", list.path())
	}
	for _, b := range list.list {
		r.durableObject(b, d)
	}
}

// bindingList and bindingName also know the names that Wrangler 1 used.
func bindingList(n *node) *node {
	if list := n.get("bindings"); list != nil {
		return list
	}
	return n.get("classes")
}

func bindingName(b *node) *node {
	if name := b.get("name"); name != nil {
		return name
	}
	return b.get("binding")
}

func (r *reader) durableObject(b *node, d *draft) {
	if !b.is(kindTable) {
		r.errorf("wrong-type", b.at(), "Expected %q to be an object but got %s", b.path(), b.quote())
		return
	}
	r.onlyKeys(b, "name", "binding", "class_name", "script_name", "environment")
	name, class, script := bindingName(b), b.get("class_name"), b.get("script_name")
	nameOK, classOK := r.bindingText(b, name, "name"), r.bindingText(b, class, "class_name")
	if nameOK && name.name != "name" {
		r.warnf("old-name", name.keyAt(), "%q is an old name; please rename it to \"name\"", name.path())
	}
	if script != nil && !script.is(kindString) {
		r.errorf("wrong-type", script.at(), "%q: the field \"script_name\", when present, should be a string but got %s", b.path(), script.quote())
		script = nil
	}
	r.bindingEnvironment(b, script)
	if !nameOK || !classOK {
		return
	}
	do := DurableObject{Name: name.value.(string), Class: class.value.(string), Location: class.at()}
	if script != nil {
		do.Script = script.value.(string)
	}
	d.DurableObjects = append(d.DurableObjects, do)
	d.bind(do.Name, "Durable Object", name.at())
}

// bindingText reports whether a binding has a required text.
func (r *reader) bindingText(b, n *node, key string) bool {
	if n.is(kindString) && n.value != "" {
		return true
	}
	at := b.at()
	if n != nil {
		at = n.at()
	}
	r.errorf("missing-field", at, "%q: binding should have a string %q field", b.path(), key)
	return false
}

// bindingEnvironment looks at the service environment of a binding, a concept
// that Cloudflare has given up.
func (r *reader) bindingEnvironment(b, script *node) {
	switch env := b.get("environment"); {
	case env == nil:
	case script == nil:
		r.errorf("missing-field", env.keyAt(), "%q: binding should have a \"script_name\" field if \"environment\" is present", b.path())
	default:
		r.inactive(env, "Write the environment's own script into \"script_name\": <script>-<environment>.")
	}
}

// finishBindings decides which classes are the Worker's own, now that its name
// is known, and reports names that are used twice.
func (r *resolver) finishBindings(out *reader, d *draft) {
	for i := range d.DurableObjects {
		if do := &d.DurableObjects[i]; do.Script == d.Name {
			do.Script = ""
		}
	}
	first := make(map[string]bindingUse)
	for _, use := range d.bindings {
		before, twice := first[use.name]
		if !twice {
			first[use.name] = use
			continue
		}
		message := "%s assigned to multiple " + use.label + " bindings"
		if before.label != use.label {
			message = "%s assigned to " + before.label + " and " + use.label + " bindings"
		}
		problem := diag.Errorf("duplicate-binding", use.at, message, use.name).
			WithHint("Bindings must have unique names, so that they can all be referenced in the worker.")
		problem.Related = []diag.Related{{Message: "the first one is here", Location: before.at}}
		out.report(problem)
	}
}

// finishLifecycle warns of own classes that no migration creates.
func (r *resolver) finishLifecycle(out *reader, d *draft) {
	classes := migrate.Replay(d.Migrations)
	var missing []string
	var at diag.Location
	for _, do := range d.DurableObjects {
		if _, known := classes[do.Class]; known || do.Script != "" {
			continue
		}
		classes[do.Class] = false // said once per class
		if missing = append(missing, do.Class); len(missing) == 1 {
			at = do.Location
		}
	}
	if len(missing) == 0 {
		return
	}
	out.report(diag.Warningf("no-migration", at,
		"you have configured `durable_objects` exported by this Worker (%s), but no `migrations` for them", quoteAll(missing)).
		WithHint("This may not work as expected until you add a `migrations` section:\n%s", r.file.migrationsSnippet(missing)))
}

// finish makes the decisions that need more than one field.
func (r *resolver) finish(d *draft) {
	out := r.reader(r.env)
	r.finishName(out, d)
	r.finishEntry(out, d)
	r.finishDate(out, d)
	r.finishBindings(out, d)
	r.finishLifecycle(out, d)
}
