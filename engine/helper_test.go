//go:build unix

package engine_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"paddock/engine"
	"paddock/engine/enginetest"
)

const date = "2026-01-01"

// script returns a worker of one module, with a socket and a report.
func script(name, source string) engine.Worker {
	return engine.Worker{
		Name: name, CompatibilityDate: date, Socket: true, Generated: true,
		Modules: []engine.Module{{Name: "index.js", Kind: engine.ESModule, Content: []byte(source)}},
	}
}

// answering returns a worker whose fetch handler has the given body.
func answering(body string) engine.Worker {
	return script("main", "export default { async fetch(request, env, ctx) { "+body+" } };")
}

// lines collects the output of an engine.
type lines struct {
	mu  sync.Mutex
	all []engine.Line
	new chan struct{} // holds a token when lines were added
}

func newLines() *lines { return &lines{new: make(chan struct{}, 1)} }

func (l *lines) add(line engine.Line) {
	l.mu.Lock()
	l.all = append(l.all, line)
	l.mu.Unlock()
	select {
	case l.new <- struct{}{}:
	default:
	}
}

// texts returns the lines of one stream.
func (l *lines) texts(stderr bool) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for _, line := range l.all {
		if line.Stderr == stderr {
			out = append(out, line.Text)
		}
	}
	return out
}

// waitFor waits until done says so of the lines of one stream.
func (l *lines) waitFor(t *testing.T, stderr bool, done func([]string) bool) []string {
	t.Helper()
	deadline := time.After(5 * time.Second)
	for {
		texts := l.texts(stderr)
		if done(texts) {
			return texts
		}
		select {
		case <-l.new:
		case <-deadline:
			t.Fatalf("the awaited output did not come; there is\n%s", strings.Join(texts, "\n"))
		}
	}
}

// try starts an engine with the given workers. The test ends what runs.
func try(t *testing.T, opts engine.Options, workers ...engine.Worker) (*engine.Process, error) {
	t.Helper()
	opts.Binary = enginetest.Binary(t)
	opts.Config.Workers = append(opts.Config.Workers, workers...)
	p, err := engine.Start(context.Background(), opts)
	if err == nil {
		t.Cleanup(func() {
			if err := p.Stop(0); err != nil {
				t.Error(err)
			}
		})
	}
	return p, err
}

func start(t *testing.T, opts engine.Options, workers ...engine.Worker) *engine.Process {
	t.Helper()
	p, err := try(t, opts, workers...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// client returns an HTTP client that reaches a worker whatever the URL says.
func client(t *testing.T, socket string) *http.Client {
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 10 * time.Second}
}

// get returns what a worker answers.
func get(t *testing.T, p *engine.Process, worker string) string {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, "http://example.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	return send(t, p, worker, req)
}

func send(t *testing.T, p *engine.Process, worker string, req *http.Request) string {
	t.Helper()
	resp, err := client(t, p.SocketPath(worker)).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}
