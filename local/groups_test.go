package local_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"paddock/migrate"
)

func TestBindingJoinsGroups(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(counter("owner"))
	r.publish(counter("caller"))
	r.publish(counter("bystander"))
	bystander := r.pid("bystander")
	if r.pid("owner") == r.pid("caller") || r.pid("owner") == bystander {
		t.Fatalf("scripts without bindings share an engine: %+v", r.status().Groups)
	}

	r.publish(upload("caller", counterJS, binds("Counter", "owner"), migrates("v1", "v2", deletesCounter)))
	if got := r.group("caller").Scripts; !slices.Equal(got, []string{"caller", "owner"}) {
		t.Errorf("the caller is in group %v", got)
	}
	r.count("owner", 2)
	r.wantBody("caller", "/increment", "3")

	owner := r.pid("owner")
	r.publish(upload("caller", counterJS, text("VERSION", "alone")))
	r.wantBody("caller", "/version", "alone")
	r.wantBody("owner", "/", "3")
	if r.pid("owner") == r.pid("caller") {
		t.Error("a script without the binding still shares the engine")
	}
	if r.pid("owner") == owner {
		t.Error("the engine that had both scripts goes on with one of them")
	}
	if got := r.pid("bystander"); got != bystander {
		t.Errorf("the engine of a script that has nothing to do with it changed from pid %d to %d", bystander, got)
	}
}

var deletesCounter = migrate.Step{DeletedClasses: []string{"Counter"}}

func TestPublishSwapsItsOwnGroupOnly(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(counter("one"))
	r.publish(counter("two"))
	one, two := r.pid("one"), r.pid("two")
	r.publish(recount("one", "2"))
	r.wantBody("one", "/version", "2")
	if r.pid("one") == one {
		t.Error("a new version runs in the old engine")
	}
	if got := r.pid("two"); got != two {
		t.Errorf("the other group's pid was %d and is %d", two, got)
	}
}

// When an engine could not be stopped, the others that were stopped with it
// must come back with the next change; their plans are as before.
func TestHaltedGroupsAreStartedAgain(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(counter("one"))
	r.publish(counter("two"))
	r.count("two", 1)
	one, two := r.pid("one"), r.pid("two")
	if err := r.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.wantBody("one", "/", "0")
	r.wantBody("two", "/", "1")
	if r.pid("one") == one || r.pid("two") == two {
		t.Errorf("the engines are still %v", r.status().Groups)
	}
}

// Joining and parting moves namespaces between engines, and scripts between
// gates; nobody who asks at that moment may notice.
func TestGroupsChangeUnderLoad(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(counter("owner"))
	r.publish(upload("caller", counterJS, text("VERSION", "alone")))
	load := r.load(4, 50, func(n int) (method, script, path string) {
		if n%2 == 0 {
			return http.MethodGet, "caller", "/version"
		}
		return http.MethodPost, "owner", "/increment"
	})
	for n := range 3 {
		r.publish(upload("caller", counterJS, binds("Counter", "owner"), text("VERSION", "joined")))
		if r.pid("caller") != r.pid("owner") {
			t.Fatalf("round %d: the binding did not join the groups", n)
		}
		r.publish(upload("caller", counterJS, text("VERSION", "alone")))
		if r.pid("caller") == r.pid("owner") {
			t.Fatalf("round %d: the groups did not part", n)
		}
	}
	done := load.stop()
	if want := fmt.Sprint(done["owner"]); r.get("owner", "/") != want {
		t.Errorf("counted %s, want %s", r.get("owner", "/"), want)
	}
}

// A load is clients that send requests until they are stopped. Every request
// has to succeed.
type load struct {
	r      *rig
	ctx    context.Context
	cancel context.CancelFunc
	all    sync.WaitGroup
	next   func(n int) (method, script, path string)

	mu   sync.Mutex
	sent int
	done map[string]int // answers by script
}

// load starts clients that send so many requests per second together. next
// says what the n-th request is.
func (r *rig) load(clients, perSecond int, next func(n int) (method, script, path string)) *load {
	l := &load{r: r, next: next, done: map[string]int{}}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	for c := range clients {
		l.all.Go(func() { l.run(c, time.Second*time.Duration(clients)/time.Duration(perSecond)) })
	}
	r.t.Cleanup(func() { l.cancel(); l.all.Wait() })
	return l
}

// run is one client. Every other one opens a connection for each request.
func (l *load) run(c int, pause time.Duration) {
	client := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: c%2 == 1}}
	defer client.CloseIdleConnections()
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		l.mu.Lock()
		n := l.sent
		l.sent++
		l.mu.Unlock()
		method, script, path := l.next(n)
		status, body, err := l.r.requestFrom(client, method, script, path)
		if err == nil && status != http.StatusOK {
			err = errors.New(body)
		}
		if err != nil {
			l.r.t.Errorf("request %d: %s %s of %s: status %d, %v", n, method, path, script, status, err)
		}
		l.mu.Lock()
		l.done[script]++
		l.mu.Unlock()
		select {
		case <-l.ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// stop ends the load and returns how many answers there were, by script.
func (l *load) stop() map[string]int {
	l.r.t.Helper()
	l.cancel()
	l.all.Wait()
	if l.sent < 20 {
		l.r.t.Errorf("only %d requests were sent: that is no load", l.sent)
	}
	l.r.t.Logf("%d requests", l.sent)
	return l.done
}
