package gateway

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// stuck is a backend whose requests wait until the test ends, after having begun their answer if begin is set.
func stuck(t testing.TB, begin func(w http.ResponseWriter)) Endpoint {
	end := make(chan struct{})
	e := backend(t, func(w http.ResponseWriter, r *http.Request) {
		if begin != nil {
			begin(w)
			_ = http.NewResponseController(w).Flush()
		}
		select {
		case <-end:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(end) })
	return e
}

// drainNow drains a gate whose deadline has come, and checks that this cuts n requests.
func drainNow(t *testing.T, g *Gate, n int) {
	t.Helper()
	now, cancel := context.WithCancel(t.Context())
	cancel()
	err := g.Drain(now)
	if (err != nil) != (n > 0) {
		t.Errorf("Drain: %v, want %d requests cut", err, n)
	}
	if left := g.InFlight(); left != 0 {
		t.Errorf("%d requests are left after Drain", left)
	}
}

func TestDrainWaitsForRequestsInFlight(t *testing.T) {
	arrived, finish := make(chan struct{}), make(chan struct{})
	f := newFront(t, Options{}, backend(t, func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-finish
		_, _ = io.WriteString(w, "whole")
	}))
	a := goGet(t, f.url, "")
	receiveFrom(t, arrived)
	f.gate.Close()
	drained := make(chan error, 1)
	go func() { drained <- f.gate.Drain(t.Context()) }()
	waitFor(t, "Drain waits", func() bool {
		f.gate.mu.Lock()
		defer f.gate.mu.Unlock()
		return f.gate.emptied != nil
	})
	close(finish)
	receiveFrom(t, a).want(t, 200, "whole")
	if err := receiveFrom(t, drained); err != nil {
		t.Error(err)
	}
}

func TestDeadlineCutsRequestsWithoutAnswer(t *testing.T) {
	f := newFront(t, Options{}, stuck(t, nil))
	a := goGet(t, f.url, "")
	waitFor(t, "the request is in flight", func() bool { return f.gate.InFlight() == 1 })
	f.gate.Close()
	drainNow(t, f.gate, 1)
	receiveFrom(t, a).want(t, http.StatusServiceUnavailable, "Durable Object reset because its code was updated.")
	if log := f.access(t); log.Status != 503 || log.Err != errCut.Error() {
		t.Errorf("access log: %+v", log)
	}
}

func TestDeadlineAbortsBegunAnswers(t *testing.T) {
	f := newFront(t, Options{}, stuck(t, func(w http.ResponseWriter) { _, _ = io.WriteString(w, "half") }))
	conn := dial(t, f.addr)
	send(t, conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	r := bufio.NewReader(conn)
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	f.gate.Close()
	drainNow(t, f.gate, 1)
	if body, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("the client takes %q for the whole answer", body)
	}
	if log := f.access(t); log.Status != 200 || log.Err != errCut.Error() {
		t.Errorf("access log: %+v", log)
	}
}

