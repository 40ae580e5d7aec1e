//go:build unix

package tail_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"paddock/engine"
	"paddock/engine/enginetest"
	"paddock/tail"
)

// watched is an engine that runs testdata/worker.js with the collector.
type watched struct {
	*engine.Process
	t     *testing.T
	items chan tail.Item
	lines chan string // raw output of the worker
}

func watch(t *testing.T, initial string) *watched { return watchWith(t, initial, "off") }

func watchWith(t *testing.T, initial, early string) *watched {
	t.Helper()
	source, err := os.ReadFile("testdata/worker.js")
	if err != nil {
		t.Fatal(err)
	}
	token := rand.Text()
	w := &watched{t: t, items: make(chan tail.Item, 1000), lines: make(chan string, 10000)}
	module := func(content []byte) []engine.Module {
		return []engine.Module{{Name: "index.js", Kind: engine.ESModule, Content: content}}
	}
	w.Process, err = engine.Start(t.Context(), engine.Options{
		Binary: enginetest.Binary(t),
		Token:  token,
		Config: engine.Config{Workers: []engine.Worker{{
			Name: "user", Modules: module(source), CompatibilityDate: "2026-04-07", Socket: true,
			Namespaces: []engine.Namespace{
				{Class: "Counter", Key: strings.Repeat("0a", 16), SQL: true},
				{Class: "Room", Key: strings.Repeat("0b", 16), SQL: true},
			},
			Bindings: []engine.Binding{
				engine.DurableObjectBinding("COUNTER", "Counter", ""), engine.DurableObjectBinding("ROOM", "Room", ""),
			},
			Tail: &engine.Tail{Service: "collector", Entrypoint: "Collector",
				Props: json.RawMessage(`{"script":"counter","version":"v1","token":"` + token + `"}`)},
		}, {
			Name: "collector", Modules: module([]byte(tail.Collector)), CompatibilityDate: "2026-04-07", Socket: true,
			Bindings: []engine.Binding{engine.TextBinding("INITIAL", initial), engine.TextBinding("EARLY", early)},
		}}},
		OnLine: func(line engine.Line) { w.lines <- line.Text },
		OnEvent: func(kind byte, payload []byte) {
			it, err := tail.Decode(kind, payload, tail.DecodeOptions{})
			if err != nil {
				t.Errorf("decode %.200s: %v", payload, err)
				return
			}
			w.items <- it
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Stop(0) })
	return w
}

// dial reaches a worker whatever address is asked for.
func (w *watched) dial(worker string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", w.SocketPath(worker))
	}
}

func (w *watched) request(worker, method, path string) string {
	client := http.Client{Transport: &http.Transport{DialContext: w.dial(worker), DisableKeepAlives: true}, Timeout: 10 * time.Second}
	request, err := http.NewRequest(method, "http://x"+path, nil)
	if err != nil {
		w.t.Error(err)
		return ""
	}
	response, err := client.Do(request)
	if err != nil {
		w.t.Errorf("%s %s: %v", method, path, err)
		return ""
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return string(body)
}

func (w *watched) get(path string) { w.request("user", http.MethodGet, path) }

func (w *watched) open(path string) *websocket.Conn {
	w.t.Helper()
	dialer := websocket.Dialer{NetDialContext: w.dial("user"), HandshakeTimeout: 10 * time.Second}
	conn, _, err := dialer.Dial("ws://x"+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close() })
	return conn
}

func (w *watched) say(conn *websocket.Conn, text string) {
	w.t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if err := conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		w.t.Fatal(err)
	}
	if _, _, err := conn.ReadMessage(); err != nil {
		w.t.Fatal(err)
	}
}

func hangUp(conn *websocket.Conn) {
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	_ = conn.WriteControl(websocket.CloseMessage, bye, time.Now().Add(10*time.Second))
	_, _, _ = conn.ReadMessage() // the answer
	conn.Close()
}

func (w *watched) next() tail.Item {
	w.t.Helper()
	select {
	case it := <-w.items:
		return it
	case <-time.After(10 * time.Second):
		w.t.Fatal("no item came")
		panic("unreachable")
	}
}

