package local_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"paddock/engine/enginetest"
	"paddock/gateway"
	"paddock/internal/soak"
	"paddock/local"
)

// An engine that holds a hibernating WebSocket does not end when it is asked
// to. Every swap waited for two seconds before it was killed.
func TestSwapDoesNotWaitForHibernatingWebSockets(t *testing.T) {
	t.Parallel()
	const swaps = 4
	r := open(t, t.TempDir())
	r.publish(underLoad(t, "counter", 0, ownCounters, creates("Counter")))
	load := r.load("counter", soak.Options{Rate: 20, Sockets: 4})
	var took time.Duration
	for n := range swaps {
		more(t, load, 5)
		start := time.Now()
		r.publish(underLoad(t, "counter", n+1, ownCounters))
		took += time.Since(start)
	}
	if took > swaps*2*time.Second {
		t.Errorf("%d swaps took %v", swaps, took)
	}
	more(t, load, 5)
	wantBalance(t, load)
	if n := load.Stop().Reconnects; n == 0 {
		t.Error("no WebSocket was there")
	}
}

func TestRequestsAreCutAtTheDrainDeadline(t *testing.T) {
	t.Parallel()
	const deadline = 300 * time.Millisecond
	r := open(t, t.TempDir(), func(o *local.Options) { o.DrainDeadline = deadline })
	r.publish(counter("counter"))
	answer := r.hang("counter")
	start := time.Now()
	r.publish(recount("counter", "2"))
	if took := time.Since(start); took < deadline {
		t.Errorf("the swap took %v: it did not wait for the request until the deadline", took)
	}
	if got := <-answer; got.status != http.StatusServiceUnavailable || got.body != "Durable Object reset because its code was updated.\n" {
		t.Errorf("the request that was cut is answered with %+v", got)
	}
	r.wantBody("counter", "/version", "2")
}

// A reload cut requests after a second, although the engine of a busy machine
// answered one after the other.
func TestRequestsAreNotCutWhileOthersEnd(t *testing.T) {
	t.Parallel()
	const stall = 2 * time.Second
	r := open(t, t.TempDir(), func(o *local.Options) { o.DrainDeadline, o.DrainStall = patience, stall })
	r.publish(underLoad(t, "worker", 0, ownCounters, creates("Counter")))
	hang := r.begin("worker", "/slow?ms=60000")
	var slow []<-chan answer
	for n := range 5 {
		slow = append(slow, r.begin("worker", fmt.Sprintf("/slow?ms=%d", 1500+500*n)))
	}
	eventually(t, "the requests are in the engine", func() bool { return r.InFlight("worker") == 6 })
	start := time.Now()
	r.publish(underLoad(t, "worker", 1, ownCounters))
	for n, a := range slow {
		if got := <-a; got.status != http.StatusOK {
			t.Errorf("request %d is answered with %+v", n, got)
		}
	}
	if got := <-hang; got.status != http.StatusServiceUnavailable || time.Since(start) < stall || time.Since(start) >= patience {
		t.Errorf("a request that hangs is answered with %+v after %v", got, time.Since(start))
	}
}

type answer struct {
	status int
	body   string
	err    error
}

// hang sends a request that takes a minute and returns when the script has
// got it, which it shows by counting.
func (r *rig) hang(script string) <-chan answer {
	r.t.Helper()
	done := make(chan answer, 1)
	before := r.get(script, "/")
	go func() {
		status, body, err := r.request(http.MethodGet, script, "/hang")
		done <- answer{status, body, err}
	}()
	eventually(r.t, "the request is in the engine", func() bool { return r.get(script, "/") != before })
	return done
}

func TestWaitUntilFinishesBeforeTheSwap(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir(), func(o *local.Options) { o.Trace = local.TraceAlways })
	r.publish(counter("counter"))
	r.get("counter", "/later")
	r.publish(recount("counter", "2"))
	r.wantBody("counter", "/", "1")

	// The same when the runtime ends.
	r.get("counter", "/later")
	r.close()
	open(t, r.dir).wantBody("counter", "/", "2")
}

// fragile returns the path of an engine that does not start with the objects
// if its configuration holds the word FRAGILE, as long as broken is true. As
// a candidate it does start.
func fragile(t *testing.T) (path string, broken func(bool)) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the engine is a shell script")
	}
	path = filepath.Join(t.TempDir(), "engine")
	flag := path + ".broken"
	script := fmt.Sprintf(`#!/bin/sh
for config; do :; done
if test -e '%s' && grep -q FRAGILE "$config" && grep -q paddock:objects "$config"; then
	echo 'the disk is on fire' >&2
	exit 1
fi
exec '%s' "$@"
`, flag, enginetest.Binary(t))
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path, func(on bool) {
		err := os.Remove(flag)
		if on {
			err = os.WriteFile(flag, nil, 0o600)
		}
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
}

