package check

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"paddock/bundle"
	"paddock/config"
	"paddock/internal/diag"
)

// bundles builds what the environments have for code, each code once, and
// holds it against their classes.
func (p *project) bundles(ctx context.Context) {
	type build struct {
		worker *config.Worker
		result *bundle.Result // nil if the build failed
	}
	var builds []build
	for _, w := range p.workers {
		if w.Main == "" {
			p.out.add(inEnv(w, p.noEntry(w))...)
			continue
		}
		if p.NoBundle || w.Bundling != config.BundledHere || foreignLanguage(w.Main) {
			continue
		}
		i := slices.IndexFunc(builds, func(b build) bool { return bundle.Same(b.worker, w) })
		if i < 0 {
			i = len(builds)
			builds = append(builds, build{w, p.bundle(ctx, w)})
		}
		if built := builds[i].result; built != nil {
			p.out.add(inEnv(w, bundle.CheckExports(w, built))...)
			p.out.add(inEnv(w, unexported(w, built, p.workers))...)
			p.out.add(inEnv(w, stillExported(w, built))...)
		}
	}
}

// bundle builds a worker. It returns nil if there is nothing that its classes
// could be held against.
func (p *project) bundle(ctx context.Context, w *config.Worker) *bundle.Result {
	b := bundle.New(w, bundle.Options{})
	defer b.Close()
	built, list := b.Build(ctx)
	failed := list.HasErrors()
	if i := slices.IndexFunc(list, func(d diag.Diagnostic) bool { return d.Code == "service-worker" }); i >= 0 {
		// paddock does not run this format, but Wrangler does.
		list = append(slices.Delete(list, i, i+1), serviceWorker(w)...)
	}
	dir := w.Dir
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real // from where the bundler names files
	}
	relocate(list, p.Dir, dir, p.name)
	p.out.add(inEnv(w, list)...)
	if failed {
		return nil
	}
	return built
}

// serviceWorker is the error for a Worker in the service-worker format that
// has Durable Objects of its own, which only modules can have.
func serviceWorker(w *config.Worker) diag.List {
	for _, do := range w.DurableObjects {
		if do.Script == "" {
			return diag.List{diag.Errorf("service-worker", do.Location,
				"You seem to be trying to use Durable Objects in a Worker written as a service-worker").
				WithHint("You can use Durable Objects defined in other Workers by specifying a `script_name`.\n"+
					"To have the class %q in this one, export it and your handlers from an ES module.", do.Class)}
		}
	}
	return nil
}

// noEntry warns of a Worker without an entry point, unless it needs none, or
// is only the common part of environments that have one. It may be given on
// the command line. Where something is wrong it may be what names it.
func (p *project) noEntry(w *config.Worker) diag.List {
	if w.Bundling != config.BundledHere || p.out.list.HasErrors() {
		return nil
	}
	if w.Env == "" && slices.ContainsFunc(p.workers, func(other *config.Worker) bool { return other.Main != "" }) {
		return nil
	}
	at := diag.Location{File: p.name}
	return diag.List{diag.Warningf("entry-missing", at, "Missing entry-point to Worker script").
		WithHint("Add a line such as main = \"src/index.ts\" to the configuration, unless you name it on the command line.")}
}

// foreignLanguage says whether an entry point is in a language that is not
// bundled.
func foreignLanguage(path string) bool {
	return strings.EqualFold(filepath.Ext(path), ".py")
}
