package gateway

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// statusClientGone is logged when the client went away before it was answered. It never reaches a client.
const statusClientGone = 499

// Access describes a finished request.
type Access struct {
	Time      time.Time // when the request arrived
	Script    string    // "" if no script answers its host
	Method    string
	Host      string
	Path      string // with the query, as the client sent it
	Proto     string
	Remote    string        // the client's IP address
	Status    int           // 101 for a WebSocket, 499 if the client went away before it was answered
	Bytes     int64         // of the body that was sent; for a WebSocket, everything sent after the handshake
	Duration  time.Duration // until the last byte was handed to the client's connection, for a WebSocket until its end
	Err       string        // why the request failed or was ended early; "" otherwise
	WebSocket bool
}

// access returns the log record of a finished exchange.
func (x *exchange) access() Access {
	a := Access{
		Time: x.started, Script: x.script,
		Method: x.req.Method, Host: x.req.Host, Path: x.req.RequestURI, Proto: x.req.Proto, Remote: x.remote,
		Status: x.status, Bytes: x.bytes, Duration: time.Since(x.started),
	}
	err := x.outcome()
	if x.socket != nil {
		var dismissed bool
		a.WebSocket = true
		a.Bytes, dismissed = x.socket.summary()
		if dismissed && err == nil {
			err = errDismissed
		}
	}
	if a.Status == 0 {
		a.Status = statusClientGone
	}
	if err != nil {
		a.Err = err.Error()
	}
	return a
}

// outcome says what went wrong with an exchange, if anything.
func (x *exchange) outcome() error {
	cause := context.Cause(x.ctx)
	switch {
	case x.err != nil:
		return x.err
	case errors.Is(cause, errCut), errors.Is(cause, errDismissed):
		return cause
	case x.complete:
		return nil
	case x.clientGone():
		return errClientGone
	case x.status >= http.StatusOK:
		return errors.New("the answer broke off")
	}
	return nil
}
