package local_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"paddock/internal/cfapi"
	"paddock/local"
	"paddock/tail"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// createTail creates a tail with filters in their wire form, or none.
func (r *rig) createTail(script, filters string) *local.Tail {
	r.t.Helper()
	parsed, err := tail.ParseFilters(json.RawMessage(filters))
	if err != nil {
		r.t.Fatal(err)
	}
	tl, err := r.CreateTail(r.t.Context(), script, parsed, "")
	if err != nil {
		r.t.Fatalf("create tail: %v", err)
	}
	return tl
}

func (r *rig) openTail(tl *local.Tail) *local.Tail {
	r.t.Helper()
	opened, err := r.OpenTail(r.t.Context(), tl.Token, loopback)
	if err != nil {
		r.t.Fatalf("open tail: %v", err)
	}
	return opened
}

// next returns the next item of a tail.
func next(t *testing.T, tl *local.Tail) tail.Item {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	text, err := tl.Next(ctx)
	if err != nil {
		t.Fatalf("next item: %v", err)
	}
	var item tail.Item
	if err := json.Unmarshal(text, &item); err != nil {
		t.Fatalf("item %s: %v", text, err)
	}
	return item
}

// nextAt skips items until one of a request to a path.
func nextAt(t *testing.T, tl *local.Tail, path string) tail.Item {
	t.Helper()
	for {
		item := next(t, tl)
		if item.Event != nil && item.Event.Request != nil && strings.HasSuffix(item.Event.Request.URL, path) {
			return item
		}
	}
}

// wantCollector waits for the collector of a script to be "on" or "off": the
// end of a tail does not wait for it.
func (r *rig) wantCollector(script, state string) {
	r.t.Helper()
	eventually(r.t, "the collector of "+script+" to be "+state, func() bool { return r.CollectorState(script) == state })
}

func TestTailBringsTheCollectorOnce(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	p := r.publish(counter("counter"))
	r.publish(counter("other"))
	pid, other := r.pid("counter"), r.pid("other")
	r.count("counter", 2)

	first := r.createTail("counter", "")
	if !first.NeedsUpdate || r.pid("counter") != pid {
		t.Errorf("created: needs update %v, pid %d, before %d", first.NeedsUpdate, r.pid("counter"), pid)
	}
	r.openTail(first)
	watched := r.pid("counter")
	if watched == pid || r.pid("other") != other || !r.group("counter").Traced || r.group("other").Traced {
		t.Errorf("opened: %+v", r.status().Groups)
	}
	r.wantBody("counter", "/", "2") // not lost in the swap

	r.get("counter", "/log")
	item := nextAt(t, first, "/log")
	if item.ScriptName != "counter" || item.ScriptVersion == nil || item.ScriptVersion.ID != p.Version.ID {
		t.Errorf("item of script %q, version %v", item.ScriptName, item.ScriptVersion)
	}
	if len(item.Logs) != 1 || string(item.Logs[0].Message[1]) != `{"path":"/log"}` {
		t.Errorf("logs %+v", item.Logs)
	}

	second := r.createTail("counter", "")
	if second.NeedsUpdate {
		t.Error("a second tail wants an update")
	}
	r.openTail(second)
	r.CloseTail(first.ID)
	r.get("counter", "/log?again")
	nextAt(t, second, "/log?again") // one of two was closed
	r.wantCollector("counter", "on")
	r.CloseTail(second.ID)
	r.CloseTail("unknown")
	r.wantCollector("counter", "off")
	if r.pid("counter") != watched {
		t.Error("the end of the tails swapped the engine")
	}
	// The collector goes with the next swap, and nothing else depends on it.
	r.publish(recount("counter", "2"))
	if r.group("counter").Traced {
		t.Error("a swap later the collector is still there")
	}
	r.wantBody("counter", "/", "2")
}

func TestObservedScriptIsTailedWithoutASwap(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(counter("counter", observed))
	pid := r.pid("counter")
	r.wantCollector("counter", "off")
	tl := r.createTail("counter", "")
	if tl.NeedsUpdate {
		t.Error("the tail wants an update although there is a collector")
	}
	r.openTail(tl)
	r.wantCollector("counter", "on")
	if got := r.pid("counter"); got != pid {
		t.Errorf("the tail swapped the engine: the pid was %d and is %d", pid, got)
	}
	r.get("counter", "/log")
	nextAt(t, tl, "/log")

	// A new version takes the collector over as it is, and so does a new
	// engine after a crash.
	r.publish(recount("counter", "2"))
	r.wantCollector("counter", "on")
	r.get("counter", "/version")
	nextAt(t, tl, "/version")
	kill(t, r.pid("counter"))
	<-r.crashes
	r.get("counter", "/log")
	nextAt(t, tl, "/log")

	pid = r.pid("counter")
	r.CloseTail(tl.ID)
	r.wantCollector("counter", "off")
	if got := r.pid("counter"); got != pid {
		t.Errorf("the pid was %d and is %d", pid, got)
	}
}

