package local

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize"

	"paddock/engine"
	"paddock/internal/proc"
)

// A guard looks after one engine while it runs. An engine does everything on
// one thread, so a script that loops for ever stops the whole group and not
// even SIGTERM is noticed; and nothing but the machine bounds its memory.
type guard struct {
	g    *group
	proc *engine.Process

	interval time.Duration // between two looks
	answers  chan error    // of pings; there is one at a time
	asking   bool          // a ping is under way
	owed     bool          // the engine has been asked since it last answered
	missed   int           // looks since then
	skipped  int           // looks at which it was left alone, as nothing was under way
	blind    bool          // its memory cannot be read, which was said

	reason error          // why the engine was ended, nil if it was not
	all    sync.WaitGroup // ping and replacement
}

// guardInterval is how often an engine is looked at. A short watchdog makes it
// shorter, so that one ping that comes late does not decide.
const guardInterval = time.Second

// idleLooks is how many looks go by before an engine is asked that has no
// requests. With 200 of them, questions once a second took a seventh of a core.
const idleLooks = 5

// grossly is how many times its cap an engine may take before it is killed
// instead of replaced in good order.
const grossly = 2

// guard returns when the engine has ended, or ctx. It ends an engine that
// stands still or takes too much memory, and returns why; nil means that the
// engine ended by itself. Nothing of it is left when it returns.
func (g *group) guard(ctx context.Context, p *engine.Process) error {
	w := &guard{g: g, proc: p, interval: guardInterval, answers: make(chan error, 1)}
	if g.rt.opts.Watchdog > 0 {
		w.interval = max(min(w.interval, g.rt.opts.Watchdog/10), time.Millisecond)
	}
	defer w.all.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	tick := time.NewTicker(w.interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return w.reason
		case <-p.Done():
			return w.reason
		case err := <-w.answers:
			w.answered(err)
		case <-tick.C:
			if w.reason == nil { // one that is being replaced takes no connections in the end
				w.checkAnswers(ctx)
			}
			w.checkMemory(ctx)
		}
	}
}

// checkAnswers kills an engine that has been asked for too long, and otherwise
// asks it once more, unless it still owes the answer to the last question, or
// has nothing to do and was asked a moment ago.
//
// Looks are counted and no clock is read: a machine that sleeps, and a paddock
// that is stopped together with its engine, take no looks meanwhile.
func (w *guard) checkAnswers(ctx context.Context) {
	patience := w.g.rt.opts.Watchdog
	if patience < 0 {
		return
	}
	select { // an answer that came together with the tick counts
	case err := <-w.answers:
		w.answered(err)
	default:
	}
	if w.owed {
		w.missed++
	}
	if f := w.g.rt.opts.Debugged; f != nil && f(w.g.scripts) {
		w.missed = 0
	}
	if time.Duration(w.missed)*w.interval >= patience {
		w.kill(w.standstill(patience))
		return
	}
	if !w.owed && w.g.gate.InFlight() == 0 && w.skipped < idleLooks-1 {
		w.skipped++
		return
	}
	w.owed, w.skipped = true, 0
	if !w.asking {
		w.asking = true
		w.all.Go(func() { w.answers <- w.proc.Ping(ctx) })
	}
}

func (w *guard) answered(err error) {
	w.asking = false
	if err == nil {
		w.owed, w.missed = false, 0
	}
}

// standstill says what is known of an engine that does not answer.
func (w *guard) standstill(patience time.Duration) error {
	suspects := ""
	if list := w.g.gate.Unanswered(); len(list) > 0 && len(w.g.scripts) > 1 {
		suspects = fmt.Sprintf(" (unanswered requests, oldest first: %s)", strings.Join(list, ", "))
	}
	return fmt.Errorf("the engine did not answer for %s s: a script of it seems to loop for ever or to compute for long%s; it was killed and is started again",
		strconv.FormatFloat(patience.Seconds(), 'f', -1, 64), suspects)
}

// checkMemory ends an engine that takes too much memory.
func (w *guard) checkMemory(ctx context.Context) {
	limit := w.g.rt.opts.EngineMemory
	if limit == 0 {
		return
	}
	size, err := proc.Resident(ctx, w.proc.PID())
	switch {
	case err != nil:
		w.warn(err)
	case size/grossly > limit:
		w.kill(fmt.Errorf("the engine took %s of memory, more than twice its limit of %s; it was killed and is started again",
			humanize.Bytes(size), humanize.Bytes(limit)))
	case size > limit && w.reason == nil:
		w.replace(ctx, fmt.Errorf("the engine took %s of memory, more than its limit of %s; it was ended and is started again",
			humanize.Bytes(size), humanize.Bytes(limit)))
	}
}

// warn tells once that memory cannot be read, unless the engine has just ended.
func (w *guard) warn(err error) {
	select {
	case <-w.proc.Done():
	default:
		if !w.blind {
			w.g.rt.log.Warn("the limit of memory has no effect", "scripts", w.g.scripts, "err", err)
		}
		w.blind = true
	}
}

// kill ends the engine at once. Requests that it has are answered by the
// gateway, new ones wait for the next engine.
func (w *guard) kill(reason error) {
	w.reason = reason
	w.g.gate.Close()
	if err := w.proc.Stop(0); err != nil {
		w.g.rt.log.Error("cannot kill an engine", "scripts", w.g.scripts, "reason", reason, "err", err)
	}
}

// replace ends the engine in good order, as a swap does. It is killed all the
// same if it goes on growing, and at the drain deadline. A swap that comes
// meanwhile waits for the end, so that requests keep the time they were given.
func (w *guard) replace(ctx context.Context, reason error) {
	w.reason = reason
	w.g.rt.log.Warn("engine is being replaced", "scripts", w.g.scripts, "reason", reason)
	w.g.gate.Close()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.g.rt.opts.DrainDeadline)
	w.all.Go(func() {
		defer cancel()
		if err := w.g.finish(ctx, w.proc); err != nil {
			w.g.rt.log.Error("cannot replace an engine", "scripts", w.g.scripts, "reason", reason, "err", err)
		}
	})
}
