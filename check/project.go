package check

import (
	"context"
	"slices"

	"paddock/config"
	"paddock/internal/diag"
)

// project is the check of one configuration.
type project struct {
	Options
	file    *config.File
	workers []*config.Worker // the environments that are checked, in the order of the file
	name    string           // of the file, as diagnostics have it
	out     collector
}

func newProject(o Options) *project {
	return &project{Options: o, out: collector{limit: maxProblems}}
}

// check returns what there is to say about the configuration at a path, or
// about the one that is found if that is "".
func (p *project) check(ctx context.Context, path string) diag.List {
	file, problems := config.Load(p.Dir, path)
	p.out.add(problems...)
	if file == nil {
		return p.out.list
	}
	p.file, p.name = file, displayName(p.Dir, file.Path)
	if p.resolve() {
		for _, w := range p.workers {
			p.out.add(inEnv(w, dates(w, p.Now))...)
			p.out.add(inEnv(w, transfers(w))...)
			p.out.add(inEnv(w, declarations(w))...)
			p.out.add(inEnv(w, foreignClasses(w, p.workers))...)
		}
		p.out.add(routes(p.workers)...)
		p.bundles(ctx)
		if p.Against != "" {
			p.out.add(p.compare(ctx)...)
		}
	}
	p.secrets()
	p.out.rest(p.name)
	return p.out.list
}

// resolve works out the environments. It returns false if there is nothing to
// check, as the environment does not exist.
func (p *project) resolve() bool {
	if p.Env == nil {
		workers, problems := p.file.ResolveAll(config.Overrides{})
		p.workers = workers
		p.out.add(problems...)
		return true
	}
	w, problems := p.file.Resolve(*p.Env, config.Overrides{})
	p.workers = []*config.Worker{w}
	p.out.add(problems...)
	return !slices.ContainsFunc(problems, func(d diag.Diagnostic) bool {
		return d.Code == "unknown-environment" && d.Severity == diag.Error
	})
}

// inEnv marks problems as those of a worker's environment.
func inEnv(w *config.Worker, list diag.List) diag.List {
	for i := range list {
		list[i].Env = w.Env
	}
	return list
}
