//go:build unix

package local_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"paddock/local"
	"paddock/tail"
)

// A logbook is a log that can be read while it is written.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logbook) has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), text)
}

// guarded gives a runtime a watchdog, and its log to the book.
func guarded(watchdog time.Duration, book *logbook) func(*local.Options) {
	return func(o *local.Options) {
		o.Watchdog = watchdog
		o.Log = slog.New(slog.NewTextHandler(book, nil))
	}
}

// crash returns the next crash.
func (r *rig) crash() local.Crash {
	r.t.Helper()
	select {
	case c := <-r.crashes:
		return c
	case <-time.After(patience):
		r.t.Fatal("no engine was ended")
		return local.Crash{}
	}
}

// wantReason expects a reason for the end of a script's engine wherever
// somebody may look for it.
func (r *rig) wantReason(script string, c local.Crash, book *logbook, reason string) {
	r.t.Helper()
	if !slices.Contains(c.Scripts, script) || !strings.Contains(c.Err.Error(), reason) || c.Retry <= 0 {
		r.t.Errorf("crash %+v, want %q", c, reason)
	}
	if g := r.group(script); g.Restarts.Count != 1 || g.Restarts.Last.IsZero() || !strings.Contains(g.Restarts.Reason, reason) {
		r.t.Errorf("status %+v, want %q", g.Restarts, reason)
	}
	// supervise writes after it has told of the crash
	eventually(r.t, "the log says "+reason, func() bool { return book.has(reason) })
}

// noticeIn returns the next message that a tail has for the person who watches.
func noticeIn(t *testing.T, tl *local.Tail) string {
	t.Helper()
	for {
		if e := next(t, tl).Event; e != nil && e.Type != nil && *e.Type == tail.NoticeOverload {
			return *e.Message
		}
	}
}

const standstill = "the engine did not answer for 2 s: a script of it seems to loop for ever or to compute for long"

func TestEngineThatStandsStillIsStartedAgain(t *testing.T) {
	t.Parallel()
	var book logbook
	r := open(t, t.TempDir(), guarded(2*time.Second, &book))
	r.publish(counter("owner", observed))
	r.publish(upload("caller", counterJS, binds("Counter", "owner"), observed))
	r.publish(counter("free"))
	tails := map[string]*local.Tail{}
	for _, script := range []string{"owner", "caller"} {
		tails[script] = r.openTail(r.createTail(script, `[{"outcome":["exception"]}]`))
	}
	r.count("caller", 3)
	stuck, free := r.pid("owner"), r.pid("free")

	looping := r.begin("caller", "/loop")
	c := r.crash()
	r.wantReason("owner", c, &book, standstill+" (unanswered requests, oldest first: caller); it was killed and is started again")
	if got := <-looping; got.status != http.StatusBadGateway {
		t.Errorf("the request that looped is answered with %+v", got)
	}
	for script, tl := range tails {
		if got := noticeIn(t, tl); !strings.HasPrefix(got, script+": "+standstill) {
			t.Errorf("the tail of %s says %q", script, got)
		}
	}
	r.wantBody("caller", "/", "3")
	if r.pid("owner") == stuck || r.pid("free") != free {
		t.Errorf("engines: %+v, before %d and %d", r.status().Groups, stuck, free)
	}
	if g := r.group("free"); g.Restarts != (local.Restarts{}) {
		t.Errorf("another group has %+v", g.Restarts)
	}
	// It is guarded as the one before was.
	r.begin("caller", "/loop")
	r.crash()
	r.wantBody("caller", "/", "3")
}

