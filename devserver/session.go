package devserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"paddock/bundle"
	"paddock/config"
	"paddock/internal/diag"
	"paddock/local"
	"paddock/migrate"
	"paddock/publish"
)

// unnamed is what a worker without a name is called; a session needs no name.
const unnamed = "worker"

// session is one run of `dev`.
type session struct {
	opts     Options
	out      *output
	rt       *local.Runtime
	projects []*project // the one that answers requests first
	read     time.Time  // all files were read after that
}

// project is one configuration and what was last made of it.
type project struct {
	file    string       // path of the configuration; "" until it is found
	source  *config.File // what was last read of it
	vars    []string     // paths of the files of variables, whether they exist or not
	worker  *config.Worker
	builder *bundle.Builder
	built   *bundle.Result // the last good build
	inputs  []string       // of the last build, good or not

	// What is published. It lags behind worker and built after a save that
	// could not be taken.
	running       *bundle.Result
	runningWorker *config.Worker
	failed        bool // the last save could not be taken
}

// load reads the configurations for the first time.
func (s *session) load() error {
	paths := s.opts.Configs
	if len(paths) == 0 {
		paths = []string{""}
	}
	names := map[string]bool{}
	for _, path := range paths {
		p := &project{file: path}
		if err := s.configure(p); err != nil {
			return err
		}
		if names[p.worker.Name] {
			return fmt.Errorf("two of the configurations are for a worker called %q", p.worker.Name)
		}
		names[p.worker.Name] = true
		s.projects = append(s.projects, p)
	}
	return nil
}

// load reads a project's configuration. Once it has been found, nothing else
// is looked for if it should disappear.
func (p *project) load(dir string) (*config.File, diag.List) {
	if p.source != nil {
		return p.source.Reload()
	}
	return config.LoadBuilt(dir, p.file)
}

// configure reads a project's configuration. On an error the project stays
// as it was.
func (s *session) configure(p *project) error {
	file, diags := p.load(s.opts.Dir)
	if diags.HasErrors() {
		return s.out.report(diags)
	}
	p.file, p.source = file.Path, file
	var overrides config.Overrides
	if len(s.projects) == 0 || s.projects[0] == p {
		overrides = s.opts.Overrides
	}
	w, more := file.Resolve(s.opts.Env, overrides)
	diags = append(diags, append(more, w.Unsupported()...).Sorted()...)
	vars, more := w.AddLocalVars(config.LocalVars{Files: s.opts.VarFiles, Environ: os.Environ()})
	diags = append(diags, more...)
	if p.vars = vars.Looked; p.worker == nil {
		if file.UserPath != "" {
			s.out.notice("Using the redirected configuration %s.", file.Path)
		}
		s.out.secrets(s.opts.Dir, vars.Used)
	}
	if !diags.HasErrors() {
		diags = append(diags, s.opts.Check(w)...)
	}
	if err := s.out.report(diags); err != nil {
		return err
	}
	if w.Name == "" {
		w.Name = unnamed
	}
	if p.builder != nil {
		p.builder.Close()
	}
	p.worker = w
	p.builder = bundle.New(w, bundle.Options{
		Minify: s.opts.Minify,
		Define: map[string]string{"process.env.NODE_ENV": `"development"`},
	})
	return nil
}

// build bundles a project and reports what there is to say.
func (s *session) build(ctx context.Context, p *project) error {
	built, diags := p.builder.Build(ctx)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	p.inputs = built.Inputs
	if !diags.HasErrors() {
		diags = append(diags, bundle.CheckExports(p.worker, built)...)
	}
	if err := s.out.report(diags); err != nil {
		return err
	}
	p.built = built
	return nil
}

