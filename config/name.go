package config

import (
	"strings"

	"paddock/internal/diag"
)

const nameWant = "of type string, alphanumeric and lowercase with dashes only"

// maxName is the length that Cloudflare's API accepts for a script's name.
const maxName = 255

// ValidName reports whether a script may have this name.
func ValidName(name string) bool {
	if name == "" || len(name) > maxName || name[0] == '-' {
		return false
	}
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

func checkName(c *checker, n *node) {
	if name := n.text(); name != "" && !ValidName(name) {
		c.errorf("bad-name", n.at(), "Expected %q to be %s but got %s", n.path(), nameWant, n.quote())
	}
}

// finishName appends the environment's name to the top-level name, unless the
// environment has a name of its own. What that makes is checked here, as
// Wrangler 1 did; the later ones find out from the server.
func (r *resolver) finishName(c *checker, d *draft) {
	switch {
	case r.overrides.Name != "":
		d.Name, d.name = r.overrides.Name, nil
		if !ValidName(d.Name) {
			c.errorf("bad-name", diag.Location{}, "Expected --name to be %s but got %s", nameWant, literal(d.Name))
		}
		return
	case r.env == "" || r.file.UserPath != "" || d.Name == "" || d.name.inEnv():
		return
	}
	d.Name += "-" + r.env
	if ValidName(d.Name) {
		return
	}
	at := d.name.at()
	if r.table != nil {
		at = r.table.keyAt()
	}
	c.report(diag.Errorf("bad-name", at, "Expected %q to be %s but got %s", "name", nameWant, literal(d.Name)).
		WithHint("The environment's name is appended to the top-level name. Give the environment a \"name\" of its own, or another name."))
}

// finishNames warns of an environment that has the name of another: deployed,
// the two would overwrite each other. Only the later one in the file is told.
func (r *resolver) finishNames(c *checker, d *draft) {
	if r.table == nil || !ValidName(d.Name) || d.name == nil {
		return
	}
	top := r.file.root.get("name").text()
	if top == d.Name {
		c.report(r.sameName(d, "the top level").WithRelated("the top level's name is here", r.file.root.get("name").at()))
		return
	}
	// All environments are compared with all before them, so nothing is made
	// here for those that have other names.
	suffix, derived := strings.CutPrefix(d.Name, top+"-")
	for _, env := range r.table.parent.fields() {
		if env == r.table {
			return
		}
		if !env.is(kindTable) {
			continue
		}
		own := env.get("name")
		switch {
		case own.is(kindString) && own.text() == d.Name:
			c.report(r.sameName(d, literal(env.path())).WithRelated("that environment is here", own.at()))
			return
		case !own.is(kindString) && derived && env.name == suffix && (own != nil || top != ""):
			c.report(r.sameName(d, literal(env.path())).WithRelated("that environment is here", env.keyAt()))
			return
		}
	}
}

func (r *resolver) sameName(d *draft, other string) diag.Diagnostic {
	at := r.table.keyAt()
	if d.name.inEnv() {
		at = d.name.at()
	}
	return diag.Warningf("same-name", at, "%q and %s have the same name: %s", r.table.path(), other, literal(d.Name)).
		WithHint("Each name in your configuration file must be unique: deploying one overwrites the other.")
}
