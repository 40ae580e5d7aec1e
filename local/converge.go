package local

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"paddock/gateway"
)

// A startFailure says that the state is as it should be, but that engines do
// not start. They are being retried.
type startFailure struct{ err error }

func (e *startFailure) Error() string { return e.err.Error() }
func (e *startFailure) Unwrap() error { return e.err }

// world returns what is to be served. With many scripts it takes a while to
// read, and everything asks for it, so it is kept until the store changes:
// nobody may change what is in it.
func (r *Runtime) world(ctx context.Context) (world, error) {
	changes := r.store.Changes()
	if kept := r.kept.Load(); kept != nil && kept.changes == changes && r.life.Err() == nil {
		return kept.world, nil
	}
	w, err := r.readWorld(ctx)
	if err == nil {
		r.kept.Store(&keptWorld{changes, w})
	}
	return w, err
}

// keptWorld is the world as it is while the store's changes are what they are.
type keptWorld struct {
	changes uint64
	world   world
}

func (r *Runtime) readWorld(ctx context.Context) (world, error) {
	scripts, err := r.store.Deployed(ctx)
	if err != nil {
		return world{}, r.readError(err)
	}
	namespaces, err := r.store.Namespaces(ctx)
	if err != nil {
		return world{}, r.readError(err)
	}
	resources, err := r.store.Resources(ctx)
	if err != nil {
		return world{}, r.readError(err)
	}
	handovers, err := r.store.Handovers(ctx)
	if err != nil {
		return world{}, r.readError(err)
	}
	w := newWorld(scripts, namespaces, resources)
	w.handovers = handovers
	return w, nil
}

// readError gives the error of a read that failed because the runtime was
// closed its proper name.
func (r *Runtime) readError(err error) error {
	if err != nil && r.life.Err() != nil {
		return ErrClosed
	}
	return err
}

// converge makes the engines serve what the store holds. Groups that already
// do are left alone; of the others, all old engines end before the first new
// one starts, for a namespace may move between groups and no two engines may
// ever have it open. r.publishing is held, except in Open.
func (r *Runtime) converge(ctx context.Context) error {
	w, err := r.world(ctx)
	if err != nil {
		return err
	}
	routes, err := r.Routes(ctx)
	if err != nil {
		return err
	}
	plans, err := r.plans(w)
	if err != nil {
		return err
	}
	folders := servedFolders(plans)
	stale := r.running()
	for key, p := range plans {
		if g := stale[key]; g != nil && g.covers(p) {
			delete(stale, key)
			delete(plans, key)
		}
	}
	r.prepareAssets(plans)
	if err := r.haltAll(ctx, stale); err != nil {
		return err // an engine that is still there may still write objects
	}
	r.reach("swap: halted")
	if err := r.sweepNamespaces(ctx); err != nil {
		// Nobody can reach them any more, so this can wait for the next time.
		r.log.Error("objects of deleted classes stay where they are for now", "err", err)
	}
	if err := r.sweepAssets(folders); err != nil {
		r.log.Error("static files that are not served any more stay for now", "err", err)
	}
	return launchAll(r.regroup(stale, plans, w.splits(), routes))
}

// plans works out the groups and what each shall run, by group key.
func (r *Runtime) plans(w world) (map[string]plan, error) {
	plans := map[string]plan{}
	for _, scripts := range w.groups() {
		cfg, err := r.engineConfig(w, scripts)
		if err != nil {
			return nil, err
		}
		p := plan{scripts: scripts, versions: map[string]string{}, config: cfg, collected: map[string]bool{}}
		for _, name := range scripts {
			p.queues = append(p.queues, w.consumed[name]...)
			for i, v := range w.scripts[name].Versions() {
				service := serviceName(v, i == 0)
				p.versions[service] = v.ID
				if r.wantsCollector(w, name) {
					p.collected[service] = true
				}
				if len(sealedSecrets(v)) > 0 {
					p.secret = append(p.secret, v)
				}
			}
		}
		plans[groupKey(scripts)] = p
	}
	return plans, nil
}

// running returns the groups as they are.
func (r *Runtime) running() map[string]*group {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.groups)
}

// haltAll stops engines side by side. They share one drain deadline.
func (r *Runtime) haltAll(ctx context.Context, groups map[string]*group) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.opts.DrainDeadline)
	defer cancel()
	return each(slices.Collect(maps.Values(groups)), func(g *group) error { return g.halt(ctx) })
}

// regroup replaces the halted groups by groups for the plans, and tells the
// gateway. A group of the same scripts keeps its gate, so that requests that
// wait there go on waiting; those at other gates look for their new one.
func (r *Runtime) regroup(halted map[string]*group, plans map[string]plan, splits map[string]*gateway.Split, routes []Route) []*group {
	r.mu.Lock()
	defer r.mu.Unlock()
	var fresh []*group
	for key, g := range halted {
		if _, again := plans[key]; !again {
			delete(r.groups, key)
			defer g.gate.Close() // whoever waits there looks for the script anew
		}
	}
	for key, p := range plans {
		g := &group{rt: r, scripts: p.scripts, plan: p}
		if old := halted[key]; old != nil {
			g.gate, g.restarts = old.gate, old.restarts
		} else {
			g.gate = gateway.NewGate(key)
		}
		r.groups[key] = g
		fresh = append(fresh, g)
	}
	r.splits, r.routes = splits, routes
	r.gateway.SetTable(r.table())
	return fresh
}

// table says which script answers which host; r.mu is held. A dev session has
// one script that answers them all, see [Runtime.SetDefault].
func (r *Runtime) table() gateway.Table {
	t := gateway.Table{Hosts: map[string]*gateway.Target{}}
	targets := map[string]*gateway.Target{}
	for _, g := range r.groups {
		for _, name := range g.scripts {
			target := &gateway.Target{Script: name, Gate: g.gate, Split: r.splits[name]}
			targets[name] = target
			t.Hosts[name+".localhost"] = target
			if name == r.defaultScript {
				t.Default = target
			}
		}
	}
	r.routeTable(&t, targets)
	return t
}

// SetDefault makes a script answer every host that no other script answers.
func (r *Runtime) SetDefault(script string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.defaultScript = script
	r.gateway.SetTable(r.table())
}

func launchAll(groups []*group) error {
	if err := each(groups, (*group).launch); err != nil {
		return &startFailure{err}
	}
	return nil
}

// each calls fn for every group side by side and joins the errors.
func each(groups []*group, fn func(*group) error) error {
	errs := make([]error, len(groups))
	var all sync.WaitGroup
	for i, g := range groups {
		all.Go(func() { errs[i] = fn(g) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// noteEngines writes the engines' pids into the state folder, for whoever has
// to find an orphan.
func (r *Runtime) noteEngines() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.writeInfo(); err != nil {
		r.log.Error("cannot write the lock file", "err", err)
	}
}
