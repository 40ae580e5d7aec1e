package soak

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// follow holds a WebSocket open, and connects again whenever it is closed. The
// worker's first word is its version, which must be a newer one after a close
// with code 1012.
func (l *Load) follow(ctx context.Context, n int) {
	path := "/socket" // every other one is held by the script itself
	if n%2 == 0 {
		path = "/socket/" + l.counter(n%counters)
	}
	told, last := false, -1
	for ctx.Err() == nil {
		version, end := l.hold(ctx, path, func(version int) {
			if told && version <= last && !l.opts.Lossy {
				l.tally.update(func(r *Report) {
					r.fail("WebSocket", fmt.Errorf("closed because of new code, but connected to version %d after %d", version, last))
				})
			}
			if told {
				l.tally.update(func(r *Report) { r.Reconnects++ })
			}
		})
		last = max(last, version)
		if ctx.Err() != nil {
			return
		}
		told = websocket.IsCloseError(end, websocket.CloseServiceRestart)
		switch {
		case told:
		case l.opts.Lossy:
			if version >= 0 {
				l.tally.update(func(r *Report) { r.Broken++ })
			}
			select { // nobody is there: a moment later there may be
			case <-ctx.Done():
			case <-time.After(10 * time.Millisecond):
			}
		default:
			l.tally.update(func(r *Report) { r.fail("WebSocket", end) })
			return
		}
	}
}

// hold connects a WebSocket and reads it to its end, which it returns.
// connected gets the version that the worker says it is.
func (l *Load) hold(ctx context.Context, path string, connected func(version int)) (version int, end error) {
	header := http.Header{}
	if l.opts.Host != "" {
		header.Set("Host", l.opts.Host) // gorilla makes it the request's host
	}
	dialer := websocket.Dialer{HandshakeTimeout: patience}
	conn, res, err := dialer.DialContext(ctx, strings.Replace(l.url(path), "http", "ws", 1), header)
	if err != nil {
		if res != nil {
			err = fmt.Errorf("%w: %s", err, res.Status)
		}
		return -1, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	for version = -1; ; {
		_, word, err := conn.ReadMessage()
		if err != nil {
			return version, err
		}
		if version >= 0 {
			return version, fmt.Errorf("the worker says %q, which it never does", word)
		}
		if version, err = strconv.Atoi(string(word)); err != nil {
			return -1, errors.New("the worker's first word is no version")
		}
		connected(version)
	}
}
