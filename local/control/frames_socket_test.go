package control

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

const patience = 10 * time.Second // more than any step of these tests takes

// socketServer upgrades every request and serves it; the socket, the texts it
// receives and the error of Serve come out of its channels.
type socketServer struct {
	*httptest.Server
	sockets chan *socket
	texts   chan string
	ended   chan error
}

func startSocketServer(t *testing.T, opts socketOptions) *socketServer {
	s := &socketServer{sockets: make(chan *socket, 1), texts: make(chan string, 16), ended: make(chan error, 1)}
	var handlers sync.WaitGroup
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handlers.Add(1)
		defer handlers.Done()
		if err := admit(w, r, "trace-v1"); err != nil {
			s.ended <- err
			return
		}
		socket, err := upgrade(w, r, "trace-v1", opts)
		if err != nil {
			s.ended <- err
			return
		}
		s.sockets <- socket
		s.ended <- socket.Serve(func(text []byte) { s.texts <- string(text) })
	}))
	t.Cleanup(func() {
		s.Close()
		handlers.Wait()
	})
	return s
}

// receive waits for the next value of a channel.
func receive[T any](t *testing.T, from <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("no %s within %v", what, patience)
		panic("unreachable")
	}
}

// dialGorilla connects a client that masks every frame.
func dialGorilla(t *testing.T, s *socketServer) *websocket.Conn {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{"other", "trace-v1"}, EnableCompression: true}
	conn, resp, err := dialer.Dial("ws"+strings.TrimPrefix(s.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if got := resp.Header.Get("Sec-WebSocket-Protocol"); got != "trace-v1" {
		t.Errorf("subprotocol %q, want trace-v1", got)
	}
	if got := resp.Header.Get("Sec-WebSocket-Extensions"); got != "" {
		t.Errorf("extensions %q, want none", got)
	}
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// rawPeer is a client that sends the bytes it is told to.
type rawPeer struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
}

// handshake is the request of RFC 6455's example, whose answer is known.
const handshake = "GET /tail HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: trace-v1\r\n\r\n"

// dialRaw connects; extra is sent in the same segment as the handshake.
func dialRaw(t *testing.T, s *socketServer, extra string) *rawPeer {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return shakeHands(t, conn, handshake+extra)
}

// shakeHands sends a handshake and checks the answer.
func shakeHands(t *testing.T, conn net.Conn, request string) *rawPeer {
	t.Helper()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	p := &rawPeer{t: t, conn: conn, r: bufio.NewReader(conn)}
	p.send(request)
	resp, err := http.ReadResponse(p.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := resp.Header.Get("Sec-WebSocket-Accept"); resp.StatusCode != 101 || got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Fatalf("status %d, accept %q", resp.StatusCode, got)
	}
	return p
}

func (p *rawPeer) send(data string) {
	p.t.Helper()
	if _, err := io.WriteString(p.conn, data); err != nil {
		p.t.Fatal(err)
	}
}

// expect reads one frame and compares it.
func (p *rawPeer) expect(op opcode, payload string) {
	p.t.Helper()
	f, err := readFrame(p.r, maxMessage)
	if err != nil || !f.fin || f.op != op || string(f.payload) != payload {
		p.t.Fatalf("got opcode %d, payload %q, %v; want %d, %q", f.op, f.payload, err, op, payload)
	}
}

// expectEnd wants the server to have closed the TCP connection in due form.
func (p *rawPeer) expectEnd() {
	p.t.Helper()
	if _, err := p.r.ReadByte(); err != io.EOF {
		p.t.Fatalf("read after the end: %v, want io.EOF", err)
	}
}

func TestSocketMaskedPeer(t *testing.T) {
	s := startSocketServer(t, socketOptions{})
	client := dialGorilla(t, s)
	socket := receive(t, s.sockets, "socket")

	if err := client.WriteMessage(websocket.BinaryMessage, []byte("dropped")); err != nil {
		t.Fatal(err)
	}
	if err := client.WriteMessage(websocket.TextMessage, []byte(`{"debug":true}`)); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, s.texts, "text"); got != `{"debug":true}` {
		t.Errorf("server received %q", got)
	}
	for _, size := range []int{0, 125, 126, 0xFFFF, 0x10000, 3 << 20} {
		text := bytes.Repeat([]byte("é"), size/2)
		if err := socket.WriteText(text); err != nil {
			t.Fatal(err)
		}
		kind, got, err := client.ReadMessage()
		if err != nil || kind != websocket.TextMessage || !bytes.Equal(got, text) {
			t.Fatalf("client received %d bytes of kind %d, %v; want %d bytes of text", len(got), kind, err, len(text))
		}
	}
	closed := websocket.FormatCloseMessage(websocket.CloseGoingAway, "bye")
	if err := client.WriteControl(websocket.CloseMessage, closed, time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := client.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseGoingAway) {
		t.Errorf("client's close was answered with %v, want the same code", err)
	}
	if err := receive(t, s.ended, "end of Serve"); err != nil {
		t.Errorf("Serve: %v", err)
	}
	if err := socket.WriteText([]byte("late")); !errors.Is(err, errSocketClosed) {
		t.Errorf("write after the end: %v, want errSocketClosed", err)
	}
}

