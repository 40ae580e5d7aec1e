package control

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"paddock/internal/cfapi"
	"paddock/tail"
)

// talking is a script whose requests log their path.
const talking = `export default { fetch(request) {
	const path = new URL(request.url).pathname;
	console.log("asked for", path);
	if (path == "/throw") throw new TypeError("thrown");
	return new Response("ok");
} };`

func (h *house) createTail(script, body string) cfapi.Tail {
	h.t.Helper()
	r := h.request("POST", account+"/workers/scripts/"+script+"/tails", strings.NewReader(body))
	r.Header.Set("Content-Type", "text/plain;charset=UTF-8") // as Wrangler sends it
	var t cfapi.Tail
	if err := json.Unmarshal(h.do(r).want(h.t, 200, 0).result, &t); err != nil {
		h.t.Fatal(err)
	}
	return t
}

// dialTail opens the WebSocket of a tail as a client that masks its frames.
func dialTail(address string, protocols ...string) (*websocket.Conn, *http.Response, error) {
	dialer := websocket.Dialer{Subprotocols: protocols, HandshakeTimeout: patience, EnableCompression: true}
	return dialer.Dial(address, nil)
}

// openRaw opens the WebSocket of a tail as a client that sends what it is told
// to. It returns once the tail delivers.
func (h *house) openRaw(address string) *rawPeer {
	h.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		h.t.Fatal(err)
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	return shakeHands(h.t, conn, strings.Replace(handshake, "/tail", u.Path, 1))
}

// settle returns when the server has obeyed everything sent so far.
func (p *rawPeer) settle() {
	p.t.Helper()
	p.send(masked(0x89, "wrangler tail ping"))
	p.expect(opPong, "wrangler tail ping")
}

// item reads frames up to the next item.
func (p *rawPeer) item() tail.Item {
	p.t.Helper()
	f, err := readFrame(p.r, maxMessage)
	if err != nil || f.op != opText {
		p.t.Fatalf("got opcode %d, %q, %v; want an item", f.op, f.payload, err)
	}
	return parseItem(p.t, f.payload)
}

func parseItem(t *testing.T, text []byte) tail.Item {
	t.Helper()
	var item tail.Item
	if err := json.Unmarshal(text, &item); err != nil {
		t.Fatalf("item %q: %v", text, err)
	}
	return item
}

// path tells which request an item is about.
func path(t *testing.T, item tail.Item) string {
	t.Helper()
	if len(item.Logs) != 1 || len(item.Logs[0].Message) != 2 || string(item.Logs[0].Message[0]) != `"asked for"` {
		t.Fatalf("item with the logs %+v", item.Logs)
	}
	return strings.Trim(string(item.Logs[0].Message[1]), `"`)
}

func TestCreateTail(t *testing.T) {
	h := newHouse(t)
	h.publish("s", form(talking))
	address := regexp.MustCompile(`^ws://` + regexp.QuoteMeta(strings.TrimPrefix(h.door.URL, "http://")) + `/tail/[0-9a-f]{64}$`)
	seen := map[string]bool{}
	for _, body := range []string{``, `{}`, `{"filters":[]}`, `{"filters":null}`, `{"filters":[{"outcome":["ok"]},{"newer":1}]}`} {
		tail := h.createTail("s", body)
		expires, err := time.Parse(time.RFC3339, tail.ExpiresAt)
		if err != nil || time.Until(expires) < 5*time.Hour {
			t.Errorf("%s: expires_at %q", body, tail.ExpiresAt)
		}
		if !address.MatchString(tail.URL) || tail.ID == "" || seen[tail.ID] || strings.Contains(tail.URL, tail.ID) || !tail.NeedsUpdate {
			t.Errorf("%s: tail %+v", body, tail)
		}
		seen[tail.ID] = true
	}
	tails := account + "/workers/scripts/s/tails"
	for _, body := range []string{`{`, `[]`, `{"filters":{}}`, `{"filters":[1]}`, `{"filters":[{"method":"GET"}]}`} {
		h.call("POST", tails, body).want(t, 400, cfapi.CodeMalformedBody)
	}
	a := h.call("POST", account+"/workers/scripts/unknown/tails", `{"filters":[]}`).want(t, 404, cfapi.CodeScriptNotFound)
	if len(a.errors) == 1 && a.errors[0].Message != "script_not_found" { // Wrangler prints it as it is
		t.Errorf("message %q", a.errors[0].Message)
	}
	// Wrangler waits for this answer before it exits, known or not.
	if a := h.call("DELETE", tails+"/unknown", "").want(t, 200, 0); string(a.result) != "null" {
		t.Errorf("result %s", a.result)
	}
}

