package tail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"paddock/internal/cfapi"
)

// deadline is for what happens at once, unless something is broken.
const deadline = 10 * time.Second

// fakeServer is the API and the tail server. Each accepted connection goes to
// conns; calls records the requests of the API.
type fakeServer struct {
	*httptest.Server
	conns    chan *websocket.Conn
	protocol string // that the server agrees to

	mu     sync.Mutex
	calls  []string
	refuse int // status of the creation, 0 = works
}

func newFakeServer(t *testing.T) *fakeServer {
	f := &fakeServer{conns: make(chan *websocket.Conn, 10), protocol: protocol}
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.Close)
	return f
}

func (f *fakeServer) serve(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/socket") {
		upgrader := websocket.Upgrader{Subprotocols: []string{f.protocol}}
		if conn, err := upgrader.Upgrade(w, r, nil); err == nil {
			f.conns <- conn
		}
		return
	}
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	f.calls = append(f.calls, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+string(body)))
	refuse := f.refuse
	f.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if refuse != 0 && r.Method == http.MethodPost {
		w.WriteHeader(refuse)
		fmt.Fprint(w, `{"success":false,"errors":[{"code":10007,"message":"script_not_found"}],"messages":[],"result":null}`)
		return
	}
	fmt.Fprintf(w, `{"success":true,"errors":[],"messages":[],"result":{"id":"t1","url":"ws%s/socket","expires_at":"2026-11-22T00:15:00Z"}}`,
		strings.TrimPrefix(f.URL, "http"))
}

func (f *fakeServer) refuseTails(status int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refuse = status
}

func (f *fakeServer) log() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// timerCall is one wait of the client; the test ends it.
type timerCall struct {
	d    time.Duration
	fire chan time.Time
}

// run is a client at work.
type run struct {
	*Client
	t        *testing.T
	timers   chan timerCall
	events   chan string // callbacks, in order
	result   chan error
	cancel   context.CancelFunc
	messages func(string) error
}

func start(t *testing.T, f *fakeServer, adjust func(*run)) *run {
	ctx, cancel := context.WithCancel(t.Context())
	r := &run{t: t, timers: make(chan timerCall, 100), events: make(chan string, 100), result: make(chan error, 1), cancel: cancel}
	r.messages = func(string) error { return nil }
	r.Client = &Client{
		API:         &cfapi.Client{BaseURL: f.URL, AccountID: "acc"},
		Script:      "counter",
		Filters:     json.RawMessage(`[{"query":"x"}]`),
		OnCreated:   func(tail cfapi.Tail) { r.events <- "created " + tail.ExpiresAt },
		OnConnected: func(again bool) { r.events <- fmt.Sprint("connected again=", again) },
		OnMessage: func(m []byte) error {
			r.events <- "message " + string(m)
			return r.messages(string(m))
		},
		OnWarning: func(text string) { r.events <- "warning " + text },
	}
	r.timer = func(d time.Duration) (<-chan time.Time, func()) {
		call := timerCall{d, make(chan time.Time, 1)}
		r.timers <- call
		return call.fire, func() {}
	}
	if adjust != nil {
		adjust(r)
	}
	go func() { r.result <- r.Run(ctx) }()
	t.Cleanup(cancel)
	return r
}

func receive[T any](t *testing.T, from <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(deadline):
		t.Fatalf("no %s", what)
		panic("unreachable")
	}
}

func (r *run) expect(events ...string) {
	r.t.Helper()
	for _, want := range events {
		if got := receive(r.t, r.events, want); got != want {
			r.t.Fatalf("event %q, want %q", got, want)
		}
	}
}

// expire waits for the client to wait for d, and lets the time pass.
func (r *run) expire(d time.Duration) {
	r.t.Helper()
	for {
		call := receive(r.t, r.timers, "timer of "+d.String())
		if call.d == d {
			call.fire <- time.Time{}
			return
		}
	}
}

