package local_test

import (
	"context"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

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
	r.publish(counter("counter"))
	stop := watchEngines(t, r.dir, r.namespace("counter", "Counter"))
	tally := r.increments("counter", 4)
	for kills := 1; kills <= 3; kills++ {
		tally.await(20)
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
	tally.await(20)
	acked, unknown := tally.stop()
	if got := atoi(t, r.get("counter", "/")); got < acked || got > acked+unknown {
		t.Errorf("counted %d; %d were acknowledged, of %d it is not known", got, acked, unknown)
	}
	stop()
	// A swap is no crash, and does not forget the crashes.
	r.publish(recount("counter", "2"))
	if g := r.group("counter"); g.Restarts.Count != 3 {
		t.Errorf("after a publish the group is %+v", g)
	}
	if n := len(r.crashes); n != 0 {
		t.Errorf("%d more crashes were reported", n)
	}
}

// A tally counts increments that were acknowledged and those that failed,
// which may have been done all the same.
type tally struct {
	t      *testing.T
	cancel context.CancelFunc
	all    sync.WaitGroup

	mu             sync.Mutex
	acked, unknown int
}

// increments has clients increment a counter until they are stopped.
func (r *rig) increments(script string, clients int) *tally {
	y := &tally{t: r.t}
	var ctx context.Context
	ctx, y.cancel = context.WithCancel(context.Background())
	for range clients {
		y.all.Go(func() {
			for ctx.Err() == nil {
				status, _, err := r.request(http.MethodPost, script, "/increment")
				y.mu.Lock()
				if err == nil && status == http.StatusOK {
					y.acked++
				} else {
					y.unknown++
				}
				y.mu.Unlock()
			}
		})
	}
	r.t.Cleanup(func() { y.stop() })
	return y
}

// await waits until so many more increments are acknowledged.
func (y *tally) await(more int) {
	y.t.Helper()
	want := y.count() + more
	eventually(y.t, "increments are acknowledged", func() bool { return y.count() >= want })
}

func (y *tally) count() int {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.acked
}

func (y *tally) stop() (acked, unknown int) {
	y.cancel()
	y.all.Wait()
	return y.acked, y.unknown
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
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("a publish over a looping script took %v", took)
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
			if pids := enginesIn(t, r.dir); len(pids) > 0 {
				t.Errorf("engines %v still use the folder", pids)
			}
		})
	}
}
