package cmd

import (
	"context"
	"fmt"
	"os"

	"paddock/bundle"
	"paddock/config"
	"paddock/engine"
	"paddock/internal/diag"
)

// worker loads the configuration of the environment that was asked for and
// prints what there is to say about it.
func (a *app) worker() (*config.Worker, error) {
	path, err := a.config()
	if err != nil {
		return nil, err
	}
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	file, diags := config.Load(dir, path)
	if diags.HasErrors() {
		return nil, a.failed(diags)
	}
	w, more := file.Resolve(a.env, config.Overrides{})
	diags = append(diags, append(more, w.Unsupported()...).Sorted()...)
	if !diags.HasErrors() {
		diags = append(diags, engineDate(w)...)
	}
	return w, a.failed(diags)
}

// engineDate warns of a compatibility date that the engine does not know yet.
func engineDate(w *config.Worker) diag.List {
	usable := engine.UsableDate(w.CompatibilityDate)
	if usable == w.CompatibilityDate {
		return nil
	}
	return diag.List{diag.Warningf("compatibility-date-ahead", w.DateLocation,
		"the compatibility date %s is ahead of the engine: the worker runs with %s", w.CompatibilityDate, usable)}
}

// build bundles a worker once.
func (a *app) build(ctx context.Context, w *config.Worker, opts bundle.Options) (*bundle.Result, error) {
	b := bundle.New(w, opts)
	defer b.Close()
	built, diags := b.Build(ctx)
	if !diags.HasErrors() {
		diags = append(diags, bundle.CheckExports(w, built)...)
	}
	return built, a.failed(diags)
}

// kib formats a size as Wrangler does.
func kib(bytes int64) string { return fmt.Sprintf("%.2f KiB", float64(bytes)/1024) }