// Wrangler's first frame has no mask, its pings do, and it hangs up without a
// close frame.
func TestSocketWrangler(t *testing.T) {
	s := startSocketServer(t, socketOptions{})
	peer := dialRaw(t, s, "")
	peer.send(bare(0x81, `{"debug":false}`) + masked(0x89, "wrangler tail ping"))
	peer.expect(opPong, "wrangler tail ping")
	if got := receive(t, s.texts, "text"); got != `{"debug":false}` {
		t.Errorf("server received %q", got)
	}
	if err := receive(t, s.sockets, "socket").WriteText([]byte(`{"outcome":"ok"}`)); err != nil {
		t.Fatal(err)
	}
	peer.expect(opText, `{"outcome":"ok"}`)
	peer.conn.Close()
	if err := receive(t, s.ended, "end of Serve"); err == nil || !strings.Contains(err.Error(), "without a close frame") {
		t.Errorf("Serve: %v, want that the peer hung up", err)
	}
}

// Frames that arrive together with the handshake are in the HTTP server's
// buffer and must not be lost.
func TestSocketEarlyFrames(t *testing.T) {
	s := startSocketServer(t, socketOptions{})
	peer := dialRaw(t, s, bare(0x81, "early")+masked(0x89, "p"))
	peer.expect(opPong, "p")
	if got := receive(t, s.texts, "text"); got != "early" {
		t.Errorf("server received %q", got)
	}
}

func TestSocketBreach(t *testing.T) {
	tests := []struct{ name, input, code string }{
		{"reserved bit", masked(0xC1, "a"), "\x03\xea"},
		{"not UTF-8", masked(0x81, "\xff"), "\x03\xef"},
		{"too large", "\x81\xff\x00\x00\x00\x00\x00\x20\x00\x00", "\x03\xf1"},
		{"reserved close code", masked(0x88, "\x03\xed"), "\x03\xea"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := startSocketServer(t, socketOptions{})
			// What follows stays unread; it must not cost the peer the close frame.
			peer := dialRaw(t, s, tt.input+strings.Repeat("junk", 10_000))
			f, err := readFrame(peer.r, maxMessage)
			if err != nil || f.op != opClose || !strings.HasPrefix(string(f.payload), tt.code) {
				t.Fatalf("got opcode %d, payload %q, %v; want a close frame with %q", f.op, f.payload, err, tt.code)
			}
			peer.conn.Close()
			err = receive(t, s.ended, "end of Serve")
			if _, ok := errors.AsType[*protocolError](err); !ok {
				t.Errorf("Serve: %v, want a protocol error", err)
			}
		})
	}
}

func TestSocketClose(t *testing.T) {
	s := startSocketServer(t, socketOptions{})
	peer := dialRaw(t, s, "")
	socket := receive(t, s.sockets, "socket")
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		socket.Close(closeNormal, "expired")
	}()
	peer.expect(opClose, "\x03\xe8expired")
	select {
	case <-closed:
		t.Fatal("Close did not wait for the peer's close frame")
	default:
	}
	peer.send(masked(0x89, "no answer any more") + masked(0x88, "\x03\xe8"))
	peer.expectEnd()
	receive(t, closed, "end of Close")
	if err := receive(t, s.ended, "end of Serve"); err != nil {
		t.Errorf("Serve: %v", err)
	}
	socket.Close(closeNormal, "again")
}

// A peer that neither answers the close frame nor reads must not hold Close up,
// even while a write to it is stuck and other writers queue.
func TestSocketCloseIsBounded(t *testing.T) {
	s := startSocketServer(t, socketOptions{WriteTimeout: time.Hour, CloseTimeout: 50 * time.Millisecond})
	dialRaw(t, s, "")
	socket := receive(t, s.sockets, "socket")
	results := make(chan error, 3)
	for range cap(results) {
		go func() {
			for {
				if err := socket.WriteText(make([]byte, 1<<20)); err != nil {
					results <- err
					return
				}
			}
		}()
	}
	// A write is stuck once nobody has got the lock for a while.
	for stuck := time.Now(); time.Since(stuck) < 20*time.Millisecond; {
		if socket.writing.TryLock() {
			socket.writing.Unlock()
			stuck = time.Now()
		}
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		socket.Close(closeNormal, "")
	}()
	receive(t, closed, "end of Close")
	for range cap(results) {
		receive(t, results, "end of a writer")
	}
	if err := receive(t, s.ended, "end of Serve"); err != nil {
		t.Errorf("Serve: %v, want nil after Close", err)
	}
}