func TestStoppedEngineIsStartedAgain(t *testing.T) {
	t.Parallel()
	var book logbook
	r := open(t, t.TempDir(), guarded(2*time.Second, &book))
	r.publish(counter("counter"))
	r.count("counter", 2)
	if err := syscall.Kill(r.pid("counter"), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	r.wantReason("counter", r.crash(), &book, standstill)
	r.wantBody("counter", "/", "2")
}

func TestEngineThatComputesIsLeftAlone(t *testing.T) {
	t.Parallel()
	var book logbook
	r := open(t, t.TempDir(), guarded(5*time.Second, &book))
	r.publish(upload("busy", `export default { fetch() {
		for (const end = Date.now() + 2000; Date.now() < end;);
		return new Response("computed");
	} };`))
	before := r.pid("busy")
	// Together they take longer than the watchdog waits.
	for range 3 {
		r.wantBody("busy", "/", "computed")
	}
	if got := r.pid("busy"); got != before || r.group("busy").Restarts.Count > 0 {
		t.Errorf("the engine was %d and is %d: %s", before, got, &book.text)
	}
}

func TestEngineThatIsDebuggedMayStandStill(t *testing.T) {
	t.Parallel()
	var book logbook
	var attached atomic.Bool
	var asked atomic.Int32
	attached.Store(true)
	r := open(t, t.TempDir(), guarded(2*time.Second, &book), func(o *local.Options) {
		o.Debugged = func(scripts []string) bool {
			asked.Add(1)
			return slices.Equal(scripts, []string{"counter"}) && attached.Load()
		}
	})
	r.publish(counter("counter"))
	stuck := r.pid("counter")
	r.begin("counter", "/loop")
	since := asked.Load()
	eventually(t, "it has stood still for longer", func() bool { return asked.Load() > since+20 }) // 4 s, at five looks a second
	if r.pid("counter") != stuck || len(r.crashes) > 0 {
		t.Error("it was killed")
	}
	attached.Store(false)
	r.wantReason("counter", r.crash(), &book, standstill)
}

// hog answers /slow after a while, keeps as many megabytes as /take?mb says,
// and otherwise tells how many it keeps.
const hog = `const kept = []; let mb = 0;
export default { async fetch(request) {
	const url = new URL(request.url);
	if (url.pathname === "/slow") { await scheduler.wait(2500); return new Response("slow"); }
	const more = Number(url.searchParams.get("mb") ?? 0);
	for (let i = 0; i < more; i++) { kept.push(new Uint8Array(1 << 20).fill(1)); mb++; }
	return new Response(String(mb));
} };`

func TestEngineOverItsMemoryIsReplaced(t *testing.T) {
	t.Parallel()
	var book logbook
	r := open(t, t.TempDir(), guarded(-1, &book), func(o *local.Options) { o.EngineMemory, o.DrainDeadline = 300_000_000, patience })
	r.publish(upload("hog", hog, observed))
	r.publish(counter("free"))
	tl := r.openTail(r.createTail("hog", ""))
	free := r.pid("free")
	slow := r.begin("hog", "/slow")
	r.wantBody("hog", "/take?mb=330", "330")
	c := r.crash()
	r.wantReason("hog", c, &book, " MB of memory, more than its limit of 300 MB; it was ended and is started again")
	if got := noticeIn(t, tl); !strings.Contains(got, "more than its limit") {
		t.Errorf("the tail says %q", got)
	}
	if got := <-slow; got.status != http.StatusOK || got.body != "slow" {
		t.Errorf("a request that was in flight is answered with %+v", got)
	}
	r.wantBody("hog", "/", "0")
	if r.pid("free") != free || len(r.crashes) > 0 {
		t.Errorf("engines: %+v", r.status().Groups)
	}
}

func TestEngineFarOverItsMemoryIsKilled(t *testing.T) {
	t.Parallel()
	var book logbook
	r := open(t, t.TempDir(), guarded(0, &book), func(o *local.Options) { o.EngineMemory = 150_000_000 })
	r.publish(upload("hog", hog))
	r.begin("hog", "/take?mb=600")
	r.wantReason("hog", r.crash(), &book, "of memory, more than twice its limit of 150 MB; it was killed and is started again")
	r.wantBody("hog", "/", "0")
}

// A swap must not cut the requests that a replacement waits for.
func TestSwapDuringAReplacement(t *testing.T) {
	t.Parallel()
	var book logbook
	r := open(t, t.TempDir(), guarded(0, &book), func(o *local.Options) { o.EngineMemory, o.DrainDeadline = 300_000_000, patience })
	r.publish(upload("hog", hog))
	r.get("hog", "/take?mb=330")
	slow := r.begin("hog", "/slow")
	eventually(t, "the engine is being replaced", func() bool { return book.has("engine is being replaced") })
	r.publish(upload("hog", strings.ReplaceAll(hog, `"slow"`, `"new"`)))
	if got := <-slow; got.status != http.StatusOK {
		t.Errorf("a request that was in flight is answered with %+v", got)
	}
	r.wantBody("hog", "/slow", "new")
}

func TestCloseDuringAStandstill(t *testing.T) {
	t.Parallel()
	var book logbook
	r := open(t, t.TempDir(), guarded(time.Minute, &book), func(o *local.Options) { o.DrainDeadline = 200 * time.Millisecond })
	r.publish(counter("counter"))
	looping := r.begin("counter", "/loop")
	impatient := &http.Client{Timeout: 200 * time.Millisecond}
	eventually(t, "the script loops", func() bool {
		_, _, err := r.requestFrom(impatient, http.MethodGet, "counter", "/")
		return err != nil
	})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := r.Close(ctx); err != nil {
		t.Error(err)
	}
	<-looping
	wantNoEngines(t, r.dir)
}
