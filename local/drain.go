package local

import (
	"context"
	"errors"
	"time"
)

// errStalled ends the wait for requests of which none ends.
var errStalled = errors.New("no request has ended for a while")

// draining returns a context for the wait until nothing is in flight, once the
// gate is closed. It ends with ctx, and with [Options.DrainStall] also when no
// request has ended for that long.
func (g *group) draining(ctx context.Context) (_ context.Context, done func()) {
	stall := g.rt.opts.DrainStall
	if stall == 0 {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if g.stalls(ctx, stall) {
			cancel(errStalled)
		}
	}()
	return ctx, func() {
		cancel(nil)
		<-ended
	}
}

// stalls reports whether the number of requests in flight stayed the same for
// so long before ctx ended.
func (g *group) stalls(ctx context.Context, long time.Duration) bool {
	tick := time.NewTicker(long / 20)
	defer tick.Stop()
	left, since := g.gate.InFlight(), time.Now()
	for time.Since(since) < long {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
		if n := g.gate.InFlight(); n != left {
			left, since = n, time.Now()
		}
	}
	return true
}
