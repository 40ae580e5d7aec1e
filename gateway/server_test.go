package gateway

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestListenTellsThatAnAddressIsTaken(t *testing.T) {
	l, err := Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = Listen(t.Context(), l.Addr().String())
	if !errors.Is(err, ErrAddrInUse) || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("got %v", err)
	}
	if _, err := Listen(t.Context(), "256.0.0.1:0"); err == nil || errors.Is(err, ErrAddrInUse) {
		t.Errorf("a wrong address gives %v", err)
	}
}

// serveTest serves a handler on a free port.
func serveTest(t *testing.T, handler http.HandlerFunc) (*Server, string) {
	t.Helper()
	l, err := Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := Serve(l, handler, nil)
	t.Cleanup(func() { _ = s.http.Close() })
	return s, l.Addr().String()
}

func TestServerCloseWaitsForRequests(t *testing.T) {
	arrived, finish := make(chan struct{}), make(chan struct{})
	s, addr := serveTest(t, func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-finish
		says("whole")(w, r)
	})
	a := goGet(t, "http://"+addr, "")
	receiveFrom(t, arrived)
	closed := make(chan error, 1)
	go func() { closed <- s.Close(t.Context()) }()
	receiveFrom(t, s.Done())
	close(finish)
	receiveFrom(t, a).want(t, 200, "whole")
	if err := receiveFrom(t, closed); err != nil {
		t.Error(err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Errorf("closing again: %v", err)
	}
}

func TestServerCloseCutsAtTheDeadline(t *testing.T) {
	arrived := make(chan struct{})
	s, addr := serveTest(t, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	})
	a := goGet(t, "http://"+addr, "")
	receiveFrom(t, arrived)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := s.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if got := receiveFrom(t, a); got.err == nil {
		t.Errorf("the client got %+v", got)
	}
}

// Browsers open connections in advance. net/http waits five seconds for their first request.
func TestServerCloseDoesNotWaitForSilentConnections(t *testing.T) {
	s, addr := serveTest(t, says(""))
	dial(t, addr)
	waitFor(t, "the connection is accepted", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.silent) == 1
	})
	start := time.Now()
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("Close took %v", took)
	}
}
