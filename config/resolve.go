package config

import (
	"path/filepath"

	"paddock/internal/diag"
)

// Resolve works out what the file means for an environment, "" for the top
// level, with overrides from the command line. The list is in source order.
// The Worker is what could be read and never nil, but incomplete if the list
// holds an error.
//
// As in Wrangler the top level is always checked, and of the environments only
// the chosen one. What is valid, but nothing that paddock can do, is not in
// the list: see [Worker.Unsupported].
func (f *File) Resolve(env string, overrides Overrides) (*Worker, diag.List) {
	r := &resolver{file: f, env: env, overrides: overrides, values: make(map[string]*node)}
	r.checker("").level(f.root)
	d := &draft{Worker: Worker{Path: f.Path, Dir: f.Dir, Env: env, varsDir: f.Dir}}
	choose := r.choose
	if f.UserPath != "" {
		choose, d.varsDir = r.chooseBuilt, filepath.Dir(f.UserPath)
	}
	if env != "" && !choose() {
		return &d.Worker, r.problems.sorted()
	}
	c := r.checker(env)
	if r.table != nil {
		c.level(r.table)
		each(func(fd *field) { r.warnNotInherited(c, fd) })
		r.warnOnlyHere(c)
	}
	r.read(d)
	r.override(d)
	r.finish(c, d)
	d.Bundling = r.bundling(d)
	d.unsupported = r.limits()
	d.Cloud, d.resolved = r.cloud(), r
	return &d.Worker, r.problems.sorted()
}

// ResolveAll resolves the top level and every environment of the file, in this
// order, and returns the problems of all of them in source order, each once.
func (f *File) ResolveAll(overrides Overrides) ([]*Worker, diag.List) {
	type key struct {
		at      diag.Location
		message string
	}
	var workers []*Worker
	var all diag.List
	seen := make(map[key]bool)
	for _, env := range append([]string{""}, f.Environments()...) {
		w, problems := f.Resolve(env, overrides)
		workers = append(workers, w)
		for _, d := range problems {
			if k := (key{d.Location, d.Message}); !seen[k] {
				seen[k] = true
				all = append(all, d)
			}
		}
	}
	return workers, all.Sorted()
}

// draft is a Worker in the making, with the nodes that its last checks need.
type draft struct {
	Worker
	name, main, upload  *node
	route, routes, zone *node
	exports             *node
	assets, site        *node
	containers          *node
}

// resolver is one run of Resolve.
type resolver struct {
	file      *File
	env       string
	overrides Overrides
	table     *node            // of the chosen environment; nil at the top level, and for one that is made up
	values    map[string]*node // what counts, by the name of the field
	problems  collector
	but       []string // fields that limits says nothing of
}

// checker returns a checker for one level of the file.
func (r *resolver) checker(env string) *checker {
	return &checker{file: r.file, env: env, out: &r.problems, lookup: lookup}
}

// choose looks up the environment. In a file without any, Wrangler makes one
// up that has all of the top level.
func (r *resolver) choose() bool {
	envs := r.file.root.get("env")
	if r.table = envs.get(r.env); r.table != nil {
		return r.table.is(kindTable)
	}
	names := r.file.Environments()
	at := diag.Location{File: r.file.src.Name}
	if envs != nil {
		at = envs.keyAt()
	}
	if len(names) == 0 {
		r.checker(r.env).report(diag.Warningf("unknown-environment", at,
			"No environment found in configuration with name %q; using the top level", r.env).
			WithHint("Consider adding an environment configuration section:\n%s", r.file.environmentSnippet(r.env)))
		return true
	}
	hint := "The configured environments are: " + quoteAll(names)
	if near := nearest(r.env, names); near != "" {
		hint = "Did you mean \"" + near + "\"? " + hint
	}
	r.checker(r.env).report(diag.Errorf("unknown-environment", at,
		"No environment found in configuration with name %q", r.env).
		WithHint("%s\nConsider adding an environment configuration section:\n%s", hint, r.file.environmentSnippet(r.env)))
	return false
}

// read takes into d the values that count.
func (r *resolver) read(d *draft) {
	each(func(f *field) {
		n := r.effective(f)
		if n == nil {
			return
		}
		r.values[f.name] = n
		if f.read != nil && n.is(f.kinds) {
			f.read(d, n)
		}
	})
}

// finish makes the decisions that need more than one field.
func (r *resolver) finish(c *checker, d *draft) {
	r.finishName(c, d)
	r.finishNames(c, d)
	r.finishEntry(c, d)
	r.finishDate(c, d)
	r.finishRoutes(c, d)
	r.finishFiles(c, d)
	r.finishBindings(d)
	r.finishNameClashes(c, d)
	r.finishExports(c, d)
	r.finishContainers(c, d)
	r.finishLifecycle(c, d)
}
