package local

import (
	"context"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"paddock/local/store"
)

// Deployed is a script with the version that is in force.
type Deployed = store.Deployed

// ErrNotFound is wrapped where a script is asked for that is not there.
var ErrNotFound = store.ErrNotFound

// ErrFull is wrapped by changes for which there is no space left on the disk.
// Nothing has changed.
var ErrFull = store.ErrFull

// Status is what a runtime is doing.
type Status struct {
	Info
	Dir     string
	Groups  []GroupStatus // by their first script
	Scripts []ScriptStatus
}

// GroupStatus is one engine, or the lack of it.
type GroupStatus struct {
	Scripts  []string
	PID      int // 0 without an engine
	Since    time.Time
	Restarts Restarts
	Traced   bool   // it has a collector
	Error    string // why there is no engine
}

// Restarts are the ends of a group's engines that nobody has asked for, since
// the group is there.
type Restarts struct {
	Count  int
	Last   time.Time // the end; the zero time if there was none
	Reason string    // of the last one
}

func (r *Restarts) add(reason error) {
	*r = Restarts{Count: r.Count + 1, Last: time.Now(), Reason: reason.Error()}
}

// ScriptStatus is one published script.
type ScriptStatus struct {
	Deployed
	Classes []store.Namespace // that the script owns
}

// Status returns what the runtime is doing.
func (r *Runtime) Status(ctx context.Context) (Status, error) {
	w, err := r.world(ctx)
	if err != nil {
		return Status{}, err
	}
	s := Status{Dir: r.opts.Dir}
	for name, d := range w.scripts {
		s.Scripts = append(s.Scripts, ScriptStatus{Deployed: d, Classes: w.owned(name)})
	}
	slices.SortFunc(s.Scripts, func(a, b ScriptStatus) int { return strings.Compare(a.Script.Name, b.Script.Name) })
	r.mu.Lock()
	s.Info = r.info
	r.mu.Unlock()
	for _, g := range r.running() {
		s.Groups = append(s.Groups, g.status())
	}
	slices.SortFunc(s.Groups, func(a, b GroupStatus) int { return slices.Compare(a.Scripts, b.Scripts) })
	return s, nil
}

func (g *group) status() GroupStatus {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := GroupStatus{Scripts: g.scripts, Restarts: g.restarts, Traced: g.control != nil}
	if g.proc != nil {
		s.PID, s.Since = g.proc.PID(), g.since
	}
	if g.err != nil {
		s.Error = g.err.Error()
	}
	return s
}

// Public returns the URL of the public side, "" before [Runtime.Announce].
func (r *Runtime) Public() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.info.Public
}

// Script returns a script with its version in force. The error wraps
// [ErrNotFound] if there is none.
func (r *Runtime) Script(ctx context.Context, name string) (Deployed, error) {
	d, err := r.store.DeployedScript(ctx, name)
	return d, r.readError(err)
}

// Deployments returns the deployments of a script, the newest first.
func (r *Runtime) Deployments(ctx context.Context, script string) ([]store.Deployment, error) {
	list, err := r.store.Deployments(ctx, script)
	return list, r.readError(err)
}

// ScriptURL returns where a script answers, given the URL of the public side.
func ScriptURL(public, script string) string {
	u, err := url.Parse(public)
	if err != nil {
		return public
	}
	u.Host = net.JoinHostPort(script+".localhost", u.Port())
	return u.String() + "/"
}