func TestTailsSeeTheirOwnScriptOnly(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(counter("owner", observed))
	r.publish(upload("caller", counterJS, binds("Counter", "owner"), observed))
	owner, caller := r.openTail(r.createTail("owner", "")), r.openTail(r.createTail("caller", ""))
	r.get("caller", "/increment?from=caller")
	if got := next(t, caller); got.ScriptName != "caller" || got.Entrypoint != "" {
		t.Errorf("the caller's tail shows %q, entrypoint %q", got.ScriptName, got.Entrypoint)
	}
	if got := next(t, owner); got.ScriptName != "owner" || got.Entrypoint != "Counter" || got.DurableObjectID == "" {
		t.Errorf("the owner's tail shows %q, entrypoint %q, object %q", got.ScriptName, got.Entrypoint, got.DurableObjectID)
	}
}

func TestExceptionsAreMappedToTheirSource(t *testing.T) {
	t.Parallel()
	seen := make(chan tail.Item, 10)
	r := open(t, t.TempDir(), func(o *local.Options) {
		o.Trace = local.TraceAlways
		o.OnItem = func(i tail.Item) { seen <- i }
	})
	p := r.publish(upload("thrower", "export default { fetch() {\n// line 2\nthrow new Error('mapped');\n} };",
		module("index.js.map", cfapi.TypeSourceMap, thirdLineMap)))
	tl := r.openTail(r.createTail("thrower", ""))
	if status, _, err := r.request(http.MethodGet, "thrower", "/"); err != nil || status != http.StatusInternalServerError {
		t.Errorf("%d, %v", status, err)
	}
	item := next(t, tl)
	if item.Outcome != "exception" || len(item.Exceptions) != 1 || !strings.Contains(item.Exceptions[0].Stack, "src/index.ts:11:1") {
		t.Errorf("outcome %s, exceptions %+v", item.Outcome, item.Exceptions)
	}

	// In process the stack comes as the engine gave it, for who explains it.
	raw := (<-seen).Exceptions[0].Stack
	if !strings.Contains(raw, "index.js:3:7") {
		t.Errorf("stack as it came: %q", raw)
	}
	explained := r.ExplainStack(p.Version.ID, raw)
	if !strings.Contains(explained.Stack(), "src/index.ts:11:1") || explained.Top.Line != 11 || len(explained.Code.Lines) > 0 {
		t.Errorf("explained: %+v: the map has no source", explained)
	}
	if got := r.ExplainStack("unknown", raw).Stack(); got != raw {
		t.Errorf("a stack of an unknown version became %q", got)
	}
}

func TestFiltersAndDebug(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(upload("hello", `export default { fetch() { return new Response("hello"); } };`, observed))
	posts := r.openTail(r.createTail("hello", `[{"method":["POST"]}]`))
	self := r.openTail(r.createTail("hello", `[{"client_ip":["self"]}]`))
	all := r.openTail(r.createTail("hello", `[{"method":["POST"]}]`))
	all.Debug(true)
	changed := r.openTail(r.createTail("hello", ""))
	filters, err := tail.ParseFilters(json.RawMessage(`[{"client_ip":["self"]},{"method":["POST"]}]`))
	if err != nil {
		t.Fatal(err)
	}
	changed.Filter(filters)
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		if _, _, err := r.request(method, "hello", "/"); err != nil {
			t.Fatal(err)
		}
	}
	for name, tl := range map[string]*local.Tail{"with a filter": posts, "with a filter sent later": changed} {
		if got := next(t, tl).Event.Request.Method; got != http.MethodPost {
			t.Errorf("the tail %s shows a %s", name, got)
		}
	}
	if got := next(t, self).Event.Request.Method; got != http.MethodGet {
		t.Errorf("the tail for this client shows a %s first", got)
	}
	if item := next(t, all); item.Event.Request.Method != http.MethodGet || string(item.FilteredBy) != `{"method":["POST"]}` {
		t.Errorf("the tail in debug mode shows a %s, filtered by %s", item.Event.Request.Method, item.FilteredBy)
	}
	if item := next(t, all); item.FilteredBy != nil {
		t.Errorf("an item that passes is filtered by %s", item.FilteredBy)
	}
}

