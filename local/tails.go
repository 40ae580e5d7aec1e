package local

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"paddock/internal/cfapi"
	"paddock/tail"
)

// CreateTail prepares a tail of a script. It costs nothing until it is opened.
// holder is the id of the token that asked for it, with which it ends.
func (r *Runtime) CreateTail(ctx context.Context, script string, filters tail.Filters, holder string) (*Tail, error) {
	w, err := r.world(ctx)
	if err != nil {
		return nil, err
	}
	if _, ok := w.scripts[script]; !ok {
		return nil, refuse(cfapi.CodeScriptNotFound, "script_not_found")
	}
	t := newTail(script, filters)
	t.holder = holder
	t.NeedsUpdate = r.opts.Trace == TraceOnDemand && !r.collecting(script)
	return t, r.hub.add(t)
}

// OpenTail begins delivery to the tail with a secret token, and brings a
// collector to its script if it has none: that swaps the script's engine.
// Only after that does it return, so that whoever is told of the success
// misses nothing. peer is the client's address, which filters call "self".
func (r *Runtime) OpenTail(ctx context.Context, token string, peer netip.Addr) (*Tail, error) {
	t, err := r.hub.open(token, peer)
	if err != nil {
		return nil, err
	}
	if err := r.collect(ctx, t.Script); err != nil {
		r.CloseTail(t.ID)
		return nil, err
	}
	return t, nil
}

// CloseTail ends a tail; an id that is not known is none of its business. It
// returns at once, though a collector may not answer while a script loops.
func (r *Runtime) CloseTail(id string) {
	t := r.hub.remove(id)
	if t == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.calls.Go(func() { r.syncCollectors(t.Script) })
	}
}

// collect sees to it that a script has a collector and that it reports.
func (r *Runtime) collect(ctx context.Context, script string) error {
	r.publishing.Lock()
	defer r.publishing.Unlock()
	if r.closing.Err() != nil {
		return ErrClosed
	}
	if ctx.Err() != nil {
		return context.Cause(ctx) // the client left while we waited: nothing is swapped for nobody
	}
	if r.opts.Trace == TraceOnDemand && !r.collecting(script) {
		r.log.Info("a tail was opened: the script's engine is started anew with a collector", "script", script)
		if err := r.converge(context.WithoutCancel(ctx)); err != nil {
			return fmt.Errorf("attach the tail: %w", err)
		}
	}
	r.syncCollectors(script)
	return nil
}

// wantsCollector reports whether a script has to be watched.
func (r *Runtime) wantsCollector(w world, script string) bool {
	switch r.opts.Trace {
	case TraceAlways:
		return true
	case TraceNever:
		return false
	}
	return w.scripts[script].Script.Observability || len(r.hub.listeners(script)) > 0
}

// collecting reports whether the engine of a script has a collector for it.
func (r *Runtime) collecting(script string) bool {
	for _, g := range r.running() {
		if g.plan.collected[script] {
			return true
		}
	}
	return false
}

// collectorMode is what a collector reports, in its own words.
type collectorMode string

const (
	collectAll     collectorMode = "on"
	collectNothing collectorMode = "off"
	collectNotable collectorMode = "notable" // what logs, throws or fails
)

// collectorMode returns what the collector of a group has to report.
func (r *Runtime) collectorMode(scripts []string) collectorMode {
	for _, name := range scripts {
		if len(r.hub.listeners(name)) > 0 {
			return collectAll
		}
	}
	if r.opts.Trace == TraceAlways {
		return collectNotable
	}
	return collectNothing
}

// syncCollectors tells the collector of a script's group what to report.
func (r *Runtime) syncCollectors(script string) {
	for _, g := range r.running() {
		for _, name := range g.scripts {
			if name == script {
				g.syncCollector(r.life)
			}
		}
	}
}

// deliver hands a trace item to everybody who wants it.
func (r *Runtime) deliver(item tail.Item) {
	if f := r.opts.OnItem; f != nil {
		f(item)
	}
	listeners := r.hub.listeners(item.ScriptName)
	if len(listeners) == 0 {
		return
	}
	if item.ScriptVersion != nil {
		item.Exceptions = slices.Clone(item.Exceptions) // OnItem may have kept it
		for i, e := range item.Exceptions {
			item.Exceptions[i].Stack = r.maps.stack(item.ScriptVersion.ID, e.Stack)
		}
	}
	for _, t := range listeners {
		t.offer(item)
	}
}

// controlTimeout bounds a call to a collector, which answers at once unless a
// script has stopped the whole engine.
const controlTimeout = 2 * time.Second

// unixClient returns a client whose every request goes to a Unix socket.
func unixClient(socket string) *http.Client {
	return &http.Client{
		Timeout: controlTimeout,
		Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, "unix", socket)
			},
		},
	}
}

// syncCollector tells the group's collector what to report.
func (g *group) syncCollector(ctx context.Context) {
	// One at a time, or an older "off" could overtake a newer "on".
	g.syncing.Lock()
	defer g.syncing.Unlock()
	g.mu.Lock()
	control := g.control
	g.mu.Unlock()
	if control == nil {
		return
	}
	path := "/" + string(g.rt.collectorMode(g.scripts))
	if _, err := collectorCall(ctx, control, http.MethodPost, path); err != nil {
		g.rt.log.Warn("cannot switch the collector", "scripts", g.scripts, "err", err)
	}
}

// settle waits until no invocation that the collector watches is under way:
// the engine cuts work that was handed to waitUntil as soon as it is told to
// end. Without a collector nobody knows of such work.
func (g *group) settle(ctx context.Context) error {
	g.mu.Lock()
	control := g.control
	g.mu.Unlock()
	if control == nil {
		return nil
	}
	// A request that the collector holds open until the last invocation ends
	// would be ended as hung by the engine, so it is asked again and again.
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		open, err := collectorCall(ctx, control, http.MethodGet, "/open")
		if err != nil || open == "0" {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

func collectorCall(ctx context.Context, control *http.Client, method, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://collector"+path, nil)
	if err != nil {
		return "", err
	}
	resp, err := control.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("collector answered %s", resp.Status)
	}
	return string(body), err
}
