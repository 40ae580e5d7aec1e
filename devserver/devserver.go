// Package devserver is a dev session: it builds workers, runs them in a
// private, throw-away runtime, and does so again whenever a file changes. The
// way from a saved file to running code is the one of a publish, without HTTP.
//
// [Run] is the whole session. A configuration that cannot be read, a port that
// is taken and the like are errors. Code that cannot be built or started is
// not: the session waits for the next save, and until then answers for it.
// Nothing that a save can cause ends the session or stops the code that runs.
//
// Between the port and the runtime stands a handler of our own, front.go, which
// shows people in front of a browser what is wrong; the pages are those of
// devserver/errorpage.
package devserver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/fatih/color"

	"paddock/config"
	"paddock/gateway"
	"paddock/internal/diag"
	"paddock/internal/iostreams"
	"paddock/local"
	"paddock/tail"
)

// DefaultPort is where a session listens when nothing else is said.
const DefaultPort = 8787

// drainStall is how long a reload waits for requests in flight of which none
// ends.
const drainStall = time.Second

// Options are the settings of a session.
type Options struct {
	IO *iostreams.Streams

	Dir     string   // where to look for a configuration
	Configs []string // paths; the first is the worker that answers requests. Empty: discovery
	Env     string
	IP      string // "" is the configuration's, or loopback
	Port    int    // 0 is the configuration's, or DefaultPort or a free one
	Minify  bool
	// Overrides are for the first worker. VarFiles, if there are any, are
	// read for variables in place of .dev.vars and .env.
	Overrides config.Overrides
	VarFiles  []string
	// TestScheduled has GET /__scheduled call the scheduled handler.
	TestScheduled bool
	Trace         bool // collect trace items, for console output in order and mapped stacks
	// Watchdog and EngineMemory are those of [local.Options].
	Watchdog     time.Duration
	EngineMemory uint64

	Engine  func(context.Context) (path string, err error)
	Version string // of paddock
	// Check looks at a loaded worker for what this package cannot know.
	Check func(*config.Worker) diag.List
}

// ErrReported is returned when what went wrong has been printed already.
var ErrReported = errors.New("already reported")