func TestTailsThatAreNot(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(counter("counter", observed))
	_, err := r.CreateTail(t.Context(), "nowhere", tail.Filters{}, "")
	if refusal, ok := errors.AsType[*local.Refusal](err); !ok || refusal.Code != cfapi.CodeScriptNotFound {
		t.Errorf("tail of a script that is not there: %v", err)
	}
	wantNoTail := func(what, token string) {
		t.Helper()
		if _, err := r.OpenTail(t.Context(), token, loopback); !errors.Is(err, local.ErrNoTail) {
			t.Errorf("open a tail %s: %v, want ErrNoTail", what, err)
		}
	}
	wantNoTail("that was never created", "no such token")
	once := r.openTail(r.createTail("counter", ""))
	wantNoTail("for the second time", once.Token)
	deleted := r.createTail("counter", "")
	r.CloseTail(deleted.ID)
	wantNoTail("that was deleted", deleted.Token)
	late := r.createTail("counter", "")
	late.Expire()
	eventually(t, "a tail that nobody opens is forgotten", func() bool {
		_, err := late.Next(t.Context())
		return errors.Is(err, local.ErrNoTail)
	})
	wantNoTail("that nobody opened in time", late.Token)

	// The time of an open tail ends, too, and then nobody listens any more.
	r.wantCollector("counter", "on")
	once.Expire()
	if _, err := once.Next(t.Context()); !errors.Is(err, local.ErrNoTail) {
		t.Errorf("next of a tail whose time is over: %v", err)
	}
	eventually(t, "the collector is switched off", func() bool { return r.CollectorState("counter") == "off" })

	last := r.openTail(r.createTail("counter", ""))
	waiting := make(chan error, 1)
	go func() {
		_, err := last.Next(context.Background())
		waiting <- err
	}()
	r.close()
	if err := <-waiting; !errors.Is(err, local.ErrNoTail) {
		t.Errorf("next while the runtime ends: %v", err)
	}
	if _, err := r.CreateTail(t.Context(), "counter", tail.Filters{}, ""); !errors.Is(err, local.ErrClosed) {
		t.Errorf("create on a closed runtime: %v", err)
	}
	wantNoTail("of a closed runtime", last.Token)
}

func TestNextIsCancelled(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir(), func(o *local.Options) { o.Trace = local.TraceNever })
	r.publish(counter("counter"))
	tl := r.createTail("counter", "")
	if tl.NeedsUpdate {
		t.Error("a tail wants an update although nothing is ever traced")
	}
	pid := r.pid("counter")
	r.openTail(tl)
	if got := r.pid("counter"); got != pid {
		t.Errorf("the pid was %d and is %d", pid, got)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Millisecond, errors.New("called off"))
	defer cancel()
	if _, err := tl.Next(ctx); err == nil || err.Error() != "called off" {
		t.Errorf("next: %v", err)
	}
}

// With a collector that always reports, the raw lines of the console would
// come twice; what is printed before the engine serves comes once, and raw.
func TestConsoleLinesComeOnce(t *testing.T) {
	t.Parallel()
	const source = `console.log("at the top"); export default { fetch() { console.log("in a request"); return new Response(""); } };`
	for name, tt := range map[string]struct {
		trace local.TraceMode
		want  []string
	}{
		"traced":   {local.TraceAlways, []string{"at the top"}},
		"untraced": {local.TraceNever, []string{"at the top", "in a request"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines := make(chan string, 10)
			r := open(t, t.TempDir(), func(o *local.Options) {
				o.Trace = tt.trace
				o.OnOutput = func(out local.Output) { lines <- strings.Join(out.Scripts, ",") + ": " + out.Text }
			})
			r.publish(upload("talker", source))
			r.get("talker", "/")
			r.close() // reads to the end
			close(lines)
			var got []string
			for line := range lines {
				got = append(got, line)
			}
			if text := strings.Join(got, "; "); text != "talker: "+strings.Join(tt.want, "; talker: ") {
				t.Errorf("printed %s", text)
			}
		})
	}
}
