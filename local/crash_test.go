package local_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"paddock/internal/soak"
	"paddock/local"
)

// kill ends a process as kill -9 does.
func kill(t *testing.T, pid int) {
	t.Helper()
	p, err := os.FindProcess(pid)
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		t.Fatalf("kill %d: %v", pid, err)
	}
}

func TestEngineThatIsKilledLosesNothing(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(underLoad(t, "counter", 0, ownCounters, creates("Counter")))
	stop := watchEngines(t, filepath.Join(r.dir, "objects", r.namespace("counter", "Counter")))
	load := r.load("counter", soak.Options{Lossy: true})
	for kills := 1; kills <= 3; kills++ {
		more(t, load, 20)
		before := r.pid("counter")
		kill(t, before)
		select {
		case c := <-r.crashes:
			if !slices.Equal(c.Scripts, []string{"counter"}) || c.Err == nil || c.Retry <= 0 {
				t.Errorf("crash %+v", c)
			}
		case <-time.After(patience):
			t.Fatal("nobody was told of the crash")
		}
		eventually(t, "the engine is there again", func() bool { return r.group("counter").PID != 0 })
		if g := r.group("counter"); g.PID == before || g.Restarts.Count != kills || g.Error != "" {
			t.Errorf("after %d kills the group is %+v", kills, g)
		}
	}
	more(t, load, 20)
	wantBalance(t, load)
	if n := load.Stop().Unavailable; n > 0 {
		t.Errorf("%d requests were turned away instead of waiting for the next engine", n)
	}
	stop()
	// A swap is no crash, and does not forget the crashes.
	r.publish(underLoad(t, "counter", 1, ownCounters))
	if g := r.group("counter"); g.Restarts.Count != 3 {
		t.Errorf("after a publish the group is %+v", g)
	}
	if n := len(r.crashes); n != 0 {
		t.Errorf("%d more crashes were reported", n)
	}
}

func TestEndlessLoopStaysInItsGroup(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir(), func(o *local.Options) { o.DrainDeadline = 500 * time.Millisecond })
	r.publish(counter("stuck"))
	r.publish(counter("free"))
	r.count("stuck", 1)
	done := make(chan answer, 1)
	go func() {
		status, body, err := r.request(http.MethodGet, "stuck", "/loop")
		done <- answer{status, body, err}
	}()
	impatient := &http.Client{Timeout: 200 * time.Millisecond}
	eventually(t, "the script loops", func() bool {
		_, _, err := r.requestFrom(impatient, http.MethodGet, "stuck", "/")
		return err != nil
	})
	for range 10 {
		r.get("free", "/increment")
	}
	// The way out is a new version. Nothing else gets the engine out of it.
	start := time.Now()
	r.publish(recount("stuck", "2"))
	if got := <-done; got.status != http.StatusServiceUnavailable {
		t.Errorf("the request that looped is answered with %+v", got)
	}
	r.wantBody("stuck", "/", "1")
	if took := time.Since(start); took > local.DefaultWatchdog {
		t.Errorf("a publish over a looping script took %v: not the publish ended the engine, but the watchdog", took)
	}
}

func TestCloseEndsALoopingEngine(t *testing.T) {
	t.Parallel()
	for name, trace := range map[string]local.TraceMode{"traced": local.TraceAlways, "untraced": local.TraceNever} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := open(t, t.TempDir(), func(o *local.Options) { o.DrainDeadline, o.Trace = 500*time.Millisecond, trace })
			// Nothing is in flight, so that the engine is not cut at the deadline.
			r.publish(upload("stuck", `export default { fetch(request, env, ctx) {
				ctx.waitUntil(scheduler.wait(1).then(() => { for (;;) {} }));
				return new Response("on its way");
			} };`))
			r.get("stuck", "/")
			impatient := &http.Client{Timeout: 200 * time.Millisecond}
			eventually(t, "the script loops", func() bool {
				_, _, err := r.requestFrom(impatient, http.MethodGet, "stuck", "/")
				return err != nil
			})
			start := time.Now()
			r.close()
			if took := time.Since(start); took > 8*time.Second {
				t.Errorf("close took %v", took)
			}
			wantNoEngines(t, r.dir)
		})
	}
}
