package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestRequestsWaitAtClosedGateAndGetTheNewEngine(t *testing.T) {
	f := newFront(t, Options{}, backend(t, says("old")))
	get(t, f.url, "").want(t, 200, "old")
	f.gate.Close()
	var waiting []<-chan answer
	for range 5 {
		waiting = append(waiting, goGet(t, f.url, ""))
	}
	if err := f.gate.Drain(t.Context()); err != nil {
		t.Fatalf("waiting requests were taken for requests in flight: %v", err)
	}
	f.open(backend(t, says("new")))
	for _, w := range waiting {
		receiveFrom(t, w).want(t, 200, "new")
	}
}

func TestWaitingEndsAfterMaxWait(t *testing.T) {
	f := newFront(t, Options{MaxWait: 20 * time.Millisecond})
	a := get(t, f.url, "")
	a.want(t, http.StatusServiceUnavailable, `"app"`)
	if a.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if log := f.access(t); log.Status != 503 || log.Script != "app" || log.Err == "" {
		t.Errorf("access log: %+v", log)
	}
}

func TestWaitingEndsWithItsClient(t *testing.T) {
	f := newFront(t, Options{MaxWait: time.Hour})
	conn := dial(t, f.addr)
	send(t, conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	_ = conn.Close()
	if log := f.access(t); log.Status != statusClientGone || log.Err != errClientGone.Error() {
		t.Errorf("access log: %+v", log)
	}
}

func TestFailTurnsRequestsAwayUntilOpen(t *testing.T) {
	f := newFront(t, Options{})
	waiting := goGet(t, f.url, "")
	f.gate.Fail(errors.New("exit status 1 in /secret/path"))
	for _, a := range []answer{receiveFrom(t, waiting), get(t, f.url, "")} {
		a.want(t, http.StatusServiceUnavailable, `engine of script "app" is down`)
		if a.Header.Get("Retry-After") == "" || strings.Contains(a.body, "secret") {
			t.Errorf("answer %v %q", a.Header, a.body)
		}
	}
	if log := f.access(t); !strings.Contains(log.Err, "exit status 1") {
		t.Errorf("the log does not say why: %+v", log)
	}
	f.open(backend(t, says("up again")))
	get(t, f.url, "").want(t, 200, "up again")
}

func TestUnansweredNamesWhoHasWaitedLongest(t *testing.T) {
	f := newFront(t, Options{})
	slow := stuck(t, nil)
	begun := stuck(t, func(w http.ResponseWriter) { _, _ = w.Write([]byte("begun")) })
	f.gate.Open(map[string]Endpoint{"a": slow, "b": slow, "begun": begun})
	hosts := map[string]*Target{}
	for _, script := range []string{"a", "b", "begun"} {
		hosts[script] = &Target{Script: script, Gate: f.gate}
	}
	f.SetTable(Table{Hosts: hosts})
	if got := f.gate.Unanswered(); len(got) > 0 {
		t.Errorf("of an idle gate: %q", got)
	}
	for n, script := range []string{"begun", "b", "a", "b"} {
		goGet(t, f.url, script)
		waitFor(t, "the request is in flight", func() bool { return f.gate.InFlight() == n+1 })
	}
	waitFor(t, "one is being answered", func() bool { return len(f.gate.Unanswered()) == 2 })
	f.gate.Close()
	if got := strings.Join(f.gate.Unanswered(), " "); got != "b a" {
		t.Errorf("unanswered: %s, want b before a", got)
	}
	drainNow(t, f.gate, 4)
}

// A gate that is closed for good sends its requests to the table, whatever the order of Close and SetTable.
func TestMove(t *testing.T) {
	for _, order := range []string{"retire, table", "table, retire"} {
		t.Run(order, func(t *testing.T) {
			f := newFront(t, Options{})
			waiting := goGet(t, f.url, "")
			next := NewGate("next")
			next.Open(map[string]Endpoint{"app": backend(t, says("moved"))})
			steps := []func(){f.gate.Close, func() { f.SetTable(Table{Default: &Target{Script: "app", Gate: next}}) }}
			if strings.HasPrefix(order, "table") {
				steps[0], steps[1] = steps[1], steps[0]
			}
			steps[0]()
			steps[1]()
			receiveFrom(t, waiting).want(t, 200, "moved")
		})
	}
}

func TestScriptThatLeavesItsGroupIsLookedUpAgain(t *testing.T) {
	f := newFront(t, Options{})
	waiting := goGet(t, f.url, "")
	f.gate.Open(map[string]Endpoint{"another": backend(t, says("wrong script"))})
	f.SetTable(Table{})
	receiveFrom(t, waiting).want(t, http.StatusNotFound, "No script")
}

func TestScriptWithoutFetchHandlerIsNeverReached(t *testing.T) {
	var arrived atomic.Int32
	e := backend(t, func(http.ResponseWriter, *http.Request) { arrived.Add(1) })
	e.Fetch = false
	f := newFront(t, Options{}, e)
	get(t, f.url, "").want(t, http.StatusInternalServerError, `Script "app" does not export a fetch() function`)
	if arrived.Load() != 0 {
		t.Error("the request reached the engine, which would pass it to any host")
	}
}

// TestGateHammer lets requests run against a gate that opens and closes all the time, and moves between two gates. No
// request may fail, and none may be inside when Drain says that nobody is.
func TestGateHammer(t *testing.T) {
	const workers, rounds, swaps = 8, 300, 100
	gates := [2]*Gate{NewGate("a"), NewGate("b")}
	g := New(Options{})
	var inside, failed atomic.Int64
	run := func() {
		x := &exchange{req: &http.Request{}, ctx: t.Context(), started: time.Now()}
		x.visit.cancel = func(error) {}
		if err := g.admit(x); err != nil {
			failed.Add(1)
			return
		}
		inside.Add(1)
		x.visit.begin()
		x.visit.endWith(func() {})
		inside.Add(-1)
		x.visit.leave()
	}
	var wg sync.WaitGroup
	g.SetTable(Table{Default: &Target{Script: "s", Gate: gates[0]}})
	gates[0].Open(map[string]Endpoint{"s": {Fetch: true}})
	for range workers {
		wg.Go(func() {
			for range rounds {
				run()
			}
		})
	}
	for i := range swaps {
		from, to := gates[i%2], gates[(i+1)%2]
		from.Close()
		if err := from.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		if n := inside.Load(); n != 0 {
			t.Fatalf("%d requests are inside a drained gate", n)
		}
		from.Close()
		to.Open(map[string]Endpoint{"s": {Fetch: true}})
		g.SetTable(Table{Default: &Target{Script: "s", Gate: to}})
	}
	wg.Wait()
	if failed.Load() != 0 || gates[0].InFlight()+gates[1].InFlight() != 0 {
		t.Errorf("%d requests failed, %d and %d are left", failed.Load(), gates[0].InFlight(), gates[1].InFlight())
	}
}

// TestSwapUnderLoad replaces the engine again and again while clients ask. Everybody gets an answer of an engine
// that was current at that time.
func TestSwapUnderLoad(t *testing.T) {
	f := newFront(t, Options{}, backend(t, says("0")))
	c := client(t)
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var asked, failures atomic.Int64
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				res, err := c.Get(f.url)
				asked.Add(1)
				if err != nil || res.StatusCode != 200 {
					failures.Add(1)
					continue
				}
				_ = res.Body.Close()
				<-f.log
			}
		})
	}
	for i := range 20 {
		waitFor(t, "requests pass", func() bool { return asked.Load() > int64(10*i) })
		f.gate.Close()
		if err := f.gate.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		f.open(backend(t, says(fmt.Sprint(i+1))))
	}
	stop()
	wg.Wait()
	if failures.Load() != 0 {
		t.Errorf("%d of %d requests failed", failures.Load(), asked.Load())
	}
}
