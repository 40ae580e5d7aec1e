package gateway

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// cutWait bounds how long Drain waits for the handlers of the requests it has cut.
const cutWait = time.Second

// Gate stands before one engine process. Open, Close and Fail may be called in any state and any number of times.
//
// The hot path takes mu three times per request, for a map operation each. That is some hundred nanoseconds of the
// fifty or more microseconds that a proxied request costs, so there is nothing cleverer here.
type Gate struct {
	name string

	mu        sync.Mutex
	open      bool
	failure   error                // why requests are turned away instead of waiting
	changed   chan struct{}        // closed and replaced whenever what enter says may have changed
	endpoints map[string]*endpoint // by script, while open
	visits    map[*visit]struct{}  // requests in flight
	entered   uint64               // how many have ever been
	emptied   chan struct{}        // closed when the last visit ends; nil unless somebody waits for that
}

// NewGate returns a closed gate. The name is for error messages.
func NewGate(name string) *Gate {
	return &Gate{name: name, changed: make(chan struct{}), visits: map[*visit]struct{}{}}
}

// Open lets requests pass to the given endpoints, by script, or by whatever a Split calls them. A request for a script that
// is not among them keeps waiting, as its script is about to come here or to move to another gate.
func (g *Gate) Open(endpoints map[string]Endpoint) {
	made := make(map[string]*endpoint, len(endpoints))
	for script, e := range endpoints {
		made[script] = newEndpoint(e)
	}
	g.change(true, made, nil)
}

// Close makes new requests wait from now on. It returns at once; of the requests in flight it ends those that have no end
// of their own: WebSockets are closed with code 1012 (service restart), event streams end as if they were complete.
func (g *Gate) Close() {
	g.change(false, nil, nil)
}

// Fail says that the engine is down and will not be back soon: requests, those that wait included, are answered with 503
// until Open or Close. The reason reaches the access log, not the client.
func (g *Gate) Fail(reason error) {
	g.change(false, nil, reason)
}

// change is the one transition between states.
func (g *Gate) change(open bool, endpoints map[string]*endpoint, failure error) {
	g.mu.Lock()
	old := g.endpoints
	g.open, g.endpoints, g.failure = open, endpoints, failure
	close(g.changed)
	g.changed = make(chan struct{})
	var goodbyes []func()
	if !open {
		goodbyes = g.dismiss()
	}
	g.mu.Unlock()

	for _, e := range old {
		e.transport.pool.close()
	}
	for _, goodbye := range goodbyes {
		goodbye()
	}
}

// dismiss tells every visit that the gate has closed and returns what is to be called for that. The caller holds mu.
func (g *Gate) dismiss() []func() {
	var goodbyes []func()
	for v := range g.visits {
		v.dismissed = true
		if v.goodbye != nil {
			goodbyes = append(goodbyes, v.goodbye)
			v.goodbye = nil
		}
	}
	return goodbyes
}

// enter admits v and returns the endpoint of that name. If there is none for now, it returns a channel that is closed when
// it is worth trying again, and after Fail, or if the script takes no requests, an error.
func (g *Gate) enter(name string, v *visit) (*endpoint, <-chan struct{}, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.failure != nil {
		return nil, nil, &downError{cause: g.failure}
	}
	e := g.endpoints[name]
	if !g.open || e == nil || e == v.gone {
		return nil, g.changed, nil
	}
	if !e.fetch {
		return nil, nil, errNoFetch
	}
	g.entered++
	v.gate, v.number, v.dismissed = g, g.entered, false
	g.visits[v] = struct{}{}
	return e, nil, nil
}

// Unanswered returns the scripts that owe an answer to requests in flight, the one that has owed it for longest first. When
// an engine stands still, they are the suspects.
func (g *Gate) Unanswered() []string {
	oldest := map[string]uint64{}
	g.mu.Lock()
	for v := range g.visits {
		if first, ok := oldest[v.script]; !v.begun && (!ok || v.number < first) {
			oldest[v.script] = v.number
		}
	}
	g.mu.Unlock()
	return slices.SortedFunc(maps.Keys(oldest), func(a, b string) int { return cmp.Compare(oldest[a], oldest[b]) })
}

// InFlight returns how many requests have passed the gate and have not ended.
func (g *Gate) InFlight() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.visits)
}

// Drain waits until no request is in flight. When ctx ends first, the rest is cut: what has no answer yet is answered
// with 503, what has begun is aborted, so that its client notices; the error then says how many there were. Call it on a
// closed gate, also after an engine has died: the request of a client that stalls in the middle of its upload stays until then.
func (g *Gate) Drain(ctx context.Context) error {
	if g.waitEmpty(ctx) {
		return nil
	}
	cut := g.cut()
	if cut == 0 {
		return nil
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), cutWait)
	defer cancel()
	g.waitEmpty(bounded)
	return fmt.Errorf("drain gate %s: cut %d requests: %w", g.name, cut, context.Cause(ctx))
}

// waitEmpty reports whether the last visit ended before ctx did.
func (g *Gate) waitEmpty(ctx context.Context) bool {
	g.mu.Lock()
	if len(g.visits) == 0 {
		g.mu.Unlock()
		return true
	}
	if g.emptied == nil {
		g.emptied = make(chan struct{})
	}
	emptied := g.emptied
	g.mu.Unlock()

	select {
	case <-emptied:
		return true
	case <-ctx.Done():
		return false
	}
}

// cut severs every visit and returns their number.
func (g *Gate) cut() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	for v := range g.visits {
		v.sever()
	}
	return len(g.visits)
}
