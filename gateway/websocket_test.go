package gateway

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// echo is a backend that sends every message back.
func echo(t testing.TB) Endpoint {
	upgrader := websocket.Upgrader{
		Subprotocols: []string{"chat.v2"}, EnableCompression: true, CheckOrigin: func(*http.Request) bool { return true },
	}
	return backend(t, func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, http.Header{"X-From": {"engine"}})
		if err != nil {
			return
		}
		defer conn.Close()
		for {
			kind, message, err := conn.ReadMessage()
			if err != nil || conn.WriteMessage(kind, message) != nil {
				return
			}
		}
	})
}

func dialWebSocket(t testing.TB, f *front, dialer websocket.Dialer) (*websocket.Conn, *http.Response) {
	t.Helper()
	conn, res, err := dialer.DialContext(t.Context(), "ws://"+f.addr+"/room", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	return conn, res
}

// exchangeMessage sends a message and checks that it comes back.
func exchangeMessage(t testing.TB, conn *websocket.Conn, kind int, message []byte) {
	t.Helper()
	if err := conn.WriteMessage(kind, message); err != nil {
		t.Fatal(err)
	}
	gotKind, got, err := conn.ReadMessage()
	if err != nil || gotKind != kind || !bytes.Equal(got, message) {
		t.Fatalf("got kind %d, %d bytes, %v; want kind %d, %d bytes", gotKind, len(got), err, kind, len(message))
	}
}

func TestWebSocket(t *testing.T) {
	for _, compressed := range []bool{false, true} {
		f := newFront(t, Options{}, echo(t))
		conn, res := dialWebSocket(t, f, websocket.Dialer{Subprotocols: []string{"chat.v1", "chat.v2"}, EnableCompression: compressed})
		if conn.Subprotocol() != "chat.v2" || res.Header.Get("X-From") != "engine" {
			t.Errorf("subprotocol %q, headers %v", conn.Subprotocol(), res.Header)
		}
		exchangeMessage(t, conn, websocket.TextMessage, []byte("hello"))
		for _, size := range []int{0, 125, 126, 65535, 65536, 1 << 20} {
			message := make([]byte, size)
			for i := range message {
				message[i] = byte(rand.Uint32())
			}
			exchangeMessage(t, conn, websocket.BinaryMessage, message)
		}
		_ = conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(4001, "bye"))
		if _, _, err := conn.ReadMessage(); !websocket.IsCloseError(err, 4001) {
			t.Errorf("after closing with 4001: %v", err)
		}
		log := f.access(t)
		if log.Status != 101 || !log.WebSocket || log.Err != "" || log.Bytes < 100 || log.Path != "/room" {
			t.Errorf("access log: %+v", log)
		}
	}
}

func TestWebSocketIsClosedWithTheGate(t *testing.T) {
	f := newFront(t, Options{}, echo(t))
	conn, _ := dialWebSocket(t, f, websocket.Dialer{})
	exchangeMessage(t, conn, websocket.TextMessage, []byte("hello"))
	start := time.Now()
	f.gate.Close()
	_, _, err := conn.ReadMessage() // gorilla answers the close frame
	if !websocket.IsCloseError(err, websocket.CloseServiceRestart) {
		t.Errorf("the client sees %v, want close code 1012", err)
	}
	if err := f.gate.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took >= closeWait {
		t.Errorf("closing took %v: the client's close frame was not noticed", took)
	}
	if log := f.access(t); log.Status != 101 || log.Err != errDismissed.Error() {
		t.Errorf("access log: %+v", log)
	}
}

// A client that does not answer the close frame holds the gate up for a bounded time only.
func TestWebSocketOfSilentClientIsClosed(t *testing.T) {
	f := newFront(t, Options{}, echo(t))
	conn, _ := dialWebSocket(t, f, websocket.Dialer{})
	exchangeMessage(t, conn, websocket.TextMessage, []byte("hello"))
	f.gate.Close()
	if err := f.gate.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	if _, _, err := conn.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseServiceRestart) {
		t.Errorf("the client sees %v, want close code 1012", err)
	}
}

