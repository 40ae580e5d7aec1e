package config

import (
	"fmt"
	"slices"

	"paddock/internal/diag"
)

// Resolve works out what the file means for an environment, "" for the top
// level. The list is in source order. The Worker is what could be read and
// never nil, but incomplete if the list holds an error.
//
// As in Wrangler the top level is always checked, and of the environments only
// the chosen one.
func (f *File) Resolve(env string) (*Worker, diag.List) {
	r := &resolver{file: f, env: env, problems: new(diag.List)}
	top := r.reader("")
	top.topFields(f.root)
	d := f.newDraft("")
	for i := range fields {
		top.field(&fields[i], f.root.get(fields[i].name), d)
	}
	envs := r.environments()
	if env != "" {
		d = f.newDraft(env)
		if !r.choose(envs) {
			return &d.Worker, r.problems.Sorted()
		}
		r.environment(d)
	}
	for i := range fields {
		r.limits(&fields[i])
	}
	r.finish(d)
	return &d.Worker, r.problems.Sorted()
}

// draft is a Worker in the making, with the nodes that its last checks need.
type draft struct {
	Worker
	name, main, upload *node
	bindings           []bindingUse
}

func (f *File) newDraft(env string) *draft {
	return &draft{Worker: Worker{Path: f.Path, Dir: f.Dir, Env: env}}
}

// resolver is one run of Resolve.
type resolver struct {
	file     *File
	env      string
	table    *node // of the chosen environment; nil at the top level, and for one that is made up
	problems *diag.List
}

// reader returns a reader for one level of the file.
func (r *resolver) reader(env string) *reader {
	return &reader{file: r.file, env: env, problems: r.problems}
}

// environments returns the table of environments, after a look at its shape.
func (r *resolver) environments() *node {
	envs := r.file.root.get("env")
	for _, e := range envs.fields() {
		r.reader("").expect(e, kindTable)
	}
	return envs
}

// choose looks up the environment. In a file without any, Wrangler makes one
// up that has all of the top level.
func (r *resolver) choose(envs *node) bool {
	known := keyNames(envs)
	r.table = envs.get(r.env)
	at := diag.Location{File: r.file.src.Name}
	switch {
	case r.table != nil:
		return r.table.is(kindTable)
	case len(known) == 0:
		r.reader(r.env).report(diag.Warningf("unknown-environment", at,
			"No environment found in configuration with name %q; using the top level", r.env).
			WithHint("Consider adding an environment configuration section:\n%s", r.file.environmentSnippet(r.env)))
		return true
	}
	hint := "The configured environments are: " + quoteAll(known)
	if near := nearest(r.env, known); near != "" {
		hint = "Did you mean \"" + near + "\"? " + hint
	}
	r.reader(r.env).report(diag.Errorf("unknown-environment", at,
		"No environment found in configuration with name %q", r.env).
		WithHint("%s\nConsider adding an environment configuration section:\n%s", hint, r.file.environmentSnippet(r.env)))
	return false
}

// environment reads into d what the environment has and what it inherits.
func (r *resolver) environment(d *draft) {
	own := r.reader(r.env)
	own.environmentFields(r.table)
	// What is taken from the top level has been checked there already.
	inherited := &reader{file: r.file}
	for i := range fields {
		fd := &fields[i]
		if fd.class != topLevel {
			own.field(fd, r.table.get(fd.name), d)
		}
		if n := r.effective(fd); n != nil && !n.inEnv() {
			inherited.field(fd, n, d)
		}
		if r.table != nil && fd.class == notInherited {
			r.warnNotInherited(own, fd)
		}
	}
}

// effective returns the value of a field that counts, or nil.
func (r *resolver) effective(fd *field) *node {
	present := func(n *node) *node {
		if n.is(kindNull) {
			return nil
		}
		return n
	}
	if r.table != nil && fd.class != topLevel {
		if n := present(r.table.get(fd.name)); n != nil || fd.class == notInherited {
			return n
		}
	}
	return present(r.file.root.get(fd.name))
}

// limits says what paddock does not do with a field that counts.
func (r *resolver) limits(fd *field) {
	n := r.effective(fd)
	if n == nil || !n.is(fd.kinds) || n.empty() {
		return
	}
	level := ""
	if n.inEnv() {
		level = r.env
	}
	out := r.reader(level)
	switch {
	case fd.do == inactive && (fd.usual == nil || n.value != fd.usual):
		out.inactive(n, fd.hint)
	case fd.do == unsupported:
		out.unsupported(n, fd.hint)
	}
}

// warnNotInherited warns of what the top level has and the environment lacks,
// because most people expect it to be inherited.
func (r *resolver) warnNotInherited(out *reader, fd *field) {
	top, own := r.file.root.get(fd.name), r.table.get(fd.name)
	if top == nil || top.empty() {
		return
	}
	where := r.table.path()
	if own == nil {
		d := diag.Warningf("not-inherited", r.table.keyAt(), "%q exists at the top level, but not on %q", fd.name, where).
			WithHint("This is not what you probably want, since %q is not inherited by environments.", fd.name)
		if fd.do == acted { // adding what is not supported would not help
			d.Hint += fmt.Sprintf("\nPlease add %q to %q.%s", fd.name, where, r.bindingsToAdd(fd, top))
		}
		d.Related = []diag.Related{{Message: "the top level has it here", Location: top.keyAt()}}
		out.report(d)
		return
	}
	if fd.entries == nil || !own.is(fd.kinds) {
		return
	}
	has := make(map[string]bool)
	for _, name := range fd.entries(own) {
		has[name] = true
	}
	missing := slices.DeleteFunc(fd.entries(top), func(name string) bool { return has[name] })
	if len(missing) > 0 {
		d := diag.Warningf("not-inherited", own.keyAt(),
			"The following %s at the top level, but not on %q: %s", entriesName(fd), where+"."+fd.name, quoteAll(missing)).
			WithHint("This is not what you probably want, since %q is not inherited by environments.\nPlease add them to %q.", fd.name, where)
		d.Related = []diag.Related{{Message: "the top level has them here", Location: top.keyAt()}}
		out.report(d)
	}
}

// entriesName begins a sentence about entries of a field, as Wrangler does.
func entriesName(fd *field) string {
	if fd.name == "durable_objects" {
		return "bindings are"
	}
	return fd.name + " exist"
}

// bindingsToAdd is the text to write into the environment, where that is a
// list of Durable Object bindings.
func (r *resolver) bindingsToAdd(fd *field, top *node) string {
	if fd.name != "durable_objects" {
		return ""
	}
	scratch := r.file.newDraft("")
	readDurableObjects(&reader{file: r.file}, top, scratch)
	if len(scratch.DurableObjects) == 0 {
		return ""
	}
	return "\n" + r.file.bindingsSnippet(r.env, scratch.DurableObjects)
}
