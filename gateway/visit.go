package gateway

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// Reasons for which the gateway itself ends a request; they are the cause of its context.
var (
	errCut       = errors.New("cut at the drain deadline")
	errDismissed = errors.New("ended because the engine is being replaced")
)

// longAgo is a deadline that wakes whoever reads or writes now.
var longAgo = time.Unix(1, 0)

// visit is one request inside a gate.
type visit struct {
	rw      http.ResponseWriter
	uploads bool // the request has a body
	cancel  context.CancelCauseFunc
	gone    *endpoint // where the request could not be sent, as nobody was there

	script string

	// The gate and a number that grows from visit to visit are set by Gate.enter. The gate's mu guards what follows.
	gate   *Gate
	number uint64

	dismissed bool     // the gate has closed since
	begun     bool     // an answer is on its way to the client
	severed   bool     // Drain has cut the request
	goodbye   func()   // ends an answer that has no end of its own; must not block
	conn      net.Conn // the client's connection, once it is a WebSocket
}

// begin says that the engine's answer is about to be sent. It returns false if the request was cut before.
func (v *visit) begin() bool {
	v.gate.mu.Lock()
	defer v.gate.mu.Unlock()
	v.begun = !v.severed // a cut request gets an answer of ours, which must arrive
	return v.begun
}

// endWith has goodbye called when the gate closes; if it has closed already, at once.
func (v *visit) endWith(goodbye func()) {
	v.gate.mu.Lock()
	dismissed := v.dismissed
	if !dismissed {
		v.goodbye = goodbye
	}
	v.gate.mu.Unlock()
	if dismissed {
		goodbye()
	}
}

// took says that the request has taken over its connection.
func (v *visit) took(conn net.Conn) {
	v.gate.mu.Lock()
	defer v.gate.mu.Unlock()
	v.conn = conn
	if v.severed {
		_ = conn.SetDeadline(longAgo)
	}
}

// sever cuts the visit. The caller holds the gate's mu: as leave needs it too, the deadlines below cannot hit a
// later request of the same connection.
func (v *visit) sever() {
	v.severed = true
	v.cancel(errCut)
	if v.conn != nil {
		_ = v.conn.SetDeadline(longAgo)
		return
	}
	client := http.NewResponseController(v.rw)
	if v.uploads {
		// The transport gives up only when its read of the client's body returns.
		_ = client.SetReadDeadline(longAgo)
	}
	if v.begun {
		_ = client.SetWriteDeadline(longAgo)
	}
}

// leave ends the visit, if it has begun and has not ended. An answer that was cut just as it was complete has left its
// connection with a deadline in the past, so the handler is aborted: net/http then closes the connection instead of reusing it.
func (v *visit) leave() {
	g := v.gate
	if g == nil {
		return // it was never let in
	}
	g.mu.Lock()
	delete(g.visits, v)
	if len(g.visits) == 0 && g.emptied != nil {
		close(g.emptied)
		g.emptied = nil
	}
	abort := v.severed && v.begun && v.conn == nil
	g.mu.Unlock()
	if abort {
		panic(http.ErrAbortHandler)
	}
}