// The whole way with paddock's own client: the log of a request arrives, and
// the client's end is the tail's.
func TestTailClient(t *testing.T) {
	h := newHouse(t)
	version := h.publish("s", form(talking)).DeploymentID
	connected, items := make(chan bool, 1), make(chan tail.Item, 10)
	client := &tail.Client{
		API: h.client, Script: "s",
		OnConnected: func(again bool) { connected <- again },
		OnMessage:   func(m []byte) error { items <- parseItem(t, m); return nil },
		OnWarning:   func(text string) { t.Errorf("warning %q", text) },
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- client.Run(ctx) }()
	if receive(t, connected, "connection") {
		t.Error("the first connection calls itself a second one")
	}
	h.says("s", "/a", "ok")
	item := receive(t, items, "item")
	if path(t, item) != "/a" || item.Outcome != "ok" || item.ScriptName != "s" || item.ScriptVersion == nil || item.ScriptVersion.ID != version ||
		item.Event == nil || item.Event.Request == nil || item.Event.Request.Method != "GET" || item.FilteredBy != nil {
		t.Errorf("item %+v", item)
	}
	h.fetch("GET", "s", "/throw")
	item = receive(t, items, "item")
	if item.Outcome != "exception" || len(item.Exceptions) != 1 || item.Exceptions[0].Name != "TypeError" || string(item.Exceptions[0].Message) != `"thrown"` {
		t.Errorf("item %+v", item)
	}
	cancel()
	if err := receive(t, ended, "end of the client"); err != nil {
		t.Error(err)
	}
	receive(t, h.left, "end of the tail")
}

// Wrangler's way: the first frame has no mask, pings want their payload back,
// filters and debug are obeyed at once. The end comes as close 1000 and the end
// of the connection: after any other Wrangler comes back.
func TestTailRawClient(t *testing.T) {
	h := newHouse(t)
	h.publish("s", form(talking))
	created := h.createTail("s", `{"filters":[{"method":["GET"]}]}`)
	peer := h.openRaw(created.URL)
	peer.send(bare(0x81, `{"debug":false}`))
	peer.settle()
	h.fetch("POST", "s", "/stopped")
	h.fetch("GET", "s", "/passed")
	if got := path(t, peer.item()); got != "/passed" {
		t.Errorf("item for %s", got)
	}

	// Other clients send the filters here.
	peer.send(masked(0x81, `{"filters":[{"method":["POST"]}]}`))
	peer.settle()
	h.fetch("GET", "s", "/stopped")
	h.fetch("POST", "s", "/posted")
	if got := path(t, peer.item()); got != "/posted" {
		t.Errorf("item for %s", got)
	}

	// What is not understood leaves everything as it was.
	peer.send(masked(0x81, `{"debug":true}`) + masked(0x81, `what?`) + masked(0x81, `{"filters":"all"}`) + masked(0x81, `{"unknown":1}`))
	peer.settle()
	h.fetch("GET", "s", "/marked")
	if item := peer.item(); path(t, item) != "/marked" || string(item.FilteredBy) != `{"method":["POST"]}` {
		t.Errorf("debug item %+v", item)
	}

	h.call("DELETE", account+"/workers/scripts/s/tails/"+created.ID, "").want(t, 200, 0)
	peer.expect(opClose, "\x03\xe8")
	peer.send(masked(0x88, "\x03\xe8"))
	peer.expectEnd()
	receive(t, h.left, "end of the tail")
}