// A client that stops in the middle of its upload blocks the read of its body.
func TestDeadlineCutsStalledUpload(t *testing.T) {
	got := make(chan struct{})
	f := newFront(t, Options{}, rawBackend(t, func(conn net.Conn) {
		r := bufio.NewReader(conn)
		_, _ = http.ReadRequest(r)
		close(got)
		_, _ = io.Copy(io.Discard, r)
	}))
	conn := dial(t, f.addr)
	send(t, conn, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nonly this")
	receiveFrom(t, got)
	f.gate.Close()
	drainNow(t, f.gate, 1)
	readAnswer(t, conn).want(t, http.StatusServiceUnavailable, "reset because its code")
}

// The read of the body survives the end of the engine; the client is told of that end all the same. Until the deadline it
// may go on with its upload.
func TestEngineDiesDuringStalledUpload(t *testing.T) {
	f := newFront(t, Options{}, rawBackend(t, func(conn net.Conn) {
		_, _ = http.ReadRequest(bufio.NewReader(conn))
	}))
	conn := dial(t, f.addr)
	send(t, conn, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nonly this")
	readAnswer(t, conn).want(t, http.StatusBadGateway, "may have run")
	f.gate.Close()
	drainNow(t, f.gate, 1)
}

// A client that does not read fills all buffers, until the gateway blocks in its write to the client.
func TestDeadlineAbortsSlowReader(t *testing.T) {
	chunk := strings.Repeat("x", 1<<16)
	var written atomic.Int64
	f := newFront(t, Options{}, backend(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 4096 {
			if _, err := io.WriteString(w, chunk); err != nil {
				return
			}
			written.Add(1)
		}
	}))
	conn := dial(t, f.addr)
	send(t, conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var last, same int64
	waitFor(t, "all buffers are full", func() bool {
		now := written.Load()
		if now != last || now == 0 {
			last, same = now, 0
		}
		same++
		return same > 50
	})
	f.gate.Close()
	drainNow(t, f.gate, 1)
	if _, err := io.Copy(io.Discard, res.Body); err == nil {
		t.Error("the client does not notice")
	}
}

func TestEventStreamEndsCleanlyWhenTheGateCloses(t *testing.T) {
	begin := func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		_, _ = io.WriteString(w, "data: 1\n\n")
	}
	f := newFront(t, Options{}, stuck(t, begin))
	res, err := client(t).Do(request(t, "GET", f.url, "", nil))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	// What the gateway has not read when the gate closes is not waited for.
	event := make([]byte, len("data: 1\n\n"))
	if _, err := io.ReadFull(res.Body, event); err != nil || string(event) != "data: 1\n\n" {
		t.Errorf("got %q, %v; want the event", event, err)
	}
	f.gate.Close()
	if rest, err := io.ReadAll(res.Body); err != nil || len(rest) > 0 {
		t.Errorf("then got %q, %v; want a clean end", rest, err)
	}
	if err := f.gate.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	if log := f.access(t); log.Status != 200 || log.Err != errDismissed.Error() {
		t.Errorf("access log: %+v", log)
	}
}

// The answer turns out to be an event stream only after the gate was closed.
func TestEventStreamThatBeginsLateEndsAtOnce(t *testing.T) {
	arrived, answer := make(chan struct{}), make(chan struct{})
	f := newFront(t, Options{}, backend(t, func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-answer
		w.Header().Set("Content-Type", "text/event-stream")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	a := goGet(t, f.url, "")
	receiveFrom(t, arrived)
	f.gate.Close()
	close(answer)
	receiveFrom(t, a).want(t, 200, "")
	if err := f.gate.Drain(t.Context()); err != nil {
		t.Error(err)
	}
}

// A cut leaves a deadline in the past on its connection, which must not hit the client's next request.
func TestClientGoesOnAfterCut(t *testing.T) {
	f := newFront(t, Options{}, stuck(t, nil))
	c := client(t)
	first := make(chan int, 1)
	go func() {
		res, err := c.Post(f.url, "text/plain", strings.NewReader("body"))
		if err != nil {
			first <- 0
			return
		}
		_, _ = io.Copy(io.Discard, res.Body) // what was read whole leaves a connection that is used again
		_ = res.Body.Close()
		first <- res.StatusCode
	}()
	waitFor(t, "the request is in flight", func() bool { return f.gate.InFlight() == 1 })
	f.gate.Close()
	drainNow(t, f.gate, 1)
	if status := receiveFrom(t, first); status != 503 {
		t.Fatalf("got %d, want 503", status)
	}
	f.open(backend(t, says("new")))
	for range 3 {
		res, err := c.Post(f.url, "text/plain", nil) // which the client does not repeat
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(res.Body); err != nil || string(body) != "new" {
			t.Errorf("got %q, %v", body, err)
		}
		_ = res.Body.Close()
	}
}
