package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Reasons for which a request does not get into a gate.
var (
	errUnknownHost   = errors.New("unknown host")
	errWaitedTooLong = errors.New("waited too long at a closed gate")
	errClientGone    = errors.New("client went away")
	errNoFetch       = errors.New("no fetch handler")
)

// downError is Gate.Fail's reason as enter reports it.
type downError struct{ cause error }

func (e *downError) Error() string { return "engine is down: " + e.cause.Error() }
func (e *downError) Unwrap() error { return e.cause }

// turnedAway says why a request that was not sent is not let in a second time.
type turnedAway struct{ error }

func (e *turnedAway) Unwrap() error { return e.error }

// How many seconds clients are asked to wait: for an engine that is being replaced, and for one that does not start.
const (
	retrySoon  = 1
	retryLater = 10
)

// turnAway answers a request that was not let in. It was not sent to any engine.
func (x *exchange) turnAway(err error, maxWait time.Duration) {
	var down *downError
	switch {
	case errors.Is(err, errUnknownHost):
		x.refuse(http.StatusNotFound, fmt.Sprintf(
			"No script answers the host %q.\n\nTo see the scripts and their addresses: paddock runtime status", x.req.Host), err)
	case errors.Is(err, errClientGone):
		x.err = err
		panic(http.ErrAbortHandler) // as in fail
	case errors.Is(err, errNoFetch):
		// The engine would pass such a request on to whatever host its Host header names.
		x.refuse(http.StatusInternalServerError, fmt.Sprintf(
			"Script %q does not export a fetch() function, so it cannot answer requests.", x.script), err)
	case errors.As(err, &down):
		x.retryAfter(retryLater)
		x.refuse(http.StatusServiceUnavailable, fmt.Sprintf(
			"The engine of script %q is down. Its log says why; it is started again as soon as possible.", x.script), err)
	default:
		x.retryAfter(retrySoon)
		x.refuse(http.StatusServiceUnavailable, fmt.Sprintf(
			"Script %q is being updated or started again and was not ready within %s. This request was not sent to it; please try again.",
			x.script, maxWait), err)
	}
}

// fail answers a request to which the engine has not answered. It is the reverse proxy's error handler.
func (g *Gateway) fail(_ http.ResponseWriter, out *http.Request, err error) {
	x := exchangeOf(out)
	x.err = err
	var dial *net.OpError
	switch {
	case x.socket != nil: // the connection is not net/http's any more: there is no way to answer
	case errors.Is(context.Cause(x.ctx), errCut):
		x.err = errCut
		x.retryAfter(retrySoon)
		// sever may have left a deadline in the past on the connection.
		x.Header().Set("Connection", "close")
		x.refuse(http.StatusServiceUnavailable, "Durable Object reset because its code was updated.", errCut)
	case x.clientGone():
		x.err = errClientGone
		panic(http.ErrAbortHandler) // returning would say 200 to a client that only seems to be gone
	case x.badUpload.Load():
		x.refuse(http.StatusBadRequest, "The body of the request could not be read.", err)
	case errors.As(err, new(*turnedAway)):
		x.turnAway(err, g.opts.MaxWait)
	case errors.As(err, &dial) && dial.Op == "dial":
		x.retryAfter(retrySoon)
		x.refuse(http.StatusServiceUnavailable, fmt.Sprintf(
			"The engine of script %q does not accept requests. This request was not sent to it.", x.script), err)
	case x.explainLoss():
	default:
		x.retryAfter(retrySoon)
		x.refuse(http.StatusBadGateway, fmt.Sprintf(
			"The engine of script %q gave no valid answer before its connection ended. This request was sent to it once and may have run.",
			x.script), err)
	}
}

// refuse answers with a text of our own.
func (x *exchange) refuse(status int, text string, reason error) {
	x.err = reason
	header := x.Header()
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Length", strconv.Itoa(len(text)+1))
	if x.visit.uploads {
		header.Set("Connection", "close") // the rest of the upload is nobody's business any more
	}
	x.WriteHeader(status)
	_, _ = io.WriteString(x, text+"\n") // a client that is gone needs no answer
	if x.visit.uploads {
		_ = http.NewResponseController(x).Flush() // the handler may have to wait for a client that stalls in its upload
	}
}

func (x *exchange) retryAfter(seconds int) {
	x.Header().Set("Retry-After", strconv.Itoa(seconds))
}