// A handshake that is refused must not use up the tail; one that succeeded must.
func TestTailHandshake(t *testing.T) {
	h := newHouse(t)
	h.publish("s", form(talking))
	created := h.createTail("s", "")
	refused := func(address string, status int, protocols ...string) {
		t.Helper()
		conn, resp, err := dialTail(address, protocols...)
		if err == nil {
			conn.Close()
		}
		if resp == nil || resp.StatusCode != status {
			t.Errorf("handshake with %q: %v, %v; want status %d", protocols, resp, err, status)
		}
	}
	refused(created.URL, 400)
	refused(created.URL, 400, "trace-v2")
	refused("ws://"+h.door.Listener.Addr().String()+"/tail/"+strings.Repeat("0", 64), 404, "trace-v1")
	resp, err := h.door.Client().Get("http" + strings.TrimPrefix(created.URL, "ws"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUpgradeRequired || resp.Header.Get("Upgrade") != "websocket" {
		t.Errorf("a plain GET is answered with %s, Upgrade %q", resp.Status, resp.Header.Get("Upgrade"))
	}

	conn, resp, err := dialTail(created.URL, "trace-v2", "trace-v1")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := resp.Header.Get("Sec-WebSocket-Protocol"); got != "trace-v1" {
		t.Errorf("subprotocol %q", got)
	}
	refused(created.URL, 404, "trace-v1")
	if created = h.createTail("s", ""); created.NeedsUpdate {
		t.Error("the collector is there, and a second tail claims to need an update")
	}
}

// A runtime that stops says goodbye to its tails, and the API is not through
// before it has: the process ends next.
func TestTailEndsWithTheRuntime(t *testing.T) {
	h := newHouse(t)
	h.publish("s", form(talking))
	peer := h.openRaw(h.createTail("s", "").URL)
	if err := h.rt.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.door.Close()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		h.api.Close(t.Context())
	}()
	peer.expect(opClose, "\x03\xe8")
	select {
	case <-closed:
		t.Error("Close did not wait for the tail")
	case <-time.After(50 * time.Millisecond): // only a Close that is wrong can be missed here
	}
	peer.send(masked(0x88, "\x03\xe8"))
	peer.expectEnd()
	receive(t, closed, "end of Close")
}

// A client that does not answer must not keep the program from ending.
func TestTailIsCut(t *testing.T) {
	h := newHouse(t)
	h.api.sockets.CloseTimeout = time.Hour
	h.publish("s", form(talking))
	peer := h.openRaw(h.createTail("s", "").URL)
	if err := h.rt.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	peer.expect(opClose, "\x03\xe8") // and gives no answer
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		h.api.Close(ctx)
	}()
	receive(t, closed, "end of Close")
	receive(t, h.left, "end of the tail")
	peer.expectEnd()
}

// Wrangler drops the connection without a word when it is interrupted. Nothing
// of its tail may stay, or the script would be traced for ever.
func TestTailClientVanishes(t *testing.T) {
	for name, vanish := range map[string]func(*house) *rawPeer{
		"hangs up": func(h *house) *rawPeer {
			peer := h.openRaw(h.createTail("s", "").URL)
			peer.conn.Close()
			return peer
		},
		"silent": func(h *house) *rawPeer {
			h.api.sockets = socketOptions{IdleTimeout: 50 * time.Millisecond, PingInterval: 10 * time.Millisecond}
			return h.openRaw(h.createTail("s", "").URL)
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.publish("s", form(talking))
			vanish(h)
			receive(t, h.left, "end of the tail")
			status, err := h.client.RuntimeStatus(t.Context())
			if err != nil || len(status.Groups) != 1 || !status.Groups[0].Traced {
				t.Fatalf("the tail brought no collector: %+v, %v", status, err)
			}
			// The next swap leaves the collector out, since nobody listens.
			h.publish("s", form(talking+" // again"))
			status, err = h.client.RuntimeStatus(t.Context())
			if err != nil || status.Groups[0].Traced {
				t.Errorf("a tail is left: %+v, %v", status, err)
			}
		})
	}
}

// A tail that is never opened is no reason to trace.
func TestTailUnopened(t *testing.T) {
	h := newHouse(t)
	h.publish("s", form(talking))
	created := h.createTail("s", "")
	h.publish("s", form(talking+" // again"))
	if status, err := h.client.RuntimeStatus(t.Context()); err != nil || status.Groups[0].Traced {
		t.Errorf("status %+v, %v", status, err)
	}
	h.call("DELETE", fmt.Sprintf("%s/workers/scripts/s/tails/%s", account, created.ID), "").want(t, 200, 0)
	if _, resp, err := dialTail(created.URL, "trace-v1"); resp == nil || resp.StatusCode != 404 {
		t.Errorf("a deleted tail opens: %v, %v", resp, err)
	}
}

// Tails of one script get the same items, and go on through the swap of a
// publish.
func TestTailsSideBySide(t *testing.T) {
	h := newHouse(t)
	h.publish("s", form(talking))
	peers := []*rawPeer{h.openRaw(h.createTail("s", "").URL)}
	expect := func(want string) {
		t.Helper()
		h.says("s", want, "ok")
		for i, peer := range peers {
			if got := path(t, peer.item()); got != want {
				t.Errorf("tail %d: item for %s, want %s", i, got, want)
			}
		}
	}
	expect("/1")
	peers = append(peers, h.openRaw(h.createTail("s", "").URL))
	expect("/2")
	h.publish("s", form(talking+" // again"))
	expect("/3")
}
