package engine

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"paddock/internal/proc"
)

// Options says what to start and who wants to hear of it.
type Options struct {
	Binary string
	Config Config

	// Lock is inherited by the engine, so that a lock on it outlives this
	// process for as long as the engine does. It may be nil.
	Lock *os.File

	// SocketDir is where the folder with the sockets is made, if paths there
	// are short enough; "" is the system's folder for temporary files. Whoever
	// names a folder can sweep it after this process was killed.
	SocketDir string
	// StartTimeout bounds the start, 0 is 10 s. A script that loops at its
	// top level would load for ever.
	StartTimeout time.Duration

	// Token starts the lines that modules of ours print for OnEvent, such as
	// `TOKEN I {json}`. It must be secret, so that no script's output is taken
	// for one. "" is a random one.
	Token string

	// OnLine gets every other line of output, also those of a start that
	// fails; OnEvent gets the letter and the rest of each structured line, to keep.
	// Both are called by the goroutines that keep the engine's pipes empty,
	// stdout and stderr at the same time, and must not block: the engine would
	// freeze. They may be nil, and get nothing any more once Done is closed.
	OnLine  func(Line)
	OnEvent func(kind byte, payload []byte)
}

const defaultStartTimeout = 10 * time.Second

// reportWait bounds the wait for the reports of exports once all sockets
// answer. The engine printed them before, so they are in the pipe already.
const reportWait = 2 * time.Second

// Start starts an engine and returns once every socket answers and every
// generated worker has reported. If the engine does not come up for a reason
// of its own the error is a [*StartError]. ctx bounds the start only.
func Start(ctx context.Context, opts Options) (*Process, error) {
	opts.Token = cmp.Or(opts.Token, rand.Text())
	opts.StartTimeout = cmp.Or(opts.StartTimeout, defaultStartTimeout)
	if strings.ContainsAny(opts.Token, " \n") {
		return nil, errors.New("start engine: the token holds a blank or a line break")
	}
	if err := opts.Config.validate(); err != nil {
		return nil, fmt.Errorf("check engine configuration: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("start engine: %w", err)
	}
	p, listening, err := launch(opts)
	if err != nil {
		return nil, fmt.Errorf("start engine: %w", err)
	}
	if err := p.awaitReady(ctx, opts, listening); err != nil {
		return nil, err
	}
	p.out.setReady()
	return p, nil
}

// launch starts the process. The channel gets nil when all sockets listen,
// and an error if that is not going to happen.
func launch(opts Options) (_ *Process, _ <-chan error, err error) {
	sockets, err := listenSockets(opts.Config.Workers, socketBases(opts.SocketDir))
	if err != nil {
		return nil, nil, err
	}
	defer sockets.closeFiles()
	ours, theirs, err := openPipes()
	if err != nil {
		sockets.removeDir()
		return nil, nil, fmt.Errorf("make pipe: %w", err)
	}
	defer theirs.close()
	p := &Process{token: opts.Token, sockets: sockets, done: make(chan struct{})}
	if p.child, p.out, err = spawn(opts, sockets, theirs); err != nil {
		ours.close()
		sockets.removeDir()
		return nil, nil, err
	}
	listening := make(chan error, 1)
	go p.watch(ours, len(sockets.sockets), listening)
	return p, listening, nil
}

// spawn starts the child with everything it inherits.
func spawn(opts Options, sockets *socketSet, theirs pipes) (*proc.Child, *output, error) {
	// A script can read its own main module (node:fs, /bundle), so what
	// stands there must not be the token by which others' events are known.
	reportToken := rand.Text()
	var files inherited
	config, memory, err := passConfig(opts.Config.text(reportToken, sockets.dir), sockets.dir, &files)
	if err != nil {
		return nil, nil, err
	}
	defer memory.Close() // the child has it; nil where it is a file
	args := arguments(opts, sockets, config, files.add(theirs.control), &files)
	child, err := proc.Start(proc.Spec{
		Path: opts.Binary, Args: args, Files: files,
		Env:    append(os.Environ(), "TZ=UTC"), // as on the platform
		Stdout: theirs.stdout, Stderr: theirs.stderr,
	})
	if err != nil {
		return nil, nil, err
	}
	return child, newOutput(opts, reportToken), nil
}

// arguments returns the engine's command line and adds the files it names.
func arguments(opts Options, sockets *socketSet, config string, control int, child *inherited) []string {
	// The import folder "/" is what makes embedding by absolute path work.
	args := []string{"serve", "-I/", fmt.Sprintf("--control-fd=%d", control)}
	if opts.Config.Experimental {
		args = append(args, "--experimental")
	}
	for _, s := range sockets.sockets {
		args = append(args, "-S", fmt.Sprintf("%s=%d", s.name, child.add(s.file)))
	}
	if opts.Lock != nil {
		child.add(opts.Lock)
	}
	return append(args, config)
}
