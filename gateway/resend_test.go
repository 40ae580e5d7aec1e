package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// killed is an engine that ended a moment ago: nobody listens at its socket. The channel gets the error of every attempt
// to connect to it; before is called first.
func killed(t testing.TB, f *front, before func()) <-chan error {
	t.Helper()
	l, err := net.Listen("unix", socketPath(t))
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = l.Close()
	f.open(Endpoint{Socket: l.Addr().String(), Fetch: true})
	dials := make(chan error, 100)
	pool := f.gate.endpoints["app"].transport.pool
	connect := pool.connect
	pool.connect = func(ctx context.Context) (net.Conn, error) {
		before()
		conn, err := connect(ctx)
		dials <- err
		return conn, err
	}
	return dials
}

// Between the end of an engine and the gate's closing, requests were answered with 503.
func TestRequestThatFindsNoEngineWaitsForTheNext(t *testing.T) {
	for _, c := range []struct{ method, body string }{
		{"GET", ""}, {"DELETE", ""}, {"POST", ""}, {"POST", strings.Repeat("body", 10_000)},
	} {
		t.Run(fmt.Sprint(c.method, len(c.body)), func(t *testing.T) {
			f := newFront(t, Options{})
			dials := killed(t, f, func() {})
			answers := make(chan answer, 1)
			go func() { answers <- do(t, request(t, c.method, f.url, "", strings.NewReader(c.body))) }()
			if err := receiveFrom(t, dials); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Fatalf("connect: %v", err)
			}
			f.gate.Close()
			if err := f.gate.Drain(t.Context()); err != nil {
				t.Errorf("the request was not sent, but counts as in flight: %v", err)
			}
			f.open(backend(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				_, _ = w.Write(body)
			}))
			a := receiveFrom(t, answers)
			a.want(t, 200, "")
			if a.body != c.body {
				t.Errorf("the new engine got a body of %d bytes, want %d", len(a.body), len(c.body))
			}
			if len(dials) != 0 {
				t.Errorf("the engine that is gone was tried %d times more", len(dials))
			}
		})
	}
}

// What is said to the visitors of a gate that closes is not meant for those that had to come back.
func TestRequestThatWaitedIsNoMoreDismissed(t *testing.T) {
	f := newFront(t, Options{})
	dials := killed(t, f, f.gate.Close)
	answers := goGet(t, f.url, "")
	receiveFrom(t, dials)
	f.open(backend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: 1\n\n")
	}))
	receiveFrom(t, answers).want(t, 200, "data: 1")
}

// What has become of the script meanwhile decides over the request.
func TestRequestThatFindsNoEngineIsTurnedAway(t *testing.T) {
	for _, c := range []struct {
		name   string
		then   func(f *front)
		status int
		text   string
	}{
		{"engine is down", func(f *front) { f.gate.Fail(errors.New("why")) }, 503, "is down"},
		{"script is gone", func(f *front) { f.SetTable(Table{}) }, 404, "No script"},
		{"no handler", func(f *front) { f.open(Endpoint{}) }, 500, "does not export a fetch() function"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFront(t, Options{})
			dials := killed(t, f, func() {})
			answers := goGet(t, f.url, "")
			receiveFrom(t, dials)
			c.then(f)
			receiveFrom(t, answers).want(t, c.status, c.text)
		})
	}
}

// An engine that is stopped while the gate is open and never replaced makes nobody wait for ever, and leaves a client that
// gives up alone.
func TestWaitingForTheNextEngineEnds(t *testing.T) {
	t.Run("after MaxWait", func(t *testing.T) {
		f := newFront(t, Options{MaxWait: 20 * time.Millisecond})
		dials := killed(t, f, func() {})
		get(t, f.url, "").want(t, http.StatusServiceUnavailable, "was not sent")
		if len(dials) != 1 {
			t.Errorf("the engine that is gone was tried %d times", len(dials))
		}
	})
	t.Run("with the client", func(t *testing.T) {
		f := newFront(t, Options{MaxWait: time.Hour})
		dials := killed(t, f, func() {})
		conn := dial(t, f.addr)
		send(t, conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		receiveFrom(t, dials)
		_ = conn.Close()
		if log := f.access(t); log.Status != statusClientGone || log.Err != errClientGone.Error() {
			t.Errorf("access log: %+v", log)
		}
	})
}
