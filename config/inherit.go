package config

import (
	"fmt"

	"paddock/internal/diag"
)

// effective returns the value of a field that counts, or nil.
func (r *resolver) effective(f *field) *node {
	if r.table != nil && (f.class != topLevel || f.override) {
		if n := f.in(r.table); n != nil && !n.is(kindNull) || f.class == notInherited {
			return n
		}
	}
	if n := f.in(r.file.root); !n.is(kindNull) {
		return n
	}
	return nil
}

// warnNotInherited warns of what the top level has and the environment lacks,
// because most people expect it to be inherited.
func (r *resolver) warnNotInherited(c *checker, f *field) {
	top, own := f.in(r.file.root), f.in(r.table)
	switch {
	case f.class != notInherited || top == nil || top.empty() || !top.is(f.kinds):
	case own == nil:
		c.report(r.notInherited(f, top))
	case f.partly && own.is(f.kinds):
		r.warnEntries(c, f, top, own)
	}
}

func (r *resolver) notInherited(f *field, top *node) diag.Diagnostic {
	where := r.table.path()
	d := diag.Warningf("not-inherited", r.table.keyAt(), "%q exists at the top level, but not on %q", f.name, where).
		WithHint("This is not what you probably want, since %q is not inherited by environments.\nPlease add %q to %q.%s",
			f.name, f.name, where, r.bindingsToAdd(f, top))
	return d.WithRelated("the top level has it here", top.keyAt())
}

// entry is a named part of a field.
type entry struct {
	name string
	at   diag.Location
}

// entries lists the parts of a field that environments are told of when they
// lack them: the keys of a free table, or the names of bindings.
func (f *field) entries(n *node) []entry {
	var list []entry
	if f.values != nil {
		for _, e := range n.fields() {
			list = append(list, entry{e.name, e.keyAt()})
		}
		return list
	}
	f.bindings(n, func(name string, at diag.Location) { list = append(list, entry{name, at}) })
	return list
}

// warnEntries warns of entries that only the top level has. Wrangler lists
// those of some fields, and names those of others one by one.
func (r *resolver) warnEntries(c *checker, f *field, top, own *node) {
	has := make(map[string]bool)
	for _, e := range f.entries(own) {
		has[e.name] = true
	}
	var missing []string
	where := r.table.path()
	for _, e := range f.entries(top) {
		if has[e.name] {
			continue
		}
		if f.listed() {
			missing = append(missing, e.name)
			continue
		}
		c.report(diag.Warningf("not-inherited", own.keyAt(), "There is a %s binding with name %q at the top level, but not on %q", f.name, e.name, where).
			WithHint("This is not what you probably want, since %q is not inherited by environments.\nPlease add a binding for %q to %q.",
				f.name, e.name, where+"."+f.name+".bindings").
			WithRelated("the top level has it here", e.at))
	}
	if len(missing) > 0 {
		c.report(diag.Warningf("not-inherited", own.keyAt(), "The following %s at the top level, but not on %q: %s",
			f.plural(), where+"."+f.name, quoteAll(missing)).
			WithHint("This is not what you probably want, since %q is not inherited by environments.\nPlease add them to %q.%s",
				f.name, where, r.bindingsToAdd(f, top)).
			WithRelated("the top level has them here", top.keyAt()))
	}
}

func (f *field) listed() bool {
	return f.values != nil || f.name == "durable_objects" || f.name == "unsafe"
}

// plural begins a sentence about entries of a field, as Wrangler does.
func (f *field) plural() string {
	if f.values != nil {
		return f.name + " exist"
	}
	return "bindings are"
}

// warnOnlyHere warns of definitions that the environment has and the top level
// lacks, if that defines anything at all.
func (r *resolver) warnOnlyHere(c *checker) {
	top, own := r.file.root.get("define"), r.table.get("define")
	if len(top.fields()) == 0 {
		return
	}
	for _, e := range own.fields() {
		if top.get(e.name) == nil {
			c.report(diag.Warningf("only-in-environment", e.keyAt(), "%q exists on %q, but not on the top level", e.name, r.table.path()).
				WithHint("This is not what you probably want, since \"define\" configuration is not inherited by environments.\nPlease add \"define.%s\" to the top level.", e.name).
				WithRelated("the top level defines others here", top.keyAt()))
		}
	}
}

// bindingsToAdd is the text to write into the environment, where that is a
// list of Durable Object bindings.
func (r *resolver) bindingsToAdd(f *field, top *node) string {
	if f.name != "durable_objects" {
		return ""
	}
	list := readBindings(top)
	if len(list) == 0 {
		return ""
	}
	return fmt.Sprintf("\n%s", r.file.bindingsSnippet(r.env, list))
}
