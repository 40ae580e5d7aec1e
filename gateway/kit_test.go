package gateway

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds every wait of these tests for something that must happen.
const patience = 5 * time.Second

// socketPath returns a path that is short enough for a Unix socket, whatever the test is called.
func socketPath(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "gw")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

// backend is an engine made of a Go handler.
func backend(t testing.TB, handler http.HandlerFunc) Endpoint {
	t.Helper()
	path := socketPath(t)
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return Endpoint{Socket: path, Fetch: true}
}

// rawBackend is an engine that handles each connection as it likes; the connection is closed when handle returns.
func rawBackend(t testing.TB, handle func(net.Conn)) Endpoint {
	t.Helper()
	path := socketPath(t)
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				defer conn.Close()
				defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
				handle(conn)
			})
		}
	})
	t.Cleanup(func() {
		cancel()
		_ = l.Close()
		conns.Wait()
	})
	return Endpoint{Socket: path, Fetch: true}
}

// says is a handler that answers with a text.
func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

// front is a gateway under test, on a real socket.
type front struct {
	*Gateway
	addr string
	url  string
	gate *Gate // of the default script "app"
	log  chan Access
}

// newFront serves a gateway whose default script "app" is at the endpoint; without one, the gate stays closed.
func newFront(t testing.TB, opts Options, endpoint ...Endpoint) *front {
	t.Helper()
	f := &front{gate: NewGate("app"), log: make(chan Access, 1000)}
	opts.OnAccess = func(a Access) { f.log <- a }
	f.Gateway = New(opts)
	f.SetTable(Table{Default: &Target{Script: "app", Gate: f.gate}})
	for _, e := range endpoint {
		f.open(e)
	}
	l, err := Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := Serve(l, f.Gateway, nil)
	f.addr = l.Addr().String()
	f.url = "http://" + f.addr
	t.Cleanup(func() {
		now, cancel := context.WithCancel(context.Background())
		cancel()
		f.gate.Close()
		_ = f.gate.Drain(now)
		_ = server.Close(now)
	})
	return f
}

func (f *front) open(e Endpoint) { f.gate.Open(map[string]Endpoint{"app": e}) }

// access returns the next line of the access log.
func (f *front) access(t testing.TB) Access {
	t.Helper()
	return receiveFrom(t, f.log)
}

// receiveFrom returns the next value of a channel.
func receiveFrom[T any](t testing.TB, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

// answer is a response read to its end.
type answer struct {
	*http.Response
	body string
	err  error // of the request, or of reading the body
}

// client is one that keeps nothing from test to test.
func client(t testing.TB) *http.Client {
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 2 * patience}
}

// get asks for url, with the given Host header unless it is empty.
func get(t testing.TB, url, host string) answer {
	t.Helper()
	return do(t, request(t, http.MethodGet, url, host, nil))
}

func request(t testing.TB, method, url, host string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	return r
}

func do(t testing.TB, r *http.Request) answer {
	t.Helper()
	res, err := client(t).Do(r)
	if err != nil {
		return answer{err: err}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{Response: res, body: string(body), err: err}
}

// want checks status and a part of the body.
func (a answer) want(t testing.TB, status int, part string) {
	t.Helper()
	if a.Response == nil {
		t.Fatalf("no answer: %v", a.err)
	}
	if a.StatusCode != status || !strings.Contains(a.body, part) || a.err != nil {
		t.Errorf("got %d %q (error %v), want %d with %q", a.StatusCode, a.body, a.err, status, part)
	}
}

// goGet asks in the background.
func goGet(t testing.TB, url, host string) <-chan answer {
	answers := make(chan answer, 1)
	go func() { answers <- get(t, url, host) }()
	return answers
}

// waitFor polls for a condition that has no event.
func waitFor(t testing.TB, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !condition(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