func closeWith(conn *websocket.Conn, code int) {
	_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(deadline))
	conn.Close()
}

func TestClientFollowsUntilTheServerEnds(t *testing.T) {
	f := newFakeServer(t)
	r := start(t, f, nil)
	conn := receive(t, f.conns, "connection")
	if _, hello, err := conn.ReadMessage(); err != nil || string(hello) != `{"debug":false}` {
		t.Errorf("first frame %q, %v", hello, err)
	}
	_ = conn.WriteMessage(websocket.TextMessage, []byte(`{"a":1}`))
	_ = conn.WriteMessage(websocket.BinaryMessage, []byte(`{"b":1}`))
	r.expect("created 2026-11-22T00:15:00Z", "connected again=false", `message {"a":1}`, `message {"b":1}`)
	closeWith(conn, websocket.CloseNormalClosure)
	if err := receive(t, r.result, "result"); err != nil {
		t.Errorf("Run = %v", err)
	}
	want := []string{
		`POST /accounts/acc/workers/scripts/counter/tails {"filters":[{"query":"x"}]}`,
		`DELETE /accounts/acc/workers/scripts/counter/tails/t1`,
	}
	if got := f.log(); !slices.Equal(got, want) {
		t.Errorf("calls %q, want %q", got, want)
	}
}

func TestClientDeletesItsTailWhenCancelled(t *testing.T) {
	f := newFakeServer(t)
	r := start(t, f, nil)
	receive(t, f.conns, "connection")
	r.expect("created 2026-11-22T00:15:00Z", "connected again=false")
	r.cancel()
	if err := receive(t, r.result, "result"); err != nil {
		t.Errorf("Run = %v", err)
	}
	if calls := f.log(); len(calls) != 2 || !strings.HasPrefix(calls[1], "DELETE ") {
		t.Errorf("calls %q", calls)
	}
}

func TestClientReconnects(t *testing.T) {
	f := newFakeServer(t)
	r := start(t, f, nil)
	r.expect("created 2026-11-22T00:15:00Z")
	for i := range 2 { // the count of attempts starts anew after each success
		r.expect(fmt.Sprint("connected again=", i > 0))
		closeWith(receive(t, f.conns, "connection"), websocket.CloseServiceRestart)
		r.expect("warning Tail connection lost. Reconnecting (attempt 1 of 5) in 1s...")
		r.expire(time.Second)
	}
	r.expect("connected again=true")
	closeWith(receive(t, f.conns, "connection"), websocket.CloseNormalClosure)
	if err := receive(t, r.result, "result"); err != nil {
		t.Errorf("Run = %v", err)
	}
	if posts := len(f.log()); posts != 6 {
		t.Errorf("%d calls, want a creation and a deletion for each of 3 tails", posts)
	}
}

func TestClientGivesUp(t *testing.T) {
	f := newFakeServer(t)
	r := start(t, f, nil)
	conn := receive(t, f.conns, "connection")
	r.expect("created 2026-11-22T00:15:00Z", "connected again=false")
	f.refuseTails(http.StatusNotFound)
	conn.Close()
	for i, seconds := range []int{1, 2, 4, 8, 16} {
		r.expect(fmt.Sprintf("warning Tail connection lost. Reconnecting (attempt %d of 5) in %ds...", i+1, seconds))
		r.expire(time.Duration(seconds) * time.Second)
	}
	err := receive(t, r.result, "result")
	if err == nil || !strings.HasPrefix(err.Error(), "Unable to reconnect to the tail for counter after 5 attempts. ") {
		t.Errorf("Run = %v", err)
	}
	if !cfapi.HasCode(err, cfapi.CodeScriptNotFound) {
		t.Errorf("Run = %v, which does not tell the cause", err)
	}
}

func TestClientStopsWhileWaiting(t *testing.T) {
	f := newFakeServer(t)
	r := start(t, f, nil)
	receive(t, f.conns, "connection").Close()
	r.expect("created 2026-11-22T00:15:00Z", "connected again=false",
		"warning Tail connection lost. Reconnecting (attempt 1 of 5) in 1s...")
	r.cancel()
	if err := receive(t, r.result, "result"); err != nil {
		t.Errorf("Run = %v", err)
	}
}

