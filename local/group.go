package local

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"time"

	"paddock/engine"
	"paddock/gateway"
	"paddock/local/store"
)

// Restarts of an engine that ended by itself wait, doubling from the first to
// the last of these. After an engine that lived for stableAfter the wait is
// the first again.
const (
	firstBackoff = 100 * time.Millisecond
	lastBackoff  = 10 * time.Second
	stableAfter  = 10 * time.Second
	// failAfter failed starts in a row, waiting requests are turned away.
	failAfter = 3
)

// stopGrace is how long an engine may take to end once nothing is in flight.
// It needs some 30 ms, but never ends while an object holds a hibernating
// WebSocket, although the client is gone. What it is killed over then it would
// not wait for either: what scripts were acknowledged is on disk.
const stopGrace = 250 * time.Millisecond

// A plan is what a group's engine shall run.
type plan struct {
	scripts   []string
	versions  map[string]string // version ids, which trace items carry, by service
	config    engine.Config     // without collector and secrets
	secret    []store.Version   // versions that have secrets
	collected map[string]bool   // services with a collector
	queues    []Resource        // that deliver to one of the scripts
}

// A group is some scripts that share an engine, the gate in front of it, and
// the goroutine that keeps it running.
type group struct {
	rt      *Runtime
	scripts []string
	plan    plan
	gate    *gateway.Gate

	// cancel ends supervision, ended is closed when it has ended; halted says
	// that somebody wanted that. They belong to whoever holds
	// Runtime.publishing.
	cancel context.CancelFunc
	ended  chan struct{}
	halted bool

	syncing sync.Mutex // held while the collector is told something

	mu       sync.Mutex
	proc     *engine.Process
	pump     *pump
	control  *http.Client // of the collector, nil without one
	since    time.Time    // start of proc
	restarts Restarts     // those before a swap included
	err      error        // why there is no engine, if there is none
}

// launch starts supervision and returns once the first start has succeeded or
// failed. After a failure supervision goes on and tries again.
func (g *group) launch() error {
	ctx, cancel := context.WithCancel(g.rt.life)
	g.cancel, g.ended = cancel, make(chan struct{})
	first := make(chan error, 1)
	go func() {
		defer close(g.ended)
		g.supervise(ctx, first)
	}()
	return <-first
}

// supervise keeps an engine running until ctx ends. It leaves the engine that
// runs then to halt.
func (g *group) supervise(ctx context.Context, first chan<- error) {
	backoff, failures := firstBackoff, 0
	for {
		proc, err := g.start(ctx)
		if first != nil {
			first <- err
			first = nil
		}
		if err == nil {
			failures = 0
			reason := g.guard(ctx, proc)
			if ctx.Err() != nil {
				return
			}
			if time.Since(g.since) > stableAfter {
				backoff = firstBackoff
			}
			err = g.crashed(proc, reason, backoff)
		} else if failures++; failures >= failAfter {
			g.gate.Fail(err)
		}
		if ctx.Err() != nil {
			return
		}
		g.rt.log.Error("engine is down", "scripts", g.scripts, "err", err, "retry_in", backoff)
		if !wait(ctx, backoff) {
			return
		}
		backoff = min(2*backoff, lastBackoff)
	}
}

// wait reports whether the time passed before ctx ended.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// start starts the engine and opens the gate.
func (g *group) start(ctx context.Context) (*engine.Process, error) {
	p := g.plan
	var secrets []string
	var err error
	if p.config, secrets, err = g.rt.withSecrets(p); err != nil {
		return nil, g.failed(err)
	}
	if err := errors.Join(makeDisks(p.config), g.rt.makeAssets(p.config)); err != nil {
		return nil, g.failed(err)
	}
	pump := newPump(g.rt, p.scripts)
	opts := g.rt.engineOptions(p.config)
	opts.OnLine, opts.OnEvent = pump.line, pump.event
	mode := g.rt.collectorMode(p.scripts)
	if len(p.collected) > 0 {
		opts.Token = randomHex(16)
		opts.Config = withCollector(p, mode, g.rt.opts.Explain != nil, opts.Token)
	}
	proc, err := engine.Start(ctx, opts)
	if err != nil {
		pump.close()
		return nil, g.failed(redact(err, secrets))
	}
	pump.serving()
	g.mu.Lock()
	g.proc, g.pump, g.since, g.err, g.control = proc, pump, time.Now(), nil, nil
	if len(p.collected) > 0 {
		g.control = unixClient(proc.SocketPath(collectorService))
	}
	g.mu.Unlock()
	// A tail may have come or gone since the configuration was written. One
	// that comes from here on finds the collector's socket, and tells it itself.
	if g.rt.collectorMode(p.scripts) != mode {
		g.syncCollector(ctx)
	}
	g.gate.Open(endpoints(proc, p))
	g.rt.noteEngines()
	g.rt.wakeQueues(ctx, p, proc)
	g.rt.log.Info("engine started", "scripts", p.scripts, "pid", proc.PID())
	return proc, nil
}

