package cfapi

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

const (
	maxAttempts   = 4
	firstPause    = time.Second      // doubles from attempt to attempt
	maxRetryAfter = 60 * time.Second // whoever asks for more is not waited for, as in Wrangler
)

// Retry has a [Client] repeat calls that failed for a reason that may pass: 429,
// 5xx, a connection that could not be made or was lost. A call is tried four
// times, with pauses of one, two and four seconds and a little more, or as long
// as the server asks for in Retry-After if that is no more than a minute.
type Retry struct {
	// OnRetry is told before each pause. It may be nil.
	OnRetry func(err error, pause time.Duration)

	wait func(ctx context.Context, pause time.Duration) error // nil means real time
}

// A ConnectionError is a call without an answer.
type ConnectionError struct {
	Sent bool // the request may have arrived
	err  error
}

func (e *ConnectionError) Error() string { return e.err.Error() }
func (e *ConnectionError) Unwrap() error { return e.err }

// fate is what an error tells of a call.
type fate int

const (
	final     fate = iota // it was done, or was refused for good
	unapplied             // it was not done, and may be another time
	unknown               // it may have been done
)

func fateOf(err error) fate {
	var lost *ConnectionError
	var api *APIError
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return final
	case errors.As(err, &lost):
		if lost.Sent {
			return unknown
		}
		if _, untrusted := errors.AsType[*tls.CertificateVerificationError](err); untrusted {
			return final
		}
		return unapplied
	case !errors.As(err, &api):
		return final
	case api.Status == http.StatusTooManyRequests:
		return unapplied
	case api.Status >= http.StatusInternalServerError,
		api.Status < http.StatusMultipleChoices && len(api.Errors) == 0: // the answer was cut, or is somebody else's
		return unknown
	}
	return final
}

// pauseAfter waits before the next attempt and reports whether there shall be
// one. Without a Retry there is none.
func (r *Retry) pauseAfter(ctx context.Context, attempt int, err error) bool {
	if r == nil || attempt >= maxAttempts || ctx.Err() != nil {
		return false
	}
	pause := firstPause << (attempt - 1)
	if api, ok := errors.AsType[*APIError](err); ok && api.RetryAfter > 0 {
		if api.RetryAfter > maxRetryAfter {
			return false
		}
		pause = api.RetryAfter
	}
	if r.OnRetry != nil {
		r.OnRetry(err, pause)
	}
	pause += rand.N(pause/4 + 1) // so that many clients do not come back at once
	if r.wait != nil {
		return r.wait(ctx, pause) == nil
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// retryAfter reads the header of the name: seconds, or a date.
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds > 0 {
		return time.Duration(min(seconds, 1e6) * float64(time.Second))
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, time.Until(date))
	}
	return 0
}

// An UnsettledError is a change of which is not known whether it was made.
type UnsettledError struct {
	Cause error // of the change's call
	Look  error // why it could not be found out
}

func (e *UnsettledError) Error() string {
	return fmt.Sprintf("%v\nIt may have been done all the same, which could not be found out: %v", e.Cause, e.Look)
}

func (e *UnsettledError) Unwrap() error { return e.Cause }

// settle makes a change that shall not be made twice. After a failure that does
// not tell whether it was made, find looks for it: it returns its result, or
// nil if it was not made. Without a Retry the change is only sent.
func settle[T any](ctx context.Context, c *Client, send, find func() (*T, error)) (*T, error) {
	doubt := false
	for attempt := 1; ; attempt++ {
		result, err := send()
		if err == nil || c.Retry == nil || ctx.Err() != nil {
			return result, err
		}
		again := false
		if fateOf(err) == unknown {
			doubt = true
			again = c.Retry.pauseAfter(ctx, attempt, err) // it may be under way
		}
		if !doubt {
			return nil, err
		}
		// Also a refusal may be for a change that was made before.
		found, lookErr := find()
		switch {
		case lookErr != nil:
			return nil, &UnsettledError{Cause: err, Look: lookErr}
		case found != nil:
			return found, nil
		case !again:
			return nil, err
		}
	}
}
