package gateway

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// exchange is one request and its answer. It is the ResponseWriter that the reverse proxy writes to, and notes what the
// access log needs.
type exchange struct {
	rw       http.ResponseWriter
	req      *http.Request
	ctx      context.Context // the request's, which sever and dismissal cancel too
	cancel   context.CancelCauseFunc
	started  time.Time
	remote   string // the client's address without its port, "" if unknown
	script   string
	draw     float64 // decides which version answers, see Target.endpointFor; negative before it is needed
	visit    visit
	endpoint *endpoint
	// explainer is Options.Explain.
	explainer func(*http.Request) *Explanation

	badUpload atomic.Bool // the client's body could not be read
	status    int
	bytes     int64
	socket    *webSocket
	complete  bool  // the proxy returned normally
	err       error // what went wrong, for the access log
}

// exchangeKey is the key under which the context of a proxied request holds its exchange.
type exchangeKey struct{}

func newExchange(w http.ResponseWriter, r *http.Request) *exchange {
	ctx, cancel := context.WithCancelCause(r.Context())
	x := &exchange{rw: w, req: r, ctx: ctx, cancel: cancel, started: time.Now(), remote: clientAddress(r), draw: -1}
	x.visit = visit{rw: w, uploads: r.Body != nil && r.Body != http.NoBody, cancel: cancel}
	return x
}

// exchangeOf returns the exchange of a request that the proxy handles.
func exchangeOf(r *http.Request) *exchange {
	return r.Context().Value(exchangeKey{}).(*exchange)
}

// clientAddress returns the peer's IP address without port and zone.
func clientAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	host, _, _ = strings.Cut(host, "%")
	return host
}

// Header returns the headers of the answer.
func (x *exchange) Header() http.Header { return x.rw.Header() }

// WriteHeader sends the status. Interim answers (1xx) come from another goroutine and leave no trace here.
func (x *exchange) WriteHeader(status int) {
	if status >= http.StatusOK {
		x.status = status
	}
	x.rw.WriteHeader(status)
}

// Write sends a part of the body.
func (x *exchange) Write(p []byte) (int, error) {
	n, err := x.rw.Write(p)
	x.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController flush and set deadlines.
func (x *exchange) Unwrap() http.ResponseWriter { return x.rw }

// Hijack hands the proxy the client's connection, which becomes a WebSocket.
func (x *exchange) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffer, err := http.NewResponseController(x.rw).Hijack()
	if err != nil {
		return nil, nil, fmt.Errorf("take over the connection: %w", err)
	}
	x.status = http.StatusSwitchingProtocols
	x.socket = &webSocket{Conn: conn, buffered: buffer.Reader, stop: x.cancel}
	x.socket.started = func() { x.visit.endWith(x.socket.goAway) }
	x.visit.took(x.socket)
	return x.socket, buffer, nil
}

// clientGone reports whether the client has closed its connection or given the request up.
func (x *exchange) clientGone() bool { return x.req.Context().Err() != nil }
