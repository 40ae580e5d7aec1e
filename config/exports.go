package config

import (
	"cmp"
	"encoding/json"
	"slices"

	"paddock/internal/diag"
	"paddock/migrate"
)

// exportKeys says which keys an exported Durable Object class must have in a
// state, and which it may have, beside type and state.
func exportKeys(state string) (must, may []string, known bool) {
	switch state {
	case "", "created":
		return []string{"storage"}, []string{"container"}, true
	case "deleted":
		return nil, nil, true
	case "renamed":
		return []string{"renamed_to"}, nil, true
	case "transferred":
		return []string{"transferred_to"}, nil, true
	case "expecting-transfer":
		return []string{"storage", "transfer_from"}, []string{"container"}, true
	}
	return nil, nil, false
}

// readExports takes over the declaration: all of it to be sent, and what it
// says of classes.
func readExports(d *draft, n *node) {
	d.exports = n
	if len(n.fields()) > 0 {
		raw, err := json.Marshal(n.plain())
		if err != nil {
			return // a value that JSON does not have, which has been reported
		}
		d.RawExports = raw
	}
	for _, e := range n.fields() {
		if e.get("type").text() != "durable-object" {
			continue
		}
		d.Exports = append(d.Exports, migrate.Export{
			Class: e.name, State: cmp.Or(e.get("state").text(), migrate.StateCreated), Storage: e.get("storage").text(),
			RenamedTo: e.get("renamed_to").text(), TransferredTo: e.get("transferred_to").text(), TransferFrom: e.get("transfer_from").text(),
			Location: e.keyAt(),
		})
	}
	slices.SortFunc(d.Exports, func(a, b migrate.Export) int { return cmp.Compare(a.Class, b.Class) })
}

// limitExports says which entries paddock does nothing with.
func (r *resolver) limitExports(out *collector) {
	for _, e := range r.values["exports"].fields() {
		if e.get("type").text() == "workflow" {
			r.note(out, e, diag.Errorf("unsupported-field", e.keyAt(), "paddock does not support %q yet", e.path()).
				WithHint("It does not run workflows."))
		}
	}
}

func checkExport(c *checker, n *node) {
	switch n.get("type").text() {
	case "durable-object":
		checkExportedClass(c, n)
	case "worker":
		c.onlyKeys(n, "type", "cache")
	case "workflow":
		c.onlyKeys(n, "type", "name", "limits", "concurrency", "schedules", "default_retention", "jurisdiction")
		if n.get("name") == nil {
			c.errorf("missing-field", n.at(), "%q is a required field", n.path()+".name")
		}
	}
}

func checkExportedClass(c *checker, n *node) {
	state := n.get("state").text()
	if state == "" {
		state = "created"
	}
	must, may, known := exportKeys(state)
	if !known {
		return
	}
	for _, key := range must {
		if n.get(key) == nil {
			c.errorf("missing-field", n.at(), "%q is required for state %q", n.path()+"."+key, state)
		}
	}
	allowed := slices.Concat([]string{"type", "state"}, must, may)
	for _, e := range n.list {
		if !slices.Contains(allowed, e.name) {
			c.report(diag.Errorf("forbidden-field", e.keyAt(), "%q is forbidden on state %q", e.path(), state).
				WithHint("Allowed properties are: %s.", quoteAll(allowed)))
		}
	}
	if to := n.get("renamed_to"); state == "renamed" && to.text() != "" {
		switch {
		case !identifier(to.text()):
			c.errorf("bad-value", to.at(), "%q must be a valid JavaScript identifier (got %s)", to.path(), to.quote())
		case to.text() == n.name:
			c.errorf("bad-value", to.at(), "%q cannot equal the source class name %s", to.path(), to.quote())
		}
	}
	if container := n.get("container"); container != nil && n.get("storage").text() == "legacy-kv" {
		c.errorf("bad-value", container.keyAt(), "%q requires \"storage\" to be \"sqlite\"", container.path())
	}
}

// identifier reports whether s is an identifier of JavaScript, of ASCII.
func identifier(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_', c == '$', i > 0 && '0' <= c && c <= '9':
		default:
			return false
		}
	}
	return s != ""
}

// onlyKeys warns of keys that a table may have, but not in this form.
func (c *checker) onlyKeys(n *node, allowed ...string) {
	for _, e := range n.list {
		if !slices.Contains(allowed, e.name) {
			c.warnf("unexpected-field", e.keyAt(), "Unexpected field %q in %q", e.name, n.path())
		}
	}
}

// checkExports looks for workflows that are declared twice.
func checkExports(c *checker, n *node) {
	first := make(map[string]*node)
	for _, e := range n.fields() {
		name := e.get("name")
		if e.get("type").text() != "workflow" || name.text() == "" {
			continue
		}
		before := first[name.text()]
		if before == nil {
			first[name.text()] = name
			continue
		}
		c.report(diag.Errorf("duplicate-workflow", name.at(), "%q and %q both declare the Workflow %s", before.parent.path(), e.path(), name.quote()).
			WithHint("Workflow names must be unique.").WithRelated("the first one is here", before.at()))
	}
}

// finishExports holds exports against the list of migrations: both tell of the
// same classes, and only one of them can be right.
func (r *resolver) finishExports(c *checker, d *draft) {
	migrations := r.values["migrations"]
	if len(migrations.elements()) == 0 {
		return
	}
	for _, e := range d.exports.fields() {
		if e.get("type").text() == "durable-object" {
			c.report(diag.Errorf("exclusive-fields", e.keyAt(), "`migrations` and `exports` are mutually exclusive").
				WithHint("Choose one or the other to declare your Durable Object lifecycle, but not both.").
				WithRelated("the migrations are here", migrations.keyAt()))
			return
		}
	}
}
