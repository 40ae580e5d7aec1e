package soak

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// A cheat answers as the worker of testdata/soak does, but not always
// truthfully: an accountant who notices nothing is worth nothing. The real
// engine cannot be made to lose data.
type cheat struct {
	mu       sync.Mutex
	counts   map[string]int
	requests int

	count   func(n int) int        // what the n-th increment adds; nil: 1
	refuse  func(n int) int        // status of the n-th increment, 0 for the truth
	version func(connects int) int // that a WebSocket is told
	sockets int
	swap    chan struct{} // closes a WebSocket for new code
}

func (c *cheat) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = http.NewResponseController(w).EnableFullDuplex()
	what, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	switch what {
	case "version":
		io.WriteString(w, "1")
	case "slow":
		io.WriteString(w, "awake")
	case "stream":
		io.WriteString(w, allLines())
	case "echo":
		w.Write(body)
	case "socket":
		c.socket(w, r)
	default:
		c.increment(w, what, name, len(body))
	}
}

func (c *cheat) increment(w http.ResponseWriter, what, name string, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[string]int{}
	}
	answer := c.counts[name]
	if what == "count" {
		answer++
		c.requests++
		if c.count == nil {
			c.counts[name]++
		} else {
			c.counts[name] += c.count(c.requests)
		}
		if c.refuse != nil {
			if status := c.refuse(c.requests); status != 0 {
				http.Error(w, "no", status)
				return
			}
		}
	}
	fmt.Fprintf(w, "%d after %d bytes", answer, size)
}

func (c *cheat) socket(w http.ResponseWriter, r *http.Request) {
	conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	c.mu.Lock()
	version := 1
	if c.version != nil {
		version = c.version(c.sockets)
	}
	c.sockets++
	c.mu.Unlock()
	_ = conn.WriteMessage(websocket.TextMessage, fmt.Append(nil, version))
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _, _ = conn.ReadMessage()
	}()
	select {
	case <-gone:
	case <-c.swap:
		_ = conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseServiceRestart, ""))
		<-gone
	}
}

// every returns a function that is hit at every tenth time.
func every[T any](hit, otherwise T) func(int) T {
	return func(n int) T {
		if n%10 == 0 {
			return hit
		}
		return otherwise
	}
}

func TestAccount(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		cheat *cheat
		lossy bool
		wrong string // part of Report.Err; "" for none
		holds func(Report) bool
	}{
		{"truth", &cheat{}, false, "", func(r Report) bool { return r.Acknowledged > 50 && r.Ambiguous == 0 }},
		{"truth, lossy", &cheat{}, true, "", func(r Report) bool { return r.Lost == 0 && r.Double == 0 }},
		{"loss", &cheat{count: every(0, 1)}, true, "were lost", func(r Report) bool { return r.Lost > 0 && r.Double == 0 }},
		{"repetition", &cheat{count: every(2, 1)}, true, "were done twice", func(r Report) bool { return r.Double > 0 && r.Lost == 0 }},
		{"done but not answered", &cheat{refuse: every(502, 0)}, true, "", func(r Report) bool { return r.Ambiguous > 0 && len(r.Excused) == 1 }},
		{"not done and not answered", &cheat{count: every(0, 1), refuse: every(503, 0)}, true, "", func(r Report) bool { return r.Unavailable > 0 }},
		{"no answer is no excuse", &cheat{refuse: every(503, 0)}, false, "503 no", func(r Report) bool { return r.Ambiguous > 0 && len(r.Failed) > 0 }},
		{"an error of the worker is no excuse", &cheat{refuse: every(500, 0)}, true, "500 no", func(r Report) bool { return len(r.Failed) > 0 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(c.cheat)
			defer server.Close()
			l := Start(Options{URL: server.URL, Rate: 500, Lossy: c.lossy})
			waitFor(t, func() bool { return l.Acknowledged() > 100 })
			r := l.Stop()
			err := r.Err()
			if (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("error %v, want %q", err, c.wrong)
			}
			if !c.holds(r) {
				t.Errorf("report:\n%s", r)
			}
		})
	}
}

func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
	}
}

func TestSockets(t *testing.T) {
	t.Parallel()
	newer := func(n int) int { return n }
	same := func(int) int { return 7 }
	for _, c := range []struct {
		name    string
		version func(int) int
		lossy   bool
		wrong   string
	}{
		{"new code", newer, false, ""},
		{"old code", same, false, "connected to version 7 after 7"},
		{"old code after a kill", same, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cheat := &cheat{version: c.version, swap: make(chan struct{})}
			server := httptest.NewServer(cheat)
			defer server.Close()
			l := Start(Options{URL: server.URL, Sockets: 1, Lossy: c.lossy})
			cheat.swap <- struct{}{}
			waitFor(t, func() bool {
				cheat.mu.Lock()
				defer cheat.mu.Unlock()
				return cheat.sockets == 2
			})
			waitFor(t, func() bool { return l.tally.report().Reconnects == 1 && l.Acknowledged() > 0 })
			r := l.Stop()
			err := r.Err()
			if (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("error %v, want %q", err, c.wrong)
			}
		})
	}
}
