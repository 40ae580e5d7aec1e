package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"paddock/engine"
	"paddock/internal/cfapi"
	"paddock/local/store"
)

// stubService stands for everything that a candidate binds to beside itself. It
// need not do anything, as scripts may not ask for anything while they load.
const stubService = "paddock:stub"

// tryCandidate starts a version alone, in an engine without the real objects,
// and returns what it exports and how long the start took. Whatever keeps it
// from running - a syntax error, a throw at top level, an endless loop, a bad
// compatibility flag - comes back as a [*Refusal], and the running engines
// never see it.
func (r *Runtime) tryCandidate(ctx context.Context, v store.Version) (engine.Report, time.Duration, error) {
	cfg := r.candidateConfig(v)
	secrets, err := r.reveal(&cfg.Workers[0], v)
	if err != nil {
		return engine.Report{}, 0, err
	}
	start := time.Now()
	p, err := engine.Start(ctx, r.engineOptions(cfg))
	if err != nil {
		return engine.Report{}, 0, redact(r.candidateError(v, err), secrets)
	}
	took := time.Since(start)
	// Nothing runs in a candidate, so nothing is owed to it, and it has no
	// folder open: nobody need wait for its end but Close.
	r.calls.Go(func() {
		if err := p.Stop(0); err != nil {
			r.log.Error("a candidate's engine does not end", "script", v.Script, "err", err)
		}
	})
	return p.Report(v.Script), took, nil
}

func (r *Runtime) candidateConfig(v store.Version) engine.Config {
	w := r.worker(v)
	w.Socket = true // a configuration without sockets ends at once
	stub := engine.Worker{
		Name: stubService, Main: "stub.js", CompatibilityDate: defaultCompatibilityDate,
		Modules: []engine.Module{{Name: "stub.js", Kind: engine.ESModule, Content: []byte("export default {};\n")}},
	}
	own, foreign, stubbed := map[string]bool{}, map[string]bool{}, false
	for _, b := range v.Bindings {
		switch {
		case b.Type == cfapi.BindingSecretText: // see reveal
		case b.Type == cfapi.BindingService, b.Type == cfapi.BindingAssets:
			stubbed = true
			w.Bindings = append(w.Bindings, engine.ServiceBinding(b.Name, stubService, "", b.Props))
		case kinds[b.Type].bind != nil:
			stubbed = true
			w.Bindings = append(w.Bindings, kinds[b.Type].bind(b.Name, stubService, nil))
		case b.Type != cfapi.BindingDurableObject:
			eb, err := engineBinding(world{}, v, v.Script, b)
			if err == nil {
				w.Bindings = append(w.Bindings, eb)
			}
		case b.Script == "":
			addNamespace(&w, own, b.Class)
			w.Bindings = append(w.Bindings, engine.DurableObjectBinding(b.Name, b.Class, ""))
		default:
			addNamespace(&stub, foreign, b.Class)
			w.Bindings = append(w.Bindings, engine.DurableObjectBinding(b.Name, b.Class, stubService))
		}
	}
	cfg := engine.Config{Offline: true}
	putAssets(&cfg, &w, v, r.assetsDir()) // nobody asks for the files, but the configuration is checked
	cfg.Workers = []engine.Worker{w}
	if len(foreign) > 0 || stubbed {
		cfg.Workers = append(cfg.Workers, stub)
	}
	return cfg
}

func addNamespace(w *engine.Worker, seen map[string]bool, class string) {
	if !seen[class] {
		seen[class] = true
		w.Namespaces = append(w.Namespaces, engine.Namespace{Class: class, Key: newKey()})
	}
}

// try finds out what a version exports, and refuses it if it cannot run. The
// first version of a dev session is taken at its word: there is no running
// code that it could harm.
func (r *Runtime) try(ctx context.Context, up Upload, first bool, v *store.Version) error {
	if first && up.Classes != nil {
		v.Classes, v.Entrypoints = slices.Sorted(maps.Keys(up.Classes)), up.Exports
		return checkOwnServices(*v)
	}
	report, took, err := r.tryCandidate(ctx, *v)
	if err != nil {
		return err
	}
	v.Handlers, v.StartupTime = report.Handlers, took
	for _, c := range report.Classes {
		v.Classes = append(v.Classes, c.Name)
	}
	v.Entrypoints = []string{} // not nil: it is known
	for _, e := range slices.Concat(report.Classes, report.Others) {
		v.Entrypoints = append(v.Entrypoints, e.Name)
	}
	if err := checkOwnServices(*v); err != nil {
		return err
	}
	return checkReport(*v, report)
}

// candidateError turns a failed start into a refusal that shows what the
// script did wrong, with the stack mapped to its sources. The text avoids the
// word "startup": Wrangler takes it for a start that took too long.
func (r *Runtime) candidateError(v store.Version, err error) error {
	var failed *engine.StartError
	if !errors.As(err, &failed) {
		return fmt.Errorf("start candidate: %w", err)
	}
	if failed.Timeout {
		return refuse(cfapi.CodeValidationFailed,
			"the script did not finish loading: it seems to loop for ever at its top level, outside of any handler")
	}
	refusal := &Refusal{Code: cfapi.CodeValidationFailed}
	var lines []string
	for _, p := range failed.Problems {
		if p.Service == assetsService(v.Script) {
			// All that the engine says of the worker then is that it has none.
			return refuse(cfapi.CodeValidationFailed, "static files: %s", p.Message)
		}
		if p.Service != v.Script {
			continue // not the script's fault, say an engine that is none
		}
		lines = append(lines, p.Message)
		if p.Stack != "" {
			thrown := explain(p.Stack, r.parseMaps(v.Modules))
			lines = append(lines, thrown.Stack())
			refusal.Thrown = cmp.Or(refusal.Thrown, thrown.Top)
		}
	}
	if len(lines) == 0 {
		return fmt.Errorf("start candidate: %w", err)
	}
	refusal.Message = strings.Join(lines, "\n")
	return refusal
}

// checkReport refuses a script that does nothing, or that lacks a class that
// its own bindings name.
func checkReport(v store.Version, report engine.Report) error {
	if len(report.Handlers) == 0 && len(report.Classes) == 0 && len(v.Modules) > 0 {
		return refuse(cfapi.CodeValidationFailed, "No event handlers were registered. This script does nothing.")
	}
	for _, b := range v.Bindings {
		if b.OwnClass() && !report.HasClass(b.Class) {
			return refuse(cfapi.CodeBindingClass,
				"binding %q names the class %q, which the script does not export: add `export class %[2]s`, or correct the binding", b.Name, b.Class)
		}
	}
	return nil
}