// Between the handshake and Serve somebody may already close the socket.
func TestSocketCloseBeforeServe(t *testing.T) {
	ours, theirs := net.Pipe()
	socket := newSocket(ours, bufio.NewReader(ours), socketOptions{})
	peer := &rawPeer{t: t, conn: theirs, r: bufio.NewReader(theirs)}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		socket.Close(closeNormal, "")
	}()
	peer.expect(opClose, "\x03\xe8")
	served := make(chan error, 1)
	go func() { served <- socket.Serve(nil) }()
	peer.send(masked(0x88, "\x03\xe8"))
	peer.expectEnd()
	receive(t, closed, "end of Close")
	if err := receive(t, served, "end of Serve"); err != nil {
		t.Errorf("Serve: %v", err)
	}
}

func TestSocketIdlePeer(t *testing.T) {
	s := startSocketServer(t, socketOptions{IdleTimeout: 50 * time.Millisecond})
	peer := dialRaw(t, s, "")
	peer.expect(opClose, "\x03\xe9no sign of life")
	peer.expectEnd()
	if err := receive(t, s.ended, "end of Serve"); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Serve: %v, want os.ErrDeadlineExceeded", err)
	}
}

// A client that never pings by itself is kept by its answers to our pings.
func TestSocketPingsKeepPeer(t *testing.T) {
	s := startSocketServer(t, socketOptions{PingInterval: 10 * time.Millisecond, IdleTimeout: 500 * time.Millisecond})
	client := dialGorilla(t, s)
	const wanted = 75 // takes longer than IdleTimeout
	pings := 0
	answer := client.PingHandler()
	enough := errors.New("enough pings")
	client.SetPingHandler(func(payload string) error {
		if pings++; pings == wanted {
			return enough
		}
		return answer(payload)
	})
	if _, _, err := client.ReadMessage(); !errors.Is(err, enough) {
		t.Errorf("after %d pings: %v", pings, err)
	}
}

func TestSocketHandshakeRefusals(t *testing.T) {
	tests := []struct {
		name, old, new string
		status         int
	}{
		{"method", "GET ", "POST ", 400},
		{"protocol", "HTTP/1.1", "HTTP/1.0", 400},
		{"no connection token", "keep-alive, Upgrade", "keep-alive", 426},
		{"other upgrade", "WebSocket\r", "h2c\r", 426},
		{"version", "Version: 13", "Version: 8", 426},
		{"short key", "dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=", 400},
		{"key not base64", "dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ!!", 400},
		{"other subprotocol", "Protocol: trace-v1", "Protocol: trace-v2, Trace-V1", 400},
		{"no subprotocol", "Sec-WebSocket-Protocol: trace-v1\r\n", "", 400},
		{"body", "trace-v1\r\n\r\n", "trace-v1\r\nContent-Length: 1\r\n\r\nx", 400},
	}
	s := startSocketServer(t, socketOptions{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conn, err := net.Dial("tcp", s.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			request := strings.Replace(handshake, tt.old, tt.new, 1)
			if request == handshake {
				t.Fatalf("%q is not in the handshake", tt.old)
			}
			if _, err := fmt.Fprint(conn, request); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != tt.status {
				t.Errorf("status %d, want %d", resp.StatusCode, tt.status)
			}
			if got := resp.Header.Get("Sec-WebSocket-Version"); (got == "13") != (tt.status == 426) {
				t.Errorf("Sec-WebSocket-Version %q with status %d", got, tt.status)
			}
			if err := receive(t, s.ended, "refusal"); err == nil {
				t.Error("admit gave no error")
			}
		})
	}
}

// A writer without Hijack cannot be upgraded; the client must learn of it.
func TestSocketWithoutHijack(t *testing.T) {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(handshake)))
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	if _, err := upgrade(w, r, "trace-v1", socketOptions{}); !errors.Is(err, http.ErrNotSupported) {
		t.Errorf("upgrade: %v, want http.ErrNotSupported", err)
	}
	if w.Code != http.StatusInternalServerError {
		t.Errorf("status %d, want 500", w.Code)
	}
}

// Texts, pings and a close from several goroutines must not tear each other's
// frames; the race detector watches.
func TestSocketHammer(t *testing.T) {
	s := startSocketServer(t, socketOptions{PingInterval: time.Millisecond})
	client := dialGorilla(t, s)
	socket := receive(t, s.sockets, "socket")
	const writers, each = 4, 50
	var running sync.WaitGroup
	for i := range writers {
		running.Go(func() {
			text := bytes.Repeat([]byte{byte('a' + i)}, 5000+i)
			for range each {
				if err := socket.WriteText(text); err != nil {
					t.Errorf("writer %d: %v", i, err)
				}
			}
		})
	}
	for range writers * each {
		_, text, err := client.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		i := int(text[0] - 'a')
		if len(text) != 5000+i || bytes.Count(text, text[:1]) != len(text) {
			t.Fatalf("a torn message of %d bytes begins with %q", len(text), text[0])
		}
	}
	running.Wait()
	for range 3 {
		running.Go(func() { socket.Close(closeNormal, "") })
	}
	if _, _, err := client.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		t.Errorf("got %v, want close 1000", err)
	}
	running.Wait()
}