func TestDeadlineCutsWebSockets(t *testing.T) {
	f := newFront(t, Options{}, echo(t))
	conn, _ := dialWebSocket(t, f, websocket.Dialer{})
	exchangeMessage(t, conn, websocket.TextMessage, []byte("hello"))
	drainNow(t, f.gate, 1)
	if _, _, err := conn.ReadMessage(); err == nil {
		t.Error("the socket still works")
	}
}

// handshakeAnswer is what a raw engine says to a WebSocket handshake. The raw client does not check the accept value.
const handshakeAnswer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n"

const handshake = "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"

// shakeHands opens a WebSocket on a raw connection.
func shakeHands(t *testing.T, f *front) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn := dial(t, f.addr)
	send(t, conn, handshake)
	r := bufio.NewReader(conn)
	res, err := http.ReadResponse(r, nil)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(res, err)
	}
	return conn, r
}

// The engine is on its way out and may never answer a close frame. The client's is enough, and is passed on.
func TestClosingDoesNotNeedTheEngine(t *testing.T) {
	got := make(chan string, 1)
	f := newFront(t, Options{}, rawBackend(t, func(conn net.Conn) {
		_, _ = http.ReadRequest(bufio.NewReader(conn))
		_, _ = io.WriteString(conn, handshakeAnswer)
		frame := make([]byte, 8)
		_, _ = io.ReadFull(conn, frame)
		got <- string(frame)
		<-t.Context().Done()
	}))
	conn, r := shakeHands(t, f)
	start := time.Now()
	f.gate.Close()
	want := closeFrame(closeRestart, "Service Restart")
	frame := make([]byte, len(want))
	if _, err := io.ReadFull(r, frame); err != nil || !bytes.Equal(frame, want) {
		t.Fatalf("the client got %q, %v", frame, err)
	}
	answer := "\x88\x82mask\x6e\x95"
	send(t, conn, answer)
	if rest := receiveFrom(t, got); rest != answer {
		t.Errorf("the engine got %q, want the client's close frame", rest)
	}
	if err := f.gate.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took >= closeWait {
		t.Errorf("closing took %v", took)
	}
}

// The gate closes while half a frame has been passed on. The rest of it comes first, then our close frame, and nothing
// of what the engine says after that.
func TestCloseFrameWaitsForTheFrameAtHand(t *testing.T) {
	more := make(chan struct{})
	f := newFront(t, Options{}, rawBackend(t, func(conn net.Conn) {
		_, _ = http.ReadRequest(bufio.NewReader(conn))
		_, _ = io.WriteString(conn, handshakeAnswer+"\x81\x05he")
		<-more
		_, _ = io.WriteString(conn, "llo\x81\x03too\x81\x04late")
		_, _ = io.Copy(io.Discard, conn)
	}))
	_, r := shakeHands(t, f)
	half := make([]byte, 4)
	if _, err := io.ReadFull(r, half); err != nil {
		t.Fatal(err)
	}
	f.gate.Close()
	waitFor(t, "the socket is leaving", func() bool { return f.leavingSockets(t) == 1 })
	close(more)
	rest, err := io.ReadAll(r)
	want := "llo" + string(closeFrame(1012, "Service Restart"))
	if string(rest) != want {
		t.Errorf("after the gate has closed the client got %q (%v), want %q", rest, err, want)
	}
}

// leavingSockets counts the visits whose goodbye is under way.
func (f *front) leavingSockets(t testing.TB) int {
	t.Helper()
	f.gate.mu.Lock()
	defer f.gate.mu.Unlock()
	n := 0
	for v := range f.gate.visits {
		s := v.conn.(*webSocket)
		s.mu.Lock()
		if s.leaving {
			n++
		}
		s.mu.Unlock()
	}
	return n
}

// What a client sends together with its handshake must reach the engine.
func TestFramesRightAfterTheHandshake(t *testing.T) {
	early := "\x81\x85\x00\x00\x00\x00early"
	got := make(chan string, 1)
	f := newFront(t, Options{}, rawBackend(t, func(conn net.Conn) {
		r := bufio.NewReader(conn)
		_, _ = http.ReadRequest(r)
		_, _ = io.WriteString(conn, handshakeAnswer)
		frame := make([]byte, len(early))
		_, _ = io.ReadFull(r, frame)
		got <- string(frame)
	}))
	send(t, dial(t, f.addr), handshake+early)
	if frame := receiveFrom(t, got); frame != early {
		t.Errorf("the engine got %q", frame)
	}
}

