package engine

import (
	"context"
	"fmt"
	"time"
)

// awaitReady waits until the engine is ready. If it does not get there it is
// killed, and the error says why.
func (p *Process) awaitReady(ctx context.Context, opts Options, listening <-chan error) error {
	timeout := time.NewTimer(opts.StartTimeout)
	defer timeout.Stop()
	select {
	case err := <-listening:
		if err != nil {
			return p.failed(opts)
		}
		removeConfig(p.sockets.dir)
	case <-timeout.C:
		return p.timedOut(opts)
	case <-ctx.Done():
		return p.abandon(ctx)
	}
	reports := time.NewTimer(reportWait)
	defer reports.Stop()
	select {
	case <-p.out.complete:
		return nil
	case <-p.done:
		return p.failed(opts)
	case <-reports.C:
		return p.unreported()
	case <-ctx.Done():
		return p.abandon(ctx)
	}
}

// kill ends an engine that did not get ready. One that loops at top level
// does not notice SIGTERM, and there is nothing yet that it could finish.
func (p *Process) kill() error { return p.Stop(0) }

// exitWait is how long an engine that gave up may take to exit.
const exitWait = time.Second

// failed makes the error of an engine that gave up before it was ready. It is
// left to end by itself, so that its own exit status and last words are seen.
func (p *Process) failed(opts Options) error {
	timer := time.NewTimer(exitWait)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		if err := p.kill(); err != nil {
			return err
		}
	}
	var services []string
	for _, w := range opts.Config.Workers {
		services = append(services, w.Name)
	}
	for _, a := range opts.Config.Assets {
		services = append(services, a.Name)
	}
	return newStartError(p.out.startErrors(), services, p.out.lastOutput(), p.exit.Err)
}

// timedOut blames the worker whose turn to load it was: they load in the
// order of the configuration, and each generated one reports at its end.
func (p *Process) timedOut(opts Options) error {
	if err := p.kill(); err != nil {
		return err
	}
	problem := Problem{Service: p.out.silent(), Message: fmt.Sprintf(
		"did not finish loading within %v; does it loop for ever outside of its handlers?", opts.StartTimeout)}
	return &StartError{Problems: []Problem{problem}, Output: p.out.lastOutput(), Timeout: true}
}

func (p *Process) unreported() error {
	if err := p.kill(); err != nil {
		return err
	}
	problem := Problem{Service: p.out.silent(), Message: "did not report its exports"}
	return &StartError{Problems: []Problem{problem}, Output: p.out.lastOutput()}
}

func (p *Process) abandon(ctx context.Context) error {
	if err := p.kill(); err != nil {
		return err
	}
	return fmt.Errorf("start engine: %w", context.Cause(ctx))
}