// expect takes as many items as there are summaries. Between invocations there
// is no order, so they are compared sorted.
func (w *watched) expect(want ...string) []tail.Item {
	w.t.Helper()
	var items []tail.Item
	var got []string
	for range want {
		it := w.next()
		items = append(items, it)
		got = append(got, tail.Summary(it))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		w.t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	return items
}

func TestCollectorReportsInvocations(t *testing.T) {
	w := watch(t, "on")
	for _, test := range []struct {
		path string
		want []string
	}{
		{"/ok", []string{`stateless ok GET /ok 201 log["hi" {"z":1,"a":["10"]}] error["Error: inner"] 1/true`}},
		{"/throw", []string{`stateless exception GET /throw log["before"] !Error "boom" 1/true`}},
		{"/wait-until", []string{`stateless ok GET /wait-until 200 log["late"] 1/true`}},
		{"/wait-until-rejects", []string{`stateless exception GET /wait-until-rejects 200 !Error "rejected" 1/true`}},
		{"/slow", []string{
			`stateless ok GET /slow log["start"] log["middle"] 1/false`,
			`stateless ok partial log["end"] 2/false`,
			`stateless ok GET /slow 200 3/true`,
		}},
		{"/do?a", []string{
			`durableObject ok GET /do?a 200 log["start" "?a"] 1/true`,
			`stateless ok GET /do?a 200 1/true`,
		}},
		{"/rpc", []string{
			`durableObject ok rpc Counter.increment log["by" 1] 1/true`,
			`stateless ok GET /rpc 200 1/true`,
		}},
		{"/nested", []string{
			`durableObject ok GET / 200 log["start" ""] 1/true`,
			`durableObject ok rpc Counter.increment log["by" 5] 1/true`,
			`durableObject ok rpc Counter.nested 1/true`,
			`stateless ok GET /nested 200 1/true`,
		}},
		{"/alarm", []string{
			`durableObject ok alarm log["alarm ran"] 1/true`,
			`durableObject ok rpc Counter.schedule 1/true`,
			`stateless ok GET /alarm 200 1/true`,
		}},
	} {
		t.Run(strings.Trim(test.path, "/"), func(t *testing.T) {
			w.t = t
			w.get(test.path)
			for _, it := range w.expect(test.want...) {
				if it.ScriptName != "counter" || it.ScriptVersion.ID != "v1" || it.EventTimestamp == 0 || it.Paddock.InvocationID == "" {
					t.Errorf("item %+v", it)
				}
				if object := it.ExecutionModel == "durableObject"; object != (len(it.DurableObjectID) == 64) {
					t.Errorf("%s has the object id %q", it.ExecutionModel, it.DurableObjectID)
				}
			}
		})
	}
}

// With EARLY an exception does not wait for waitUntil, and the item's last part
// has it again.
func TestCollectorReportsExceptionsEarly(t *testing.T) {
	w := watchWith(t, "on", "on")
	w.get("/throw-wait-until")
	early := w.expect(`stateless ok GET /throw-wait-until !Error "boom" 1/false`)[0]
	w.expect(`stateless ok partial log["late"] 2/false`)
	last := w.expect(`stateless exception GET /throw-wait-until !Error "boom" 3/true`)[0]
	if early.Paddock.InvocationID != last.Paddock.InvocationID {
		t.Error("the parts have different ids")
	}
	if w.get("/ok"); w.next().Paddock.Part != 1 {
		t.Error("a good request came in parts")
	}
}

// The exception of an object comes to the one who called it without its stack;
// the trace leads to the object's own.
func TestCollectorTellsTraces(t *testing.T) {
	w := watch(t, "on")
	w.get("/do?throw")
	w.get("/do?throw")
	traces := map[string]int{}
	for _, it := range w.expect(
		`durableObject exception GET /do?throw log["start" "?throw"] !TypeError "in the object" 1/true`,
		`durableObject exception GET /do?throw log["start" "?throw"] !TypeError "in the object" 1/true`,
		`stateless exception GET /do?throw !TypeError "in the object" 1/true`,
		`stateless exception GET /do?throw !TypeError "in the object" 1/true`,
	) {
		traces[it.Paddock.TraceID]++
		if object := it.ExecutionModel == "durableObject"; object != (it.Exceptions[0].Stack != "") {
			t.Errorf("%s has the stack %q", it.ExecutionModel, it.Exceptions[0].Stack)
		}
	}
	if len(traces) != 2 || traces[""] > 0 {
		t.Errorf("traces: %v, want two of two items", traces)
	}
}

func TestCollectorLimitsLines(t *testing.T) {
	w := watch(t, "on")
	w.get("/lines")
	it := w.next()
	if last := it.Logs[len(it.Logs)-1]; len(it.Logs) < 200 || len(it.Logs) > 270 || !it.Truncated || last.Level != "warn" {
		t.Errorf("%d lines, truncated %t, the last a %s", len(it.Logs), it.Truncated, last.Level)
	}
}

// Logs of an object go to its newest invocation, but status and outcome do not
// get mixed up, and nothing is lost.
func TestCollectorSurvivesOverlappingRequests(t *testing.T) {
	w := watch(t, "on")
	var requests sync.WaitGroup
	for range 3 {
		requests.Go(func() { w.get("/do?pause") })
	}
	requests.Wait()
	logs := 0
	for range 6 {
		it := w.next()
		logs += len(it.Logs)
		if it.Outcome != "ok" || it.Event.Response == nil || it.Event.Response.Status != http.StatusOK {
			t.Errorf("item %s", tail.Summary(it))
		}
	}
	if logs != 3 {
		t.Errorf("%d log lines, want 3", logs)
	}
}

func TestCollectorFollowsOpenSockets(t *testing.T) {
	w := watch(t, "on")
	conn := w.open("/classic")
	w.say(conn, "one")
	w.expect(`durableObject ok GET /classic log["got" "one"] 1/false`)
	w.say(conn, "throw")
	w.expect(`durableObject ok partial log["got" "throw"] 2/false`, `durableObject ok partial !RangeError "in timer" 3/false`)
	hangUp(conn)
	w.expect(
		`durableObject ok partial log["closed" 1000] 4/false`,
		`durableObject exception GET /classic !RangeError "in timer" 5/true`,
		`stateless ok GET /classic 1/true`,
	)
}

func TestCollectorReportsHibernatedSockets(t *testing.T) {
	w := watch(t, "on")
	conn := w.open("/hibernate")
	w.say(conn, "one")
	w.expect(`durableObject ok hibernated message log["woken by" "one"] 1/true`)
	hangUp(conn)
	w.expect(
		`durableObject ok hibernated close log["closed" 1000] 1/true`,
		`durableObject ok GET /hibernate 1/true`, // the upgrade is over only now
		`stateless ok GET /hibernate 1/true`,
	)
}

// A loop of log lines makes few parts, none of which repeats a line.
func TestCollectorGathersEarlyLines(t *testing.T) {
	w := watch(t, "on")
	w.say(w.open("/classic"), "many")
	parts := 0
	for lines := 0; lines < 4; parts++ {
		it := w.next()
		if it.Paddock.Final {
			t.Fatalf("the socket is over: %s", tail.Summary(it))
		}
		lines += len(it.Logs)
	}
	if parts > 3 {
		t.Errorf("4 lines came in %d parts", parts)
	}
}

func TestCollectorSwitch(t *testing.T) {
	w := watch(t, "off")
	state := func(method, path, want string) {
		t.Helper()
		if got := w.request("collector", method, path); got != want {
			t.Errorf("%s %s answers %q, want %q", method, path, got, want)
		}
	}
	state(http.MethodGet, "/state", "off")
	w.get("/ok") // nobody sees it
	conn := w.open("/classic")
	w.say(conn, "unseen")
	state(http.MethodPost, "/on", "on")
	// Nothing of before comes, but the socket of before is followed.
	w.say(conn, "seen")
	w.expect(`durableObject ok GET /classic log["got" "seen"] 1/false`)
	state(http.MethodPost, "/off", "off")
	w.say(conn, "unseen")
	w.get("/ok")
	state(http.MethodPost, "/on", "on")
	w.get("/throw")
	w.expect(`stateless exception GET /throw log["before"] !Error "boom" 1/true`)
	state(http.MethodGet, "/on", "method not allowed\n")
	state(http.MethodPost, "/other", "not found\n")
}

// What has nothing to tell is left out, and what has something comes whole.
func TestCollectorNotable(t *testing.T) {
	w := watch(t, "notable")
	if got := w.request("collector", http.MethodGet, "/state"); got != "notable" {
		t.Errorf("the state is %q", got)
	}
	w.get("/404") // nobody sees it
	w.get("/throw")
	w.expect(`stateless exception GET /throw log["before"] !Error "boom" 1/true`)
	w.get("/404")
	w.get("/wait-until")
	w.expect(`stateless ok GET /wait-until 200 log["late"] 1/true`)
	if got := w.request("collector", http.MethodPost, "/on"); got != "on" {
		t.Errorf("POST /on answers %q", got)
	}
	w.get("/404")
	w.expect(`stateless ok GET /404 404 1/true`)
}

// What was under way when the engine is told to stop is still reported.
func TestCollectorLosesNothingAtTheEnd(t *testing.T) {
	w := watch(t, "on")
	var request sync.WaitGroup
	request.Go(func() { w.get("/do?pause") })
	select {
	case <-w.lines: // the object has begun
	case <-time.After(10 * time.Second):
		t.Fatal("no output came")
	}
	if err := w.Stop(10 * time.Second); err != nil {
		t.Error(err)
	}
	request.Wait()
	w.expect(`durableObject ok GET /do?pause 200 log["start" "?pause"] 1/true`, `stateless ok GET /do?pause 200 1/true`)
}