// An engine that dies takes its sockets with it, and a client that vanishes its request.
func TestWebSocketEndsWithEitherSide(t *testing.T) {
	t.Run("engine", func(t *testing.T) {
		f := newFront(t, Options{}, rawBackend(t, func(conn net.Conn) {
			_, _ = http.ReadRequest(bufio.NewReader(conn))
			_, _ = io.WriteString(conn, handshakeAnswer)
		}))
		conn := dial(t, f.addr)
		send(t, conn, handshake)
		if _, err := io.ReadAll(conn); err != nil {
			t.Error(err)
		}
		f.access(t)
	})
	t.Run("client", func(t *testing.T) {
		f := newFront(t, Options{}, echo(t))
		conn, _ := dialWebSocket(t, f, websocket.Dialer{})
		exchangeMessage(t, conn, websocket.TextMessage, []byte("hello"))
		_ = conn.NetConn().Close()
		if log := f.access(t); log.Status != 101 {
			t.Errorf("access log: %+v", log)
		}
	})
	// As the real one does it with the socket of an object that hibernates.
	t.Run("client, and the engine keeps its side open", func(t *testing.T) {
		f := newFront(t, Options{}, rawBackend(t, func(conn net.Conn) {
			_, _ = http.ReadRequest(bufio.NewReader(conn))
			_, _ = io.WriteString(conn, handshakeAnswer)
			<-t.Context().Done()
		}))
		conn, _ := shakeHands(t, f)
		_ = conn.Close()
		if log := f.access(t); log.Status != 101 || log.Err != "" {
			t.Errorf("access log: %+v", log)
		}
	})
}

func TestRefusedWebSocketIsAnOrdinaryAnswer(t *testing.T) {
	f := newFront(t, Options{}, backend(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) }))
	_, res, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+f.addr, nil)
	if !errors.Is(err, websocket.ErrBadHandshake) || res.StatusCode != http.StatusForbidden {
		t.Errorf("got %v, %v", res, err)
	}
}

// The tracker must find every boundary, however the bytes are cut into pieces.
func TestFramesFindBoundaries(t *testing.T) {
	frame := func(first byte, mask bool, size int) string {
		var b strings.Builder
		bit := byte(0)
		if mask {
			bit = 0x80
		}
		b.WriteByte(first)
		switch {
		case size < 126:
			b.WriteByte(bit | byte(size))
		case size < 1<<16:
			b.Write([]byte{bit | 126, byte(size >> 8), byte(size)})
		default:
			b.Write([]byte{bit | 127, 0, 0, 0, 0, 0, byte(size >> 16), byte(size >> 8), byte(size)})
		}
		if mask {
			b.WriteString("mask")
		}
		b.WriteString(strings.Repeat("\x88", size))
		return b.String()
	}
	for _, mask := range []bool{false, true} {
		var stream string
		boundaries := map[int]bool{0: true}
		for _, size := range []int{0, 1, 125, 126, 300, 65535, 65536, 70000, 0, 0, 5} {
			stream += frame(0x82, mask, size)
			boundaries[len(stream)] = true
		}
		for _, most := range []int{1, 2, 3, 7, 1000, 100000} {
			var f frames
			for at := 0; at < len(stream); {
				n := min(1+rand.IntN(most), len(stream)-at)
				f.follow([]byte(stream[at : at+n]))
				at += n
				if f.atBoundary() != boundaries[at] {
					t.Fatalf("mask %v, pieces up to %d: boundary %v at %d", mask, most, f.atBoundary(), at)
				}
			}
			if f.closed {
				t.Fatal("took a payload for a close frame")
			}
			f.follow([]byte(frame(0x88, mask, 2)))
			if !f.closed {
				t.Fatal("did not notice the close frame")
			}
		}
	}
}
