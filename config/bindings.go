package config

import "paddock/internal/diag"

// bindingUse is a name that a Worker finds in its env.
type bindingUse struct {
	name, label string // the label is Wrangler's name of the kind
	at          diag.Location
}

// bindings calls do with each place in a value that names a binding: the
// strings and the keys with that format.
func (s *shape) bindings(n *node, do func(name string, at diag.Location)) {
	switch {
	case s == nil || !n.is(s.kinds):
	case s.format == &bindingFormat:
		if n.text() != "" {
			do(n.text(), n.at())
		}
	case n.kind == kindArray:
		for _, e := range n.list {
			s.elem.bindings(e, do)
		}
	case n.kind == kindTable:
		for _, f := range s.fields {
			f.bindings(f.in(n), do)
		}
		if s.keys == &bindingFormat {
			for _, e := range n.list {
				do(e.name, e.keyAt())
			}
		}
	}
}

// finishNameClashes reports names in the Worker's env that are used twice.
func (r *resolver) finishNameClashes(c *checker, d *draft) {
	first := make(map[string]bindingUse)
	each(func(f *field) {
		n := r.values[f.name]
		if f.label == "" || n == nil {
			return
		}
		f.bindings(n, func(name string, at diag.Location) {
			use := bindingUse{name, f.label, at}
			before, twice := first[name]
			if !twice {
				first[name] = use
				return
			}
			c.report(clash(before, use))
		})
	})
	if use, taken := first["ASSETS"]; taken && r.values["pages_build_output_dir"] != nil {
		c.errorf("reserved-binding", use.at, "The name 'ASSETS' is reserved in Pages projects. Please use a different name for your %s binding", use.label)
	}
}

func clash(a, b bindingUse) diag.Diagnostic {
	if b.at.Before(a.at) {
		a, b = b, a
	}
	message := "%s assigned to multiple " + b.label + " bindings"
	if a.label != b.label {
		message = "%s assigned to " + a.label + " and " + b.label + " bindings"
	}
	return diag.Errorf("duplicate-binding", b.at, message, b.name).
		WithHint("Bindings must have unique names, so that they can all be referenced in the worker.").
		WithRelated("the first one is here", a.at)
}