func (s *session) buildAll(ctx context.Context) error {
	for _, p := range s.projects {
		if err := s.build(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// publishAll publishes all projects for the first time, each after those
// whose classes it binds to.
func (s *session) publishAll(ctx context.Context) error {
	waiting := slices.Clone(s.projects)
	done := map[string]bool{}
	for len(waiting) > 0 {
		i := slices.IndexFunc(waiting, func(p *project) bool { return len(s.missing(p, done)) == 0 })
		if i < 0 {
			return s.unresolved(waiting, done)
		}
		if err := s.publish(ctx, waiting[i]); err != nil {
			return s.refused(err)
		}
		done[waiting[i].worker.Name] = true
		waiting = slices.Delete(waiting, i, i+1)
	}
	return nil
}

// missing returns the bindings of a project to scripts that are not there.
func (s *session) missing(p *project, have map[string]bool) []config.DurableObject {
	return slices.DeleteFunc(slices.Clone(p.worker.DurableObjects), func(d config.DurableObject) bool {
		return d.Script == "" || have[d.Script]
	})
}

// unresolved reports the bindings that keep projects from being published.
func (s *session) unresolved(waiting []*project, have map[string]bool) error {
	var list diag.List
	for _, p := range waiting {
		for _, d := range s.missing(p, have) {
			e := diag.Errorf("unknown-script", d.Location, "binding %q names the script %q, which is not part of this session", d.Name, d.Script)
			if slices.ContainsFunc(waiting, func(q *project) bool { return q.worker.Name == d.Script }) {
				e.Message = fmt.Sprintf("binding %q names the script %q, which in turn waits for this one", d.Name, d.Script)
				list = append(list, e.WithHint("Scripts that bind to each other's classes in a circle cannot be started by one session yet."))
				continue
			}
			list = append(list, e.WithHint("Run it beside this one: paddock dev -c %s -c PATH/OF/%s/wrangler.toml", d.Location.File, d.Script))
		}
	}
	return s.out.report(list)
}

// publish brings the last good build into service.
func (s *session) publish(ctx context.Context, p *project) error {
	form, err := publish.NewForm(p.worker, p.built, nil)
	if err != nil {
		return err
	}
	_, err = s.rt.Publish(ctx, local.Upload{Script: p.worker.Name, Form: form, Source: "dev", Classes: classes(p.worker, p.built)})
	if err == nil {
		p.running, p.runningWorker = p.built, p.worker
	}
	return err
}

// classes returns the Durable Object classes that a worker shall have: what
// it binds, and what its migrations speak of, as far as it is exported.
func classes(w *config.Worker, built *bundle.Result) map[string]bool {
	sql := migrate.Replay(w.Migrations)
	list := map[string]bool{}
	for class, isSQL := range sql {
		if slices.Contains(built.Exports, class) {
			list[class] = isSQL
		}
	}
	for _, d := range w.DurableObjects {
		if d.Script == "" {
			list[d.Class] = sql[d.Class]
		}
	}
	return list
}

// refused prints why a version was not taken.
func (s *session) refused(err error) error {
	var refusal *local.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	message, rest, _ := strings.Cut(refusal.Message, "\n")
	return s.out.report(diag.List{{Message: message, Hint: rest}})
}

// reload is what a changed file leads to. The old code runs on if anything is
// wrong; the session goes on in any case.
func (s *session) reload(ctx context.Context, changed []string) {
	for _, p := range s.projects {
		start := time.Now()
		reconfigured := slices.ContainsFunc(changed, func(f string) bool { return f == p.file || slices.Contains(p.vars, f) })
		if !reconfigured && !slices.ContainsFunc(changed, func(f string) bool { return slices.Contains(p.inputs, f) }) {
			continue
		}
		name := p.worker.Name
		err := s.update(ctx, p, reconfigured)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			s.out.notice("Updated %s in %d ms", p.worker.Name, time.Since(start).Milliseconds())
		case errors.Is(err, errUnchanged):
			if p.failed { // who takes a mistake back wants to hear that it worked
				s.out.notice("Nothing to update: %s runs as saved.", name)
			}
			err = nil
		case errors.Is(err, ErrReported):
			s.out.notice("The previous version of %s keeps running.", name)
		default:
			s.out.report(diag.FromError(err))
		}
		p.failed = err != nil
	}
}

// errUnchanged says that what was saved is what runs.
var errUnchanged = errors.New("nothing has changed")

func (s *session) update(ctx context.Context, p *project, reconfigured bool) error {
	if reconfigured {
		before := p.worker
		if err := s.configure(p); err != nil {
			return err
		}
		// The runtime knows the worker by the name it started with.
		if p.worker.Name != before.Name {
			s.out.notice("The worker's name changed to %s; it takes effect when dev is started anew.", p.worker.Name)
			p.worker.Name = before.Name
		}
	}
	if err := s.build(ctx, p); err != nil {
		return err
	}
	if same(p.built, p.running) && reflect.DeepEqual(p.worker, p.runningWorker) {
		return errUnchanged
	}
	if err := s.publish(ctx, p); err != nil {
		return s.refused(err)
	}
	return nil
}

func same(a, b *bundle.Result) bool {
	return slices.EqualFunc(a.Modules, b.Modules, func(x, y bundle.Module) bool {
		return x.Name == y.Name && x.Type == y.Type && bytes.Equal(x.Content, y.Content)
	})
}

func (s *session) closeProjects() {
	for _, p := range s.projects {
		p.builder.Close()
	}
}
