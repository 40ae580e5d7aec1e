package config

import "paddock/internal/diag"

// level looks at the top level or at an environment.
func (c *checker) level(n *node) {
	env := n.parent != nil
	unknown := 0
	for _, child := range n.fields() {
		f := lookup(child.name)
		switch {
		case f == nil:
			if unknown++; unknown <= maxUnexpected {
				c.unexpected(child, known())
			}
		case env && f.class == topLevel && !f.override:
			c.misplaced(child)
		default:
			if env && f.override {
				c.report(diag.Warningf("overridden-field", child.keyAt(), "%q replaces the top level's %q here, which later generations of Wrangler ignore", child.path(), f.name))
			}
			c.field(f, child, &shape{})
		}
	}
	if more := unknown - maxUnexpected; more > 0 {
		c.warnf("unexpected-field", n.at(), "and %d more unexpected fields", more)
	}
	c.exclusive(n, "routes", "route")
	if n.get("minify").truth() && n.get("no_bundle").truth() {
		c.report(diag.Warningf("exclusive-fields", n.get("minify").keyAt(), "`minify` and `no_bundle` can't be used together").
			WithHint("Minify as part of your own bundling process.").WithRelated("no_bundle is here", n.get("no_bundle").keyAt()))
	}
	if !env {
		for _, e := range n.get("env").fields() {
			if !e.is(kindTable) {
				c.wrongType(e, &shape{kinds: kindTable})
			}
		}
	}
}

// known are all fields, for suggestions.
func known() []*field {
	var all []*field
	each(func(f *field) { all = append(all, f) })
	return all
}

// misplaced reports a field of the top level that stands in an environment.
func (c *checker) misplaced(n *node) {
	switch n.name {
	case "migrations":
		// Ignoring it, or replacing the list, would apply another history
		// than the one that other environments of the file have.
		c.report(diag.Errorf("env-migrations", n.keyAt(),
			"%q is not allowed: the list of migrations cannot be overridden by an environment", n.path()).
			WithHint("Move its entries to the top-level \"migrations\", which all environments inherit. " +
				"Each environment applies each of them once."))
	case "env":
		c.report(diag.Errorf("nested-env", n.keyAt(), "%q is not allowed: environments cannot have environments", n.path()).
			WithHint("Move it to the top-level \"env\"."))
	default:
		c.report(diag.Warningf("unexpected-field", n.keyAt(), "Unexpected field %q in %q", n.name, n.parent.path()).
			WithHint("%q is a top-level field, which holds for all environments. It is ignored here.", n.name))
	}
}