func TestClientMissesPong(t *testing.T) {
	f := newFakeServer(t)
	r := start(t, f, nil)
	receive(t, f.conns, "connection") // nobody reads, so no ping is answered
	r.expect("created 2026-11-22T00:15:00Z", "connected again=false")
	r.expire(pingInterval)
	r.expire(pingInterval)
	r.expect("warning Tail connection lost: the Worker did not respond to a keep-alive ping within 10000ms.",
		"warning Tail connection lost. Reconnecting (attempt 1 of 5) in 1s...")
}

func TestClientGetsPongs(t *testing.T) {
	f := newFakeServer(t)
	r := start(t, f, nil)
	conn := receive(t, f.conns, "connection")
	settled := make(chan string, 1)
	conn.SetPingHandler(func(payload string) error {
		_ = conn.WriteControl(websocket.PongMessage, []byte(payload), time.Now().Add(deadline))
		// The answer to this shows that the client has read the pong.
		return conn.WriteControl(websocket.PingMessage, []byte("settled"), time.Now().Add(deadline))
	})
	conn.SetPongHandler(func(payload string) error { settled <- payload; return nil })
	go func() {
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
		}
	}()
	r.expect("created 2026-11-22T00:15:00Z", "connected again=false")
	for range 3 {
		r.expire(pingInterval)
		receive(t, settled, "pong")
	}
	closeWith(conn, websocket.CloseNormalClosure)
	if err := receive(t, r.result, "result"); err != nil {
		t.Errorf("Run = %v", err)
	}
}

// A reader that is stuck in a full pipe cannot see the pong behind it.
func TestClientWaitsForSlowOutput(t *testing.T) {
	f := newFakeServer(t)
	release := make(chan struct{})
	r := start(t, f, func(r *run) {
		r.messages = func(string) error { <-release; return nil }
	})
	conn := receive(t, f.conns, "connection")
	_ = conn.WriteMessage(websocket.TextMessage, []byte(`{}`))
	r.expect("created 2026-11-22T00:15:00Z", "connected again=false", "message {}")
	for range 3 {
		r.expire(pingInterval)
	}
	close(release)
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	_ = conn.WriteControl(websocket.CloseMessage, bye, time.Now().Add(deadline)) // unread pings would turn Close into a reset
	if err := receive(t, r.result, "result"); err != nil {
		t.Errorf("Run = %v", err)
	}
	if len(r.events) > 0 {
		t.Errorf("unexpected event %q", <-r.events)
	}
}

func TestClientEndsWithTheErrorOfOnMessage(t *testing.T) {
	f := newFakeServer(t)
	broken := errors.New("broken pipe")
	r := start(t, f, func(r *run) {
		r.messages = func(string) error { return broken }
	})
	conn := receive(t, f.conns, "connection")
	_ = conn.WriteMessage(websocket.TextMessage, []byte(`{}`))
	if err := receive(t, r.result, "result"); !errors.Is(err, broken) {
		t.Errorf("Run = %v", err)
	}
}

func TestClientFailsAtFirst(t *testing.T) {
	for name, test := range map[string]struct {
		adjust func(*fakeServer)
		want   string
		calls  int
	}{
		"unknown script": {func(f *fakeServer) { f.refuseTails(http.StatusNotFound) }, "script_not_found", 1},
		"other protocol": {func(f *fakeServer) { f.protocol = "trace-v2" }, "server does not speak trace-v1", 2},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeServer(t)
			test.adjust(f)
			r := start(t, f, nil)
			err := receive(t, r.result, "result")
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Run = %v, want %q", err, test.want)
			}
			if calls := f.log(); len(calls) != test.calls {
				t.Errorf("calls %q", calls)
			}
		})
	}
}
