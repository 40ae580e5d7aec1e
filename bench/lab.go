package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"paddock/engine"
	"paddock/internal/peers"
)

// A lab is what the benchmarks of one run share: the programs that are
// compared and a temporary folder with everything that they write.
type lab struct {
	options
	log      io.Writer
	dir      string // temporary
	root     string // of paddock's sources
	paddock  string // built from them
	workerd  string
	wrangler lazyWrangler
	env      []string // of every program
}

func newLab(ctx context.Context, o options, log io.Writer) (_ *lab, err error) {
	l := &lab{options: o, log: log}
	if l.dir, err = os.MkdirTemp("", "paddock-bench-"); err != nil {
		return nil, fmt.Errorf("make a folder for the measurements: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.close())
		}
	}()
	l.env = environment(l.dir)
	found, err := engine.Finder{}.Install(ctx)
	if err != nil {
		var binary *engine.BinaryError
		if errors.As(err, &binary) {
			return nil, fmt.Errorf("%w\n%s", err, binary.Hint)
		}
		return nil, err
	}
	l.workerd = found.Path
	return l, l.build(ctx)
}

func (l *lab) close() error { return os.RemoveAll(l.dir) }

// environment is that of this process without what would make the programs
// work on something else: the user's runtime, account and sessions.
func environment(dir string) []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "CLOUDFLARE_") && !strings.HasPrefix(v, "PADDOCK_STATE_DIR=") {
			env = append(env, v)
		}
	}
	env = append(env, "PADDOCK_STATE_DIR="+filepath.Join(dir, "no-state"))
	return append(env, peers.Environment(dir)...)
}

// build makes the paddock that is measured, once, as it is built for others:
// with `go run` the start of the Go tool would be part of every figure.
func (l *lab) build(ctx context.Context) error {
	root, err := goTool(ctx, "list", "-m", "-f", "{{.Dir}}", "paddock")
	if err != nil {
		return fmt.Errorf("find paddock's sources: %w", err)
	}
	l.root = root
	l.paddock = filepath.Join(l.dir, "paddock")
	if runtime.GOOS == "windows" {
		l.paddock += ".exe"
	}
	if _, err := goTool(ctx, "build", "-o", l.paddock, "paddock"); err != nil {
		return fmt.Errorf("build paddock: %w", err)
	}
	return nil
}

func goTool(ctx context.Context, args ...string) (string, error) {
	c := exec.CommandContext(ctx, "go", args...)
	c.Env = append(os.Environ(), "CGO_ENABLED=0") // as for other machines: a static program
	out, err := c.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		err = fmt.Errorf("%w:\n%s", err, exit.Stderr)
	}
	return strings.TrimSpace(string(out)), err
}

// interleave measures each of n programs once a round and returns a list of
// samples for each. The rounds take turns in who comes first, as being first
// after another program's work may cost something.
func (l *lab) interleave(ctx context.Context, n int, measure func(i int) (float64, error)) ([][]float64, error) {
	samples := make([][]float64, n)
	for round := range l.rounds {
		for k := range n {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			i := (round + k) % n
			v, err := measure(i)
			if err != nil {
				return nil, fmt.Errorf("round %d: %w", round+1, err)
			}
			samples[i] = append(samples[i], v)
		}
		fmt.Fprint(l.log, ".")
	}
	return samples, nil
}
