package config

import (
	"slices"

	"paddock/internal/diag"
)

const serviceWorker = "service-worker"

// limits says what paddock does not do with the values that count; but says
// nothing of the named fields.
func (r *resolver) limits(but ...string) diag.List {
	var out collector
	r.but = but
	each(func(f *field) {
		if n := r.values[f.name]; n != nil {
			r.limit(&out, f, n)
		}
	})
	r.limitExports(&out)
	r.formerProject(&out)
	return out.sorted()
}

func (r *resolver) limit(out *collector, f *field, n *node) {
	if !n.is(f.kinds) || n.empty() || slices.Contains(r.but, f.name) || f.usual != nil && n.value == f.usual {
		return
	}
	var d diag.Diagnostic
	switch f.do {
	case inactive:
		d = diag.Warningf("inactive-field", n.keyAt(), "paddock does not act on %q", n.path())
	case unsupported:
		d = diag.Errorf("unsupported-field", n.keyAt(), "paddock does not support %q yet", n.path())
	default:
		r.limitsWithin(out, f.shape, n)
		return
	}
	d.Hint = f.hint
	r.note(out, n, d)
}

func (r *resolver) limitsWithin(out *collector, s *shape, n *node) {
	for _, e := range n.elements() {
		if s.elem != nil {
			r.limitsWithin(out, s.elem, e)
		}
	}
	for _, e := range n.fields() {
		if s.values != nil {
			r.limitsWithin(out, s.values, e)
		}
		if f := find(s.fields, e.name); f != nil {
			r.limit(out, f, e)
		}
	}
}

func (r *resolver) note(out *collector, n *node, d diag.Diagnostic) {
	if n.inEnv() {
		d.Env = r.env
	}
	out.add(d)
}

// formerProject looks for the projects of older Wranglers that need other tools.
func (r *resolver) formerProject(out *collector) {
	if n := r.values["assets"]; n.is(kindString) {
		r.note(out, n, diag.Errorf("unsupported-field", n.keyAt(), "paddock does not support %q as a string", n.path()).
			WithHint("%s", `Write assets = { directory = "…" } for what Wrangler 4 does with it.`))
	}
	if n := r.values["type"]; n.text() == "rust" || n.text() == "webpack" {
		r.note(out, n, diag.Errorf("unsupported-type", n.at(), "paddock does not support projects of type %q", n.text()).
			WithHint("Set \"main\" to the JavaScript or TypeScript entry point; paddock bundles it itself. \"type\" can go."))
	}
	if n := r.values["build"].get("upload").get("format"); n.text() == serviceWorker {
		r.note(out, n, diag.Errorf("unsupported-format", n.at(), "paddock does not support the service-worker format").
			WithHint("Export your handlers from an ES module: export default { fetch(request, env, ctx) { … } }"))
	}
}