// Run runs a session until ctx ends.
func Run(ctx context.Context, opts Options) (err error) {
	s := &session{opts: opts, out: newOutput(opts.IO), editions: newEditions(), read: time.Now()}
	defer s.closeProjects()
	if err := s.load(); err != nil {
		return err
	}
	// The engine is looked for while the first build runs: both take a while.
	found := make(chan error, 1)
	var engine string
	go func() {
		var err error
		engine, err = opts.Engine(ctx)
		found <- err
	}()
	built := s.buildAll(ctx)
	if missing := <-found; built != nil || missing != nil {
		return cmp.Or(built, missing)
	}
	listener, err := s.listen(ctx)
	if err != nil {
		return err
	}
	dir, err := makeFolder()
	if err != nil {
		listener.Close()
		return fmt.Errorf("make a folder for the session: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := s.open(ctx, dir, engine); err != nil {
		listener.Close()
		return err
	}
	s.url = url(listener)
	server := gateway.Serve(listener, s.front, nil)
	defer func() {
		defer s.out.stopping().Done()
		err = errors.Join(err, s.close(context.WithoutCancel(ctx), server))
	}()
	if err := s.publishFirst(ctx); err != nil {
		return err
	}
	s.editions.publish(s.edition())
	s.standing()
	return s.watch(ctx)
}

// folderPrefix begins the name of a session's temporary folder.
const folderPrefix = "paddock-dev-"

// makeFolder makes the folder of a session, and removes those of sessions that
// were killed before they could. A young one may be about to be locked.
func makeFolder() (string, error) {
	const young = time.Minute
	old, err := filepath.Glob(filepath.Join(os.TempDir(), folderPrefix+"*"))
	if err != nil {
		return "", err
	}
	for _, dir := range old {
		info, err := os.Stat(dir)
		if err == nil && time.Since(info.ModTime()) > young && local.Abandoned(dir) {
			os.RemoveAll(dir) // what cannot be removed now is left to the next session
		}
	}
	return os.MkdirTemp("", folderPrefix)
}

// open opens the session's own runtime, and makes the handler before it.
func (s *session) open(ctx context.Context, dir, engine string) error {
	s.front = &front{editions: s.editions, access: s.out.access, done: make(chan struct{}), testScheduled: s.opts.TestScheduled}
	for _, p := range s.projects {
		s.front.scripts = append(s.front.scripts, p.worker.Name)
	}
	opts := local.Options{
		Dir: dir, Engine: engine, Version: s.opts.Version, Throwaway: true, Handlers: true, Trace: local.TraceNever, DrainStall: drainStall,
		Watchdog: s.opts.Watchdog, EngineMemory: s.opts.EngineMemory,
		OnAccess: s.out.access, OnOutput: s.out.raw, OnItem: s.out.item, OnCrash: s.out.crash,
	}
	if s.opts.Trace {
		failures := newFailures(s, s.front.frame)
		s.front.failures = failures
		opts.Trace, opts.Explain = local.TraceAlways, failures.explain
		opts.OnItem = func(it tail.Item) {
			failures.heard(it) // first: somebody may be waiting
			s.out.item(it)
		}
	}
	s.rt = local.New(opts)
	s.front.runtime, s.front.schedule, s.out.stacks = s.rt, s.rt.Schedule, s.rt
	if err := s.rt.Open(ctx); err != nil {
		return err
	}
	s.rt.SetDefault(s.front.scripts[0])
	return nil
}

// ExplainStack is that of the runtime, which does not exist yet when it is
// told who will ask.
func (s *session) ExplainStack(version, stack string) local.Explained {
	return s.rt.ExplainStack(version, stack)
}

func (s *session) close(ctx context.Context, server *gateway.Server) error {
	close(s.front.done) // or the pages that listen would hold the server up
	err := s.rt.Close(ctx)
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return errors.Join(err, server.Close(ctx))
}

// listen opens the session's port, and says so if it is another one than the
// default.
func (s *session) listen(ctx context.Context) (net.Listener, error) {
	first := s.projects[0].worker
	ip, port := s.opts.IP, s.opts.Port
	if ip == "" {
		ip = first.Dev.IP
	}
	if ip == "" {
		ip = "127.0.0.1"
	}
	if port == 0 {
		port = first.Dev.Port
	}
	asked := port != 0
	if !asked {
		port = DefaultPort
	}
	l, moved, err := gateway.ListenOrFree(ctx, ip, port, asked)
	if moved {
		fmt.Fprintf(s.opts.IO.Err, "Port %d is in use; using %d instead.\n", port, l.Addr().(*net.TCPAddr).Port)
	}
	return l, err
}

func url(l net.Listener) string {
	addr := l.Addr().(*net.TCPAddr)
	host := addr.IP.String()
	if addr.IP.IsUnspecified() || addr.IP.Equal(net.IPv4(127, 0, 0, 1)) {
		host = "localhost" // other loopback addresses may not have that name
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(addr.Port))
}

// stopping leaves the line on which a terminal shows ^C.
func (o *output) stopping() *iostreams.Progress {
	if o.io.ErrTTY {
		io.WriteString(o.io.Err, "\n")
	}
	return o.io.Progress("Stopping")
}

func (o *output) ready(url string) {
	o.print(o.io.Out, "%s\n", o.io.OutStyle(color.Bold)("Ready on "+url))
}

// waiting says that there is something that cannot run so far.
func (o *output) waiting(url string) {
	o.print(o.io.Out, "%s\n", o.io.OutStyle(color.Bold)("Waiting for a fix: "+url+" shows what is wrong."))
}