// An engine that starts as a candidate but not with the objects is no fault
// of the script's, and must not leave its owner without service.
func TestVersionWhoseEngineFailsIsTakenBack(t *testing.T) {
	t.Parallel()
	engine, broken := fragile(t)
	r := open(t, t.TempDir(), func(o *local.Options) { o.Engine = engine })
	r.publish(counter("counter"))
	first := r.publish(recount("counter", "1"))
	r.count("counter", 1)
	broken(true)
	_, err := r.Publish(t.Context(), recount("counter", "FRAGILE"))
	if err == nil || !strings.Contains(err.Error(), "version "+first.Version.ID+" is in force again") || !strings.Contains(err.Error(), "the disk is on fire") {
		t.Errorf("publish: %v", err)
	}
	r.wantBody("counter", "/version", "1")
	r.wantBody("counter", "/", "1")
	list, err := r.Deployments(t.Context(), "counter")
	if err != nil || len(list) != 4 || list[0].Version != first.Version.ID {
		t.Errorf("deployments %+v, %v: want a fourth one, of the version before", list, err)
	}
}

// After a migration there is no way back: the code before knows the classes
// as they were. So the engine is tried until it starts.
func TestMigratedVersionWhoseEngineFailsIsRetried(t *testing.T) {
	t.Parallel()
	engine, broken := fragile(t)
	r := open(t, t.TempDir(), func(o *local.Options) { o.Engine = engine })
	r.publish(counter("counter"))
	r.publish(counter("other"))
	r.count("counter", 1)
	broken(true)
	_, err := r.Publish(t.Context(), upload("counter", renamed("Tally"), binds("Tally", ""), text("VERSION", "FRAGILE"),
		migrates("v1", "v2", rename("Counter", "Tally"))))
	if err == nil || !strings.Contains(err.Error(), "is being retried") {
		t.Errorf("publish: %v", err)
	}
	status, body, err := r.request(http.MethodGet, "counter", "/")
	if err != nil || status != http.StatusServiceUnavailable || !strings.Contains(body, `The engine of script "counter" is down.`) {
		t.Errorf("without an engine: %d %q, %v", status, body, err)
	}
	if g := r.group("counter"); g.PID != 0 || !strings.Contains(g.Error, "the disk is on fire") {
		t.Errorf("status of the group: %+v", g)
	}
	r.wantBody("other", "/", "0")

	// A runtime that starts meanwhile serves what it can.
	r.close()
	again := open(t, r.dir, func(o *local.Options) { o.Engine = engine })
	again.wantBody("other", "/", "0")
	broken(false)
	eventually(t, "the engine starts when its fault is gone", func() bool {
		status, body, err := again.request(http.MethodGet, "counter", "/")
		return err == nil && status == http.StatusOK && body == "1"
	})
	if g := again.group("counter"); g.PID == 0 || g.Error != "" {
		t.Errorf("status of the group: %+v", g)
	}
}

// Every request is logged, with the script that answered it.
func TestRequestsAreLogged(t *testing.T) {
	t.Parallel()
	log := make(chan gateway.Access, 10)
	r := open(t, t.TempDir(), func(o *local.Options) { o.OnAccess = func(a gateway.Access) { log <- a } })
	r.publish(counter("counter"))
	r.get("counter", "/increment?x=1")
	if a := <-log; a.Script != "counter" || a.Path != "/increment?x=1" || a.Status != http.StatusOK {
		t.Errorf("logged %+v", a)
	}
	if status, _, err := r.request(http.MethodGet, "nobody", "/"); err != nil || status != http.StatusNotFound {
		t.Errorf("unknown host: %d, %v", status, err)
	}
	if a := <-log; a.Script != "" || a.Status != http.StatusNotFound {
		t.Errorf("logged %+v", a)
	}
	r.SetDefault("counter")
	r.wantBody("nobody", "/", "1")
}

func TestOpenNeedsAFolderOfItsOwn(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err := local.New(options(t, file)).Open(t.Context())
	if err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("open on a file: %v", err)
	}
	if errors.As(err, new(*local.LockedError)) {
		t.Errorf("open on a file: %v is a LockedError", err)
	}
}
