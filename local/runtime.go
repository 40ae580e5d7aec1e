// Package local is the object runtime: it knows which scripts, versions and
// Durable Object namespaces exist, changes that in transactions, and keeps
// engines running that serve it. `dev` runs one for itself, `publish` and
// `tail` reach a shared one through its control API.
//
// Start with [New] and [Runtime.Open]; [Runtime.Publish] is the one operation
// that changes what is served. The rooms below it are local/store, which
// holds the state, engine, which runs one process, and gateway, which lets
// requests in. The store leads and the engines follow: whatever dies, the
// next start converges to what was committed.
package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"paddock/engine"
	"paddock/gateway"
	"paddock/local/store"
	"paddock/tail"
)

// TraceMode says when scripts are watched by a collector.
type TraceMode int

const (
	// TraceOnDemand watches scripts that ask for it in their configuration,
	// and those that somebody tails.
	TraceOnDemand TraceMode = iota
	// TraceAlways watches every script, from its first request on. What neither
	// logs nor throws nor fails is reported only while somebody tails: to
	// report it all costs a third of the requests that do nothing.
	TraceAlways
	// TraceNever watches none, which makes requests about twice as cheap.
	TraceNever
)

// Options are a runtime's settings. Dir and Engine are needed.
type Options struct {
	Dir     string // state folder; made if it is missing
	Engine  string // path of the engine's binary
	Version string // of paddock, for the lock file

	// KeyFile is the file with the key that secrets are encrypted with, outside
	// of Dir; it is made when the first secret is put. Without one there are no
	// secrets.
	KeyFile string

	// Throwaway gives up durability of the runtime's own state, for folders
	// that are removed at the end. Objects are written as always.
	Throwaway bool
	// Handlers lets [Runtime.Schedule] call handlers.
	Handlers bool
	Trace    TraceMode
	// DrainDeadline is how long a swap waits for requests in flight before it
	// cuts them: 5 s if it is 0.
	DrainDeadline time.Duration
	// DrainStall, if it is not 0, is how long a swap waits while none of these
	// requests ends. A session is not held up for long by one that hangs, and
	// cuts nothing on a machine that is busy.
	DrainStall time.Duration
	// StartDeadline is how long an engine may take to start: 10 s if it is 0.
	StartDeadline time.Duration
	// Watchdog is how long an engine may stand still before it is killed and
	// started again: DefaultWatchdog if it is 0, for ever if it is negative.
	Watchdog time.Duration
	// Debugged, if it is not nil, reports whether somebody debugs one of the
	// scripts. Their engine may then stand still for as long as it likes, as it
	// does at a breakpoint. It is asked often and must not block.
	Debugged func(scripts []string) bool
	// EngineMemory is how many bytes an engine may have resident before it is
	// replaced. 0 is no limit.
	EngineMemory uint64

	Log *slog.Logger // nil: nothing is logged

	// The following hear what happens. They are called from one goroutine for
	// each engine or request, and must not block for long.
	OnAccess func(gateway.Access)
	// Explain is that of [gateway.Options]. With it OnItem hears at once of the
	// exceptions of a request, and does not have to wait for its outcome.
	Explain  func(*http.Request) *gateway.Explanation
	OnItem   func(tail.Item) // what is reported, see TraceMode
	OnOutput func(Output)    // what scripts and engine print that no trace item will tell
	OnCrash  func(Crash)
}

// Output is a line that an engine printed.
type Output struct {
	Scripts []string // that share the engine
	Stderr  bool
	Text    string
}

// A Crash is the end of an engine that nobody asked for.
type Crash struct {
	Scripts []string
	Err     error         // why it ended, and that it is started again
	Output  string        // the engine's last lines
	Retry   time.Duration // until the next start
}

// Runtime is the object runtime on one state folder. Its methods may be
// called concurrently.
type Runtime struct {
	opts    Options
	log     *slog.Logger
	blobs   blobs
	gateway *gateway.Gateway
	hub     *hub
	maps    *sourceMaps
	keys    keyring

	lock  *stateLock
	token string
	store *store.Store

	// life ends when the runtime closes.
	life   context.Context
	cancel context.CancelCauseFunc
	// closing ends when Close is called: a candidate that loops for ever must
	// not hold the end up for its whole start deadline.
	closing context.Context
	hurry   context.CancelCauseFunc

	// calls are calls to collectors, and ends of candidates, that nobody waits
	// for but Close. None is added once closed is set.
	calls sync.WaitGroup

	// publishing serializes everything that changes what is served.
	publishing sync.Mutex
	// trashing serializes what moves objects into the trash and out of it.
	trashing sync.Mutex
	// groups are the running groups by key. It is changed under publishing
	// and mu, and read under either.
	mu     sync.Mutex
	groups map[string]*group
	splits map[string]*gateway.Split // of the requests, by script
	routes []Route
	info   Info
	// defaultScript answers hosts that no script answers, if it is not "".
	defaultScript string
	closed        bool

	kept    atomic.Pointer[keptWorld] // see world
	reached func(point string)        // see reach
}

// DefaultWatchdog is how long an engine may stand still.
const DefaultWatchdog = 30 * time.Second

