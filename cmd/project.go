package cmd

import (
	"context"
	"fmt"
	"os"
	"strings"

	"paddock/bundle"
	"paddock/config"
	"paddock/engine"
	"paddock/internal/diag"
)

// load reads the configuration by config.Load or config.LoadBuilt and works out
// what it means for the environment that was asked for. File and Worker are nil
// if it cannot be read.
func (a *app) load(read func(dir, path string) (*config.File, diag.List), overrides config.Overrides) (*config.File, *config.Worker, diag.List, error) {
	path, err := a.config()
	if err != nil {
		return nil, nil, nil, err
	}
	dir, err := os.Getwd()
	if err != nil {
		return nil, nil, nil, err
	}
	file, diags := read(dir, path)
	if file == nil {
		return nil, nil, diags, nil
	}
	w, more := file.Resolve(a.env, overrides)
	a.configured = &w.Cloud
	return file, w, append(diags, more...), nil
}

// worker loads a worker that is to be published, and prints what there is to
// say about it. An environment counts as chosen also if it is the top level
// and was asked for by --env "".
func (a *app) worker(overrides config.Overrides, chosen bool) (*config.Worker, error) {
	file, w, diags, err := a.load(config.LoadBuilt, overrides)
	if err != nil {
		return nil, err
	}
	if file == nil {
		return nil, a.failed(diags)
	}
	if file.UserPath != "" {
		fmt.Fprintf(a.io.Err, "Using the redirected configuration %s.\n", file.Path)
	}
	if envs := file.Environments(); a.env == "" && !chosen && len(envs) > 0 {
		diags = append(diags, severalEnvironments(envs))
	}
	unsupported := w.Unsupported
	if a.remote {
		unsupported = w.UnsupportedRemote
	}
	diags = append(diags, unsupported()...).Sorted()
	if !a.remote && !diags.HasErrors() {
		diags = append(diags, engineDate(w)...)
	}
	return w, a.failed(diags)
}

// scriptName returns the name of the worker that is configured, whether it can
// run here or not.
func (a *app) scriptName() (string, error) {
	file, w, diags, err := a.load(config.Load, config.Overrides{})
	if err != nil {
		return "", err
	}
	if err := a.failed(diags); err != nil || file == nil {
		return "", err
	}
	return w.Name, nil
}

// severalEnvironments warns of a publish to the top level that may have been
// meant for an environment.
func severalEnvironments(envs []string) diag.Diagnostic {
	return diag.Warningf("no-environment", diag.Location{},
		"Multiple environments are defined in the configuration, but no target environment was specified for the publish command").
		WithHint("To avoid unintentional changes, name one with --env: %s. --env=\"\" is the top level.", strings.Join(envs, ", "))
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
