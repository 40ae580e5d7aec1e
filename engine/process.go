package engine

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"paddock/internal/proc"
)

// A Process is a running engine. Its methods may be called from any goroutine
// and also after its end.
type Process struct {
	child    *proc.Child
	token    string
	sockets  *socketSet
	out      *output
	stopping atomic.Bool
	done     chan struct{}
	exit     ExitState // valid once done is closed
}

// ExitState says how an engine ended.
type ExitState struct {
	Err        error  // nil for exit status 0, otherwise an *exec.ExitError
	Expected   bool   // Stop was called first
	LastOutput string // the last lines of stdout and stderr
}

// PID returns the process id.
func (p *Process) PID() int { return p.child.PID() }

// Token returns the prefix of structured lines, see [Options].
func (p *Process) Token() string { return p.token }

// SocketPath returns the path of a worker's Unix socket, or "" if it has none.
func (p *Process) SocketPath(worker string) string { return p.sockets.paths[worker] }

// Report returns what a generated worker exports.
func (p *Process) Report(worker string) Report { return p.out.reportOf(worker) }

// Done returns a channel that is closed when the engine has ended and its
// output was read to the end.
func (p *Process) Done() <-chan struct{} { return p.done }

// Exit says how the engine ended. It is valid once Done is closed.
func (p *Process) Exit() ExitState {
	select {
	case <-p.done:
		return p.exit
	default:
		return ExitState{}
	}
}

// Stop ends the engine and returns when it is gone and its output was read to
// the end. The engine finishes the requests that it has; WebSockets, stalled
// clients and endless loops would keep it for ever, so after grace it is
// killed. What was acknowledged is on disk then, so that is no error; how the
// engine ended is in Exit.
//
// Stop may be called again and concurrently; the shortest grace wins.
func (p *Process) Stop(grace time.Duration) error {
	select {
	case <-p.child.Done(): // by itself: that is not what Stop was called for
	default:
		p.stopping.Store(true)
	}
	if err := p.child.Stop(grace); err != nil {
		return fmt.Errorf("stop engine: %w", err)
	}
	<-p.done
	return nil
}

// drainDeadline bounds the reading of output after the engine's end. There is
// an end as soon as the engine is gone, unless something else got hold of its
// descriptors.
const drainDeadline = 2 * time.Second

// watch reads all that the engine says until its end and then releases
// everything. listening gets nil once so many sockets listen, otherwise an error.
func (p *Process) watch(in pipes, sockets int, listening chan<- error) {
	var readers sync.WaitGroup
	readers.Go(func() { splitLines(in.stdout, maxLine, p.out.stdoutLine) })
	readers.Go(func() { splitLines(in.stderr, maxLine, p.out.stderrLine) })
	readers.Go(func() { listening <- awaitListening(in.control, sockets) })
	<-p.child.Done()
	in.expire(time.Now().Add(drainDeadline))
	readers.Wait()
	in.close()
	p.sockets.removeDir()
	p.exit = ExitState{Err: p.child.Err(), Expected: p.stopping.Load(), LastOutput: p.out.lastOutput()}
	close(p.done)
}
