package local

import (
	"context"
	"net/http"
	"os"
	"slices"
)

// LockExclusive takes the lock of a state folder, for tests that play its
// owner.
var LockExclusive = lockExclusive

// ProcessAlive reports whether a process runs.
var ProcessAlive = processAlive

// CollectorState asks the collector of a script's group whether it is "on" or
// "off"; without a collector it is "".
func (r *Runtime) CollectorState(script string) string {
	for _, g := range r.running() {
		g.mu.Lock()
		control := g.control
		g.mu.Unlock()
		if control == nil || !slices.Contains(g.scripts, script) {
			continue
		}
		state, err := collectorCall(context.Background(), control, http.MethodGet, "/state")
		if err != nil {
			return err.Error()
		}
		return state
	}
	return ""
}

// KillAt has the process killed, as by kill -9, when the runtime comes to a
// point. It must be called before the operation that leads there.
func (r *Runtime) KillAt(point string) {
	r.reached = func(at string) {
		if at != point {
			return
		}
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = self.Kill()
		}
		if err != nil {
			panic(err)
		}
		select {} // until the signal has arrived
	}
}

// EmptyTrash does what a runtime does once an hour.
func (r *Runtime) EmptyTrash(ctx context.Context) error { return r.emptyTrash(ctx) }

// Expire lets the time of a tail be over.
func (t *Tail) Expire() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reaper.Reset(0)
}

// Restart halts every engine, as a converge that failed half-way would leave
// them, and converges.
func (r *Runtime) Restart(ctx context.Context) error {
	r.publishing.Lock()
	defer r.publishing.Unlock()
	if err := r.haltAll(ctx, r.running()); err != nil {
		return err
	}
	return r.converge(ctx)
}

// InFlight returns how many requests the engine of a script's group has.
func (r *Runtime) InFlight(script string) int {
	for _, g := range r.running() {
		if slices.Contains(g.scripts, script) {
			return g.gate.InFlight()
		}
	}
	return 0
}
