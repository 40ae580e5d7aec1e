package local

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"paddock/engine"
	"paddock/internal/cfapi"
	"paddock/local/store"
	"paddock/tail"
)

// Names of the engine's services beside the scripts. No script can have them:
// script names hold no colon.
const (
	objectsDisk      = "paddock:objects" // the folder with the objects
	collectorService = "paddock:tail"    // the worker that reports what the others do
)

// networkService is what the engine itself calls the network, which scripts
// reach by it without a word in the configuration.
const networkService = "internet"

// collectorDate is the compatibility date that the collector was written for.
const collectorDate = "2024-01-01"

// engineKinds maps the upload form's content types to the engine's modules.
var engineKinds = map[string]engine.ModuleKind{
	cfapi.TypeESModule:   engine.ESModule,
	cfapi.TypeJavaScript: engine.CommonJSModule,
	cfapi.TypeText:       engine.Text,
	cfapi.TypeData:       engine.Data,
	cfapi.TypeWasm:       engine.Wasm,
}

// engineOptions returns what all engines of this runtime have in common.
func (r *Runtime) engineOptions(cfg engine.Config) engine.Options {
	return engine.Options{
		Binary: r.opts.Engine, Config: cfg, Lock: r.lock.file,
		SocketDir: r.runDir(), StartTimeout: r.opts.StartDeadline,
	}
}

// engineConfig returns what the engine of a group runs, without collector.
func (r *Runtime) engineConfig(w world, scripts []string) (engine.Config, error) {
	cfg := engine.Config{Disks: []engine.Disk{{Name: objectsDisk, Path: r.objectsDir()}}}
	for _, name := range scripts {
		for i, v := range w.scripts[name].Versions() {
			worker, err := r.serving(w, v, i == 0)
			if err != nil {
				return cfg, err
			}
			putAssets(&cfg, &worker, v, r.assetsOf(v.Assets))
			cfg.Workers = append(cfg.Workers, worker)
		}
	}
	for _, res := range w.used(scripts) {
		r.back(&cfg, res, w.delivery(res)...)
	}
	for _, name := range scripts {
		r.schedule(&cfg, w, name)
	}
	if r.opts.Handlers {
		addHandlers(&cfg, scripts)
	}
	return cfg, nil
}

// serviceName returns what a version that serves requests is called in its
// engine: like its script, or, if it is the other version of a split, with its
// id behind a colon, which no script's name has.
func serviceName(v store.Version, owner bool) string {
	if owner {
		return v.Script
	}
	return v.Script + ":" + v.ID
}

// scriptOf returns the script of a service.
func scriptOf(service string) string {
	script, _, _ := strings.Cut(service, ":")
	return script
}

// serving returns the worker of a version that serves requests. The objects of
// a script belong to one version, the owner; the other one of a split binds to
// them as another script would.
func (r *Runtime) serving(w world, v store.Version, owner bool) (engine.Worker, error) {
	worker := r.worker(v)
	worker.Name, worker.Socket = serviceName(v, owner), true
	if owner {
		worker.Storage = objectsDisk
		for _, n := range w.owned(v.Script) {
			worker.Namespaces = append(worker.Namespaces, engine.Namespace{Class: n.Class, Key: n.Key, SQL: n.SQLite})
		}
	}
	for _, b := range v.Bindings {
		if b.Type == cfapi.BindingSecretText {
			continue // not before an engine starts, see reveal
		}
		eb, err := engineBinding(w, v, worker.Name, b)
		if err != nil {
			return worker, err
		}
		worker.Bindings = append(worker.Bindings, eb)
	}
	return worker, nil
}

// worker returns what candidate and published version have in common.
func (r *Runtime) worker(v store.Version) engine.Worker {
	w := engine.Worker{
		Name: v.Script, Main: v.MainModule, Generated: true,
		CompatibilityDate:  cmp.Or(v.CompatibilityDate, defaultCompatibilityDate),
		CompatibilityFlags: v.CompatibilityFlags,
	}
	for _, m := range v.Modules {
		if kind, ok := engineKinds[m.Type]; ok {
			w.Modules = append(w.Modules, engine.Module{Name: m.Name, Kind: kind, Path: r.blobs.path(m.SHA256)})
		}
	}
	if len(v.Modules) == 0 {
		w.Modules = []engine.Module{noCode}
	}
	return w
}

// defaultCompatibilityDate is what the platform takes when none is given.
const defaultCompatibilityDate = "2021-11-02"

// engineBinding makes a binding of a version whose service has the name. What
// it leads to may be gone: the binding is null then, as a start error would take
// the whole group down.
func engineBinding(w world, v store.Version, service string, b store.Binding) (engine.Binding, error) {
	null := engine.JSONBinding(b.Name, json.RawMessage("null"))
	switch b.Type {
	case cfapi.BindingPlainText:
		return engine.TextBinding(b.Name, b.Text), nil
	case cfapi.BindingJSON:
		return engine.JSONBinding(b.Name, b.JSON), nil
	case cfapi.BindingDurableObject:
		n, ok := w.namespaces[b.Namespace]
		if !ok {
			return null, nil // deleted by its owner since
		}
		owner := n.Script
		if owner == service {
			owner = ""
		}
		return engine.DurableObjectBinding(b.Name, n.Class, owner), nil
	case cfapi.BindingService:
		target, ok := w.scripts[b.Service]
		if !ok || !callable(target.Version, b.Entrypoint) {
			return null, nil // deleted or published anew since
		}
		return engine.ServiceBinding(b.Name, callee(target.Version, b), b.Entrypoint, b.Props), nil
	case cfapi.BindingAssets:
		if v.Assets == nil {
			return null, nil // inherited by a version without
		}
		return engine.ServiceBinding(b.Name, assetsService(service), engine.AssetFiles, nil), nil
	case cfapi.BindingVersion:
		return engine.JSONBinding(b.Name, versionMetadata(v)), nil
	}
	if kind := kinds[b.Type]; kind.bind != nil {
		res, there := w.resources[b.Resource]
		if !there {
			return null, nil
		}
		return kind.bind(b.Name, backingService(res.Key), kind.props(res)), nil
	}
	return engine.Binding{}, fmt.Errorf("script %q: binding %q has the unknown type %q", scriptOf(service), b.Name, b.Type)
}

// withCollector returns a plan's configuration with the collector, which
// reports as mode says from its first moment on. early is whether it reports
// the exceptions of a request before its outcome.
func withCollector(p plan, mode collectorMode, early bool, token string) engine.Config {
	cfg := p.config
	workers := make([]engine.Worker, 0, len(cfg.Workers)+1)
	for _, worker := range cfg.Workers {
		if p.collected[worker.Name] {
			props, err := json.Marshal(map[string]string{
				"script": scriptOf(worker.Name), "version": p.versions[worker.Name], "token": token,
			})
			if err != nil {
				panic(err) // strings only
			}
			worker.Tail = &engine.Tail{Service: collectorService, Entrypoint: "Collector", Props: props}
		}
		workers = append(workers, worker)
	}
	earliness := "off"
	if early {
		earliness = "on"
	}
	cfg.Workers = append(workers, engine.Worker{
		Name: collectorService, Main: "collector.js", Socket: true,
		CompatibilityDate: collectorDate,
		Modules:           []engine.Module{{Name: "collector.js", Kind: engine.ESModule, Content: []byte(tail.Collector)}},
		Bindings:          []engine.Binding{engine.TextBinding("INITIAL", string(mode)), engine.TextBinding("EARLY", earliness)},
	})
	return cfg
}