// New returns a runtime that has not started anything yet.
func New(opts Options) *Runtime {
	if opts.DrainDeadline == 0 {
		opts.DrainDeadline = 5 * time.Second
	}
	opts.Watchdog = cmp.Or(opts.Watchdog, DefaultWatchdog)
	log := opts.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	r := &Runtime{opts: opts, log: log, groups: map[string]*group{}}
	r.gateway = gateway.New(gateway.Options{OnAccess: opts.OnAccess, CFHeader: engine.CFHeader, Explain: opts.Explain})
	r.hub = newHub(r.CloseTail)
	r.maps = newSourceMaps(r)
	r.keys = keyring{path: opts.KeyFile}
	return r
}

// ErrClosed is returned by operations on a runtime that was closed.
var ErrClosed = errors.New("the runtime is stopped")

// Claim takes the state folder. The error is a [*LockedError] if another
// runtime has it. What it returns is the runtime that had the folder before,
// if that was killed; everything of it is gone by then, but for its ports,
// which may take a moment longer.
func (r *Runtime) Claim(ctx context.Context) (killed Info, err error) {
	if err := r.makeFolders(); err != nil {
		return Info{}, fmt.Errorf("open runtime: %w", err)
	}
	r.info = Info{PID: os.Getpid(), Version: r.opts.Version}
	r.lock, killed, err = lockState(ctx, r.opts.Dir, r.info)
	return killed, err
}

// Open opens the store and starts the engines of everything that is
// published. It claims the state folder if that was not done before. A group
// whose engine does not start does not keep the runtime from opening; it is
// retried, and shown by [Runtime.Status].
func (r *Runtime) Open(ctx context.Context) (err error) {
	if r.lock == nil {
		if _, err := r.Claim(ctx); err != nil {
			return err
		}
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.unclaim())
		}
	}()
	if err := r.sweepRun(); err != nil {
		return fmt.Errorf("open runtime: %w", err)
	}
	if r.token, err = ensureToken(r.opts.Dir); err != nil {
		return fmt.Errorf("open runtime: %w", err)
	}
	r.store, err = store.Open(ctx, filepath.Join(r.opts.Dir, stateFile), store.Options{NoSync: r.opts.Throwaway})
	if err != nil {
		return err
	}
	r.life, r.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	r.closing, r.hurry = context.WithCancelCause(r.life)
	if err := r.converge(ctx); err != nil {
		if !errors.As(err, new(*startFailure)) {
			r.cancel(ErrClosed)
			r.closed = true
			return errors.Join(fmt.Errorf("open runtime: %w", err), r.store.Close())
		}
		r.log.Error("not everything could be started", "err", err)
	}
	r.calls.Go(r.keepTrash)
	return nil
}

// HasState reports whether a runtime has ever kept anything in the folder.
func HasState(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, stateFile))
	return !errors.Is(err, fs.ErrNotExist)
}

// stateFile is the store's file in the state folder.
const stateFile = "state.db"

func (r *Runtime) makeFolders() error {
	for _, dir := range []string{r.opts.Dir, r.objectsDir(), r.trashDir(), r.blobsDir(), r.assetsDir(), r.runDir()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	abs, err := filepath.Abs(r.opts.Dir)
	if err != nil {
		return err
	}
	r.opts.Dir = abs
	r.blobs = blobs{dir: r.blobsDir(), noSync: r.opts.Throwaway}
	return nil
}

func (r *Runtime) objectsDir() string { return filepath.Join(r.opts.Dir, "objects") }
func (r *Runtime) trashDir() string   { return filepath.Join(r.opts.Dir, "trash") }
func (r *Runtime) blobsDir() string   { return filepath.Join(r.opts.Dir, "blobs") }
func (r *Runtime) runDir() string     { return filepath.Join(r.opts.Dir, "run") }

// unclaim gives up the state folder.
func (r *Runtime) unclaim() error {
	if r.lock == nil {
		return nil
	}
	err := r.lock.release()
	r.lock = nil
	return err
}

// Close lets requests in flight finish, up to the drain deadline, stops the
// engines and gives up the state folder. It may be called more than once.
func (r *Runtime) Close(ctx context.Context) error {
	if r.life == nil {
		return r.unclaim()
	}
	r.hurry(ErrClosed)
	r.publishing.Lock()
	defer r.publishing.Unlock()
	if r.closed {
		return nil
	}
	groups := r.running()
	err := r.haltAll(ctx, groups)
	r.hub.close() // after the last items have arrived
	for _, g := range groups {
		// Nothing will open these gates again, so nobody shall wait there.
		g.gate.Fail(ErrClosed)
	}
	r.mu.Lock()
	r.closed = true
	r.groups = map[string]*group{}
	r.mu.Unlock()
	r.cancel(ErrClosed)
	r.calls.Wait()
	return errors.Join(err, r.store.Close(), r.unclaim())
}

// ServeHTTP answers a request to the public side: to the scripts.
func (r *Runtime) ServeHTTP(w http.ResponseWriter, req *http.Request) { r.gateway.ServeHTTP(w, req) }

// Token returns the bearer token of the control API.
func (r *Runtime) Token() string { return r.token }

// Announce writes into the state folder where the runtime can be reached, for
// clients that look for it. The URLs have no path.
func (r *Runtime) Announce(public, api string) (Info, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return Info{}, ErrClosed // the file may be another runtime's by now
	}
	r.info.Public, r.info.API = public, api
	err := r.writeInfo()
	return r.info, err
}

// writeInfo writes the lock file; r.mu is held.
func (r *Runtime) writeInfo() error {
	r.info.Engines = nil
	for _, g := range r.groups {
		if pid := g.pid(); pid != 0 {
			r.info.Engines = append(r.info.Engines, pid)
		}
	}
	return r.lock.write(r.info)
}
