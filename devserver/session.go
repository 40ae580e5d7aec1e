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
	"paddock/publish"
)

// unnamed is what a worker without a name is called; a session needs no name.
const unnamed = "worker"

// session is one run of `dev`.
type session struct {
	opts     Options
	out      *output
	rt       *local.Runtime
	editions *editions
	front    *front
	url      string
	projects []*project // the one that answers requests first
	read     time.Time  // all files were read after that

	// superseded reports whether files have changed again while they were
	// built; nil before they are watched. left counts the builds in a row
	// that were given up for that.
	superseded func() bool
	left       int
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
	assets  *local.LiveAssets

	// What is published. It lags behind worker and built after a save that
	// could not be taken.
	running       *bundle.Result
	runningWorker *config.Worker
	runningAssets *local.LiveAssets
	problems      diag.List // why what was saved last could not be taken
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
		return s.report(p, diags)
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
	if err := s.report(p, diags); err != nil {
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
	p.inputs = append(slices.Clip(built.Inputs), publish.AssetInputs(p.worker)...)
	if s.superseded != nil && s.superseded() {
		return errSuperseded
	}
	if !diags.HasErrors() {
		diags = append(diags, bundle.CheckExports(p.worker, built)...)
		diags = append(diags, publish.CheckAssets(p.worker)...)
	}
	if err := s.report(p, diags); err != nil {
		return err
	}
	assets, err := liveAssets(p.worker)
	if err != nil {
		return s.report(p, diag.FromError(err))
	}
	p.built, p.assets = built, assets
	return nil
}

// liveAssets has the static files of a worker served from where they are. What
// changes there needs no update, but for the files that say how.
func liveAssets(w *config.Worker) (*local.LiveAssets, error) {
	if w.Assets == nil {
		return nil, nil
	}
	settings, ignore, err := publish.ReadAssets(w)
	return &local.LiveAssets{Dir: w.Assets.Dir, Ignore: ignore, Config: settings}, err
}

// report prints what there is to say about a project, and keeps it for the
// error page if it holds an error.
func (s *session) report(p *project, list diag.List) error {
	err := s.out.report(list)
	if err != nil {
		p.problems = list
	}
	return err
}

// buildAll builds all projects for the first time. A build that fails does not
// end the session: the next save may do better.
func (s *session) buildAll(ctx context.Context) error {
	for _, p := range s.projects {
		if err := s.build(ctx, p); err != nil && !errors.Is(err, ErrReported) {
			return err
		}
	}
	return nil
}

// publish brings the last good build into service.
func (s *session) publish(ctx context.Context, p *project) error {
	form, err := publish.NewForm(p.worker, p.built, nil)
	if err != nil {
		return err
	}
	publish.ForSession(p.worker, &form)
	_, err = s.rt.Publish(ctx, local.Upload{
		Script: p.worker.Name, Form: form, Source: "dev",
		Classes: classes(p.worker, p.built), Exports: p.built.Exports, Awaited: s.names(), Assets: p.assets,
	})
	if err == nil {
		err = s.consume(ctx, p)
	}
	if err != nil {
		return s.refused(p, err)
	}
	p.running, p.runningWorker, p.runningAssets = p.built, p.worker, p.assets
	return nil
}

// names returns the names of the session's workers.
func (s *session) names() []string {
	var list []string
	for _, p := range s.projects {
		list = append(list, p.worker.Name)
	}
	return list
}

// classes returns the Durable Object classes that a worker shall have: what
// it binds, and what its migrations or its exports speak of, as far as it is
// exported.
func classes(w *config.Worker, built *bundle.Result) map[string]bool {
	sql := map[string]bool{}
	for _, c := range w.Classes {
		sql[c.Name] = c.SQLite
	}
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
func (s *session) refused(p *project, err error) error {
	var refusal *local.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	message, rest, _ := strings.Cut(refusal.Message, "\n")
	return s.report(p, diag.List{{Message: message, Hint: rest, Location: s.locate(p, refusal.Thrown)}})
}

// reload is what a changed file leads to. The old code runs on if anything is
// wrong; the session goes on in any case. It returns false if a build was given
// up, as its files have changed again.
func (s *session) reload(ctx context.Context, changed []string) (done bool) {
	news, done := false, true
	for _, p := range s.projects {
		reconfigured := slices.ContainsFunc(changed, func(f string) bool { return f == p.file || slices.Contains(p.vars, f) })
		if !reconfigured && !slices.ContainsFunc(changed, func(f string) bool { return slices.Contains(p.inputs, f) }) {
			continue
		}
		start, before := time.Now(), *p
		p.problems = nil
		err := s.update(ctx, p, reconfigured)
		if ctx.Err() != nil {
			return true
		}
		if errors.Is(err, errSuperseded) {
			p.problems, done = before.problems, false
			break
		}
		s.tell(p, before, err, time.Since(start))
		news = news || len(before.problems) > 0 || !errors.Is(err, errUnchanged)
	}
	if news {
		s.editions.publish(s.edition())
	}
	return done
}

// tell says what has become of a save; before is the project as it was.
func (s *session) tell(p *project, before project, err error, took time.Duration) {
	name := p.worker.Name
	switch {
	case err == nil && before.running == nil:
		s.standing()
	case err == nil:
		s.out.notice("Updated %s in %d ms", name, took.Milliseconds())
	case errors.Is(err, errUnchanged):
		if len(before.problems) > 0 { // who takes a mistake back wants to hear that it worked
			s.out.notice("Nothing to update: %s runs as saved.", name)
		}
	case !errors.Is(err, ErrReported):
		s.report(p, diag.FromError(err))
	case p.running != nil:
		s.out.notice("The previous version of %s keeps running.", name)
	}
}

var (
	// errUnchanged says that what was saved is what runs.
	errUnchanged = errors.New("nothing has changed")
	// errSuperseded says that files changed while they were built: what was
	// read may be half of a save.
	errSuperseded = errors.New("files have changed again")
)

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
	if p.running == nil {
		return s.publishFirst(ctx)
	}
	if same(p.built, p.running) && reflect.DeepEqual(p.worker, p.runningWorker) && reflect.DeepEqual(p.assets, p.runningAssets) {
		return errUnchanged
	}
	return s.publish(ctx, p)
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
