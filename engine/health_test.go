//go:build unix

package engine_test

import (
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"paddock/engine"
)

// visit sends a request without waiting for an answer, and waits until the
// script has printed that it is at it.
func visit(t *testing.T, p *engine.Process, out *lines) {
	t.Helper()
	conn, err := net.Dial("unix", p.SocketPath("main"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	out.waitFor(t, false, func(l []string) bool { return len(l) > 0 })
}

func TestPingWaitsForAnEngineThatComputes(t *testing.T) {
	out := newLines()
	p := start(t, engine.Options{OnLine: out.add}, answering(`
		console.log("begun"); for (const end = Date.now() + 700; Date.now() < end;); console.log("done"); return new Response();`))
	if err := p.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	visit(t, p, out)
	// One that is given up must not harm the next.
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := p.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a ping of 50 ms: %v", err)
	}
	if err := p.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	out.waitFor(t, false, func(l []string) bool { return len(l) == 2 })
	if said := out.texts(true); len(said) > 0 {
		t.Errorf("pings made the engine say %q", said)
	}
}

func TestPingOfALoopingEngineEndsWithItsContext(t *testing.T) {
	out := newLines()
	p := start(t, engine.Options{OnLine: out.add}, answering(`console.log("begun"); for (;;);`))
	visit(t, p, out)
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	time.AfterFunc(300*time.Millisecond, func() { cancel(enough) })
	if err := p.Ping(ctx); !errors.Is(err, enough) {
		t.Errorf("error = %v", err)
	}
	if err := p.Ping(ctx); err == nil {
		t.Error("a ping with an ended context was answered")
	}
	// A kill ends one that waits.
	time.AfterFunc(100*time.Millisecond, func() { _ = p.Stop(0) })
	if err := p.Ping(t.Context()); err == nil {
		t.Error("a looping engine answered")
	}
}

func TestPingOfAnEngineThatHasEnded(t *testing.T) {
	p := start(t, engine.Options{}, answering(""))
	if err := p.Stop(5 * time.Second); err != nil {
		t.Fatal(err)
	}
	if err := p.Ping(t.Context()); err == nil {
		t.Error("it answered")
	}
}

// The folder behind the health socket is not writable through it.
func TestHealthSocketWritesNothing(t *testing.T) {
	p := start(t, engine.Options{}, answering(""))
	conn, err := net.Dial("unix", filepath.Join(filepath.Dir(p.SocketPath("main")), "h"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "PUT /s1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx"); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil || string(answer[:12]) != "HTTP/1.1 405" {
		t.Errorf("PUT: %q, %v", answer, err)
	}
}
