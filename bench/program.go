package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"paddock/internal/proc"
)

const (
	startTimeout = time.Minute     // for a program to give the awaited answer
	stopGrace    = 5 * time.Second // between asking it to end and killing it

	// awaitEvery is the pause between two questions, and so how much later
	// than it was to be had an answer may be seen.
	awaitEvery = time.Millisecond
)

// A program is one that can serve a project.
type program struct {
	name  string
	start func(ctx context.Context, p project) (*server, error)
}

// A server is a process that serves, or is about to.
type server struct {
	target
	process
}

// A process is one that was started here, and everything it printed.
type process struct {
	name    string
	child   *proc.Child
	started time.Time // just before the exec
	output  string    // a file: reading a pipe would take processor time from the load
}

// bareEngine is workerd with a configuration that was written by hand.
func (l *lab) bareEngine(flags ...string) program {
	return program{"workerd", func(_ context.Context, p project) (*server, error) {
		addr, err := freeAddr()
		if err != nil {
			return nil, err
		}
		config, err := p.engineConfig(addr)
		if err != nil {
			return nil, err
		}
		return l.serve(addr, l.workerd, append(append([]string{"serve"}, flags...), config))
	}}
}

func (l *lab) paddockDev(flags ...string) program {
	name := strings.Join(append([]string{"dev"}, flags...), " ")
	return program{name, func(_ context.Context, p project) (*server, error) {
		addr, err := freeAddr()
		if err != nil {
			return nil, err
		}
		return l.serve(addr, l.paddock, append([]string{"dev", "--cwd", p.dir, "--port", portOf(addr)}, flags...))
	}}
}

// published is a runtime of its own with the project published to it.
func (l *lab) published() program {
	return program{"published", func(ctx context.Context, p project) (*server, error) {
		s, err := l.startRuntime(ctx, p)
		if err != nil {
			return nil, err
		}
		if _, err := l.publish(ctx, p); err != nil {
			return nil, errors.Join(err, s.stop())
		}
		return s, nil
	}}
}

func stateDir(p project) string { return filepath.Join(p.dir, ".state") }

// startRuntime starts a runtime that answers for the project once that is
// published. It stays in the foreground, so that it is ours to stop.
func (l *lab) startRuntime(ctx context.Context, p project) (*server, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	api, err := freeAddr()
	if err != nil {
		return nil, err
	}
	s, err := l.serve(addr, l.paddock, []string{"runtime", "start", "--foreground", "--state-dir", stateDir(p),
		"--port", portOf(addr), "--api-port", portOf(api)})
	if err != nil {
		return nil, err
	}
	s.host = p.name + ".localhost:" + portOf(addr)
	if err := s.awaitOutput(ctx, "Ready on "); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// publish runs the command to its end and returns how long it took.
func (l *lab) publish(ctx context.Context, p project, flags ...string) (time.Duration, error) {
	run, err := l.launch(l.paddock, append([]string{"publish", "--cwd", p.dir, "--state-dir", stateDir(p)}, flags...))
	if err != nil {
		return 0, err
	}
	select {
	case <-run.child.Done():
	case <-ctx.Done():
		return 0, errors.Join(context.Cause(ctx), run.stop())
	}
	took := time.Since(run.started)
	if run.child.Err() != nil {
		return 0, run.ended()
	}
	return took, nil
}

func (l *lab) serve(addr, path string, args []string) (*server, error) {
	p, err := l.launch(path, args)
	if err != nil {
		return nil, err
	}
	return &server{target: target{addr: addr, host: addr}, process: p}, nil
}

func (l *lab) launch(path string, args []string) (process, error) {
	output, err := os.CreateTemp(l.dir, filepath.Base(path)+"-*.log")
	if err != nil {
		return process{}, err
	}
	defer output.Close()
	started := time.Now()
	child, err := proc.Start(proc.Spec{Path: path, Args: args, Env: l.env, Stdout: output, Stderr: output})
	if err != nil {
		return process{}, err
	}
	return process{name: filepath.Base(path), child: child, started: started, output: output.Name()}, nil
}

// await asks for path until the answer has the text in it.
func (s *server) await(ctx context.Context, path, text string) error {
	return s.until(ctx, func(ctx context.Context) error {
		body, err := s.get(ctx, path)
		if err == nil && !strings.Contains(body, text) {
			err = fmt.Errorf("GET %s answers %.100q", path, body)
		}
		return err
	})
}

// awaitOutput waits for something that the process prints.
func (p process) awaitOutput(ctx context.Context, text string) error {
	return p.until(ctx, func(context.Context) error {
		printed, err := os.ReadFile(p.output)
		if err == nil && !bytes.Contains(printed, []byte(text)) {
			err = fmt.Errorf("%q is not in the output", text)
		}
		return err
	})
}

// until tries until it succeeds, the process ends, or it took too long.
func (p process) until(ctx context.Context, try func(context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(awaitEvery)
	defer tick.Stop()
	for {
		last := try(limited)
		if last == nil {
			return nil
		}
		select {
		case <-p.child.Done():
			return p.ended()
		case <-limited.Done():
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return fmt.Errorf("%w after %v; it printed:\n%s", last, startTimeout, p.lastOutput())
		case <-tick.C:
		}
	}
}

// ended says how the process ended.
func (p process) ended() error {
	return fmt.Errorf("%s ended (%v); it printed:\n%s", p.name, p.child.Err(), p.lastOutput())
}

// lastOutput is the end of what the process printed.
func (p process) lastOutput() string {
	const most = 2000
	text, err := os.ReadFile(p.output)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text[max(0, len(text)-most):]))
}

func (p process) stop() error { return p.child.Stop(stopGrace) }

// freeAddr returns a loopback address with a port that nobody listens on.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func portOf(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }
