package config

import (
	"slices"

	"paddock/internal/diag"
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

// live says whether an entry of exports is a Durable Object class that exists.
func live(e *node) bool {
	if e.get("type").text() != "durable-object" {
		return false
	}
	switch e.get("state").text() {
	case "", "created", "expecting-transfer":
		return true
	}
	return false
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
