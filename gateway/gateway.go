// Package gateway is the public side of a runtime: it takes requests from the network, finds the script that answers
// their host, and passes each of them to that script's engine, once.
//
// Start with New and SetTable. A Table says which script answers which host, and behind which Gate its engine stands. A Gate
// is what makes a change of engines invisible: while it is closed requests wait at it, and when it opens they go to
// the new sockets. The order of a swap is Gate.Close, Gate.Drain, the change of engines, Gate.Open.
//
// The package knows no engine, only Unix sockets that speak HTTP/1.1. Listen and Serve are the listening side for callers
// that have no http.Server of their own.
package gateway

import (
	"context"
	"errors"
	"net/http"
	"net/http/httputil"
	"sync/atomic"
	"time"
)

// defaultMaxWait is how long a request waits at a closed gate unless Options say otherwise.
const defaultMaxWait = 30 * time.Second

// Options are the settings of a Gateway. Their zero value works.
type Options struct {
	// OnAccess is called once for every finished request, in the request's goroutine: it must not block.
	OnAccess func(Access)
	// MaxWait is how long a request waits at a closed gate before it is answered with 503; 0 means 30 seconds.
	MaxWait time.Duration
	// CFHeader names the request header that carries the JSON of request.cf to the engine; "" sends none.
	CFHeader string
	// Explain is asked when an engine has failed to answer a request, most likely because the script threw: it has said no
	// more than "Internal Server Error", or has ended the connection. The client gets what it returns, or, for nil, what it
	// would get without Explain. The answers that scripts give are not touched, whatever their status. Explain is called in
	// the request's goroutine, with the client's request as it was sent on, and may wait for as long as its context lasts.
	Explain func(*http.Request) *Explanation
}

// Gateway is an http.Handler that proxies requests to engines.
type Gateway struct {
	opts   Options
	routes atomic.Pointer[routes]
	proxy  httputil.ReverseProxy
}

// New returns a gateway with an empty table: it answers everything with 404 until SetTable.
func New(opts Options) *Gateway {
	if opts.MaxWait == 0 {
		opts.MaxWait = defaultMaxWait
	}
	opts.CFHeader = http.CanonicalHeaderKey(opts.CFHeader)
	g := &Gateway{opts: opts}
	g.routes.Store(newRoutes(Table{}))
	g.setUpProxy()
	return g
}

// ServeHTTP answers one request.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := newExchange(w, r)
	defer g.finish(x)
	if r.Method == http.MethodConnect {
		x.refuse(http.StatusMethodNotAllowed, "CONNECT is not supported.", errors.New("CONNECT refused"))
		return
	}
	defer x.visit.leave()
	if err := g.admit(x); err != nil {
		x.turnAway(err, g.opts.MaxWait)
		return
	}
	g.forward(x)
}

// admit brings x into the gate of the script that answers its host, and waits there as long as the gate is closed. It looks
// the table up again whenever the gate or the table has changed, because a script may have moved to another gate meanwhile.
func (g *Gateway) admit(x *exchange) error {
	host := normalHost(x.req.Host)
	var expired <-chan time.Time
	for {
		routes := g.routes.Load()
		target := routes.lookup(host, x.req.URL)
		if target == nil {
			x.script = ""
			return errUnknownHost
		}
		x.script, x.visit.script = target.Script, target.Script
		endpoint, changed, err := target.Gate.enter(target.endpointFor(x), &x.visit)
		if endpoint != nil || err != nil {
			x.endpoint = endpoint
			return err
		}
		if expired == nil {
			timer := time.NewTimer(g.opts.MaxWait - time.Since(x.started))
			defer timer.Stop()
			expired = timer.C
		}
		select {
		case <-changed:
		case <-routes.replaced:
		case <-expired:
			return errWaitedTooLong
		case <-x.ctx.Done():
			return errClientGone // or it was cut
		}
	}
}

// readmit is admit for a request that was not sent, because its engine has ended and its gate does not know yet. It
// waits for another engine.
func (g *Gateway) readmit(x *exchange) error {
	x.visit.leave()
	x.visit.gone = x.endpoint
	return g.admit(x)
}

// forward has the reverse proxy send x to its endpoint and copy the answer.
func (g *Gateway) forward(x *exchange) {
	x.explainer = g.opts.Explain
	if x.visit.uploads {
		// Without this, net/http would read the rest of the body before it lets the answer begin.
		_ = http.NewResponseController(x.rw).EnableFullDuplex()
	}
	ctx := context.WithValue(x.ctx, exchangeKey{}, x)
	g.proxy.ServeHTTP(x, x.req.WithContext(ctx))
	x.complete = true
	if x.visit.uploads {
		// What the engine did not read of the body is read here, with the answer on its way. net/http would do it after it
		// has begun to watch the connection for the next request, and panic over two readers.
		_ = http.NewResponseController(x.rw).Flush()
		_ = x.req.Body.Close()
	}
}

// finish writes the access log, whether the request was answered or its handler panics to abort the connection.
func (g *Gateway) finish(x *exchange) {
	x.cancel(nil)
	if g.opts.OnAccess != nil {
		g.opts.OnAccess(x.access())
	}
}