func endpoints(proc *engine.Process, p plan) map[string]gateway.Endpoint {
	m := map[string]gateway.Endpoint{}
	for _, w := range p.config.Workers {
		if _, isVersion := p.versions[w.Name]; isVersion {
			answers := w.Front != "" || slices.Contains(proc.Report(w.Name).Handlers, "fetch")
			m[w.Name] = gateway.Endpoint{Socket: proc.SocketPath(w.Name), Fetch: answers}
		}
	}
	return m
}

func (g *group) failed(err error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.err = err
	return err
}

// crashed takes note of an engine that ended by itself, or, with a reason,
// that the guard has ended.
func (g *group) crashed(proc *engine.Process, reason error, retry time.Duration) error {
	g.gate.Close()
	exit := proc.Exit()
	if reason == nil {
		how := "exit status 0"
		if exit.Err != nil {
			how = exit.Err.Error()
		}
		reason = fmt.Errorf("the engine ended unexpectedly (%s) and is started again", how)
	}
	g.mu.Lock()
	g.restarts.add(reason)
	g.err = reason
	pump := g.pump
	g.proc, g.pump, g.control = nil, nil, nil
	g.mu.Unlock()
	pump.close()
	g.rt.noteEngines()
	g.tellTails(reason)
	if f := g.rt.opts.OnCrash; f != nil {
		f(Crash{Scripts: g.scripts, Err: reason, Output: exit.LastOutput, Retry: retry})
	}
	return reason
}

// tellTails tells everybody who follows a script of the group.
func (g *group) tellTails(reason error) {
	for _, name := range g.scripts {
		for _, t := range g.rt.hub.listeners(name) {
			t.tell(fmt.Sprintf("%s: %v", name, reason))
		}
	}
}

// halt closes the gate, lets requests in flight finish until the deadline of
// ctx, and stops the engine. The engine is gone when it returns.
func (g *group) halt(ctx context.Context) error {
	// Supervision ends first: a start that was about to succeed opens the gate.
	g.halted = true
	g.cancel()
	<-g.ended
	g.gate.Close()
	g.mu.Lock()
	proc, pump := g.proc, g.pump
	g.mu.Unlock()
	if proc == nil {
		return nil
	}
	if err := g.finish(ctx, proc); err != nil {
		return err
	}
	g.mu.Lock()
	g.proc, g.pump, g.control = nil, nil, nil
	g.mu.Unlock()
	pump.close()
	return nil
}

// finish lets requests in flight finish until the deadline of ctx, and stops
// the engine. The gate is closed.
func (g *group) finish(ctx context.Context, proc *engine.Process) error {
	ctx, done := g.draining(ctx)
	defer done()
	grace := stopGrace
	if g.gate.Drain(ctx) != nil || g.settle(ctx) != nil {
		grace = 0 // the deadline has passed: what still runs is cut
	}
	if err := proc.Stop(grace); err != nil {
		return fmt.Errorf("stop the engine of %s: %w", groupKey(g.scripts), err)
	}
	return nil
}

func (g *group) pid() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.proc == nil {
		return 0
	}
	return g.proc.PID()
}

// covers reports whether the group already runs what p asks for. A collector
// that nobody needs any more stays until something else swaps the engine.
func (g *group) covers(p plan) bool {
	// An engine's bindings cannot be looked into, only compared.
	if g.halted || !maps.Equal(g.plan.versions, p.versions) || !reflect.DeepEqual(g.plan.config, p.config) {
		return false
	}
	for name := range maps.Keys(p.collected) {
		if !g.plan.collected[name] {
			return false
		}
	}
	return true
}
