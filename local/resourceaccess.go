package local

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"paddock/engine"
)

// UseResource calls fn with a client of the worker that serves a resource, in
// the protocol of the engine's module. That is the engine of the scripts that
// bind the resource, or, if none does, one that runs only for the call. Nothing
// is published meanwhile, so fn must not take long. The error wraps [ErrNotFound]
// if there is no such resource.
func (r *Runtime) UseResource(ctx context.Context, kind, id string, fn func(context.Context, *http.Client) error) error {
	return r.withResource(ctx, kind, id, func(ctx context.Context, w world, res Resource) error {
		users := w.usersOf(res.Key)
		if len(users) == 0 {
			return r.useAlone(ctx, res, fn)
		}
		proc := r.engineOf(users[0])
		if proc == nil {
			return fmt.Errorf("the engine of %s, which has the %s, does not run at the moment", users[0], kinds[kind].label)
		}
		client := resourceClient(proc, res)
		defer client.CloseIdleConnections()
		return fn(ctx, client)
	})
}

// resourceTimeout bounds one request to a resource: a query may take a while.
const resourceTimeout = 30 * time.Second

func resourceClient(p *engine.Process, res Resource) *http.Client {
	client := unixClient(p.SocketPath(backingService(res.Key)))
	client.Timeout = resourceTimeout
	return client
}

// engineOf returns the engine that runs a script, nil if there is none.
func (r *Runtime) engineOf(script string) *engine.Process {
	for _, g := range r.running() {
		if slices.Contains(g.scripts, script) {
			g.mu.Lock()
			defer g.mu.Unlock()
			return g.proc
		}
	}
	return nil
}

// useAlone runs an engine with nothing but a resource. No other has it open:
// a script that would bind it cannot be published now.
func (r *Runtime) useAlone(ctx context.Context, res Resource, fn func(context.Context, *http.Client) error) (err error) {
	cfg := engine.Config{Disks: []engine.Disk{{Name: objectsDisk, Path: r.objectsDir()}}, Offline: true}
	r.back(&cfg, res, world{}.delivery(res)...)
	if err := makeDisks(cfg); err != nil {
		return err
	}
	p, err := engine.Start(ctx, r.engineOptions(cfg))
	if err != nil {
		return fmt.Errorf("start an engine for the %s %s: %w", kinds[res.Kind].label, res.Name, err)
	}
	client := resourceClient(p, res)
	defer func() {
		client.CloseIdleConnections()
		err = errors.Join(err, p.Stop(stopGrace))
	}()
	return fn(ctx, client)
}
