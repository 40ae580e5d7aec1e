package gateway

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// closeRestart is the WebSocket close code that tells a client to connect again.
const closeRestart = 1012

// closeWait bounds the closing handshake: how long the frame at hand may take to end, and the client to answer.
const closeWait = time.Second

// webSocket is a client's connection after the handshake. The proxy copies bytes between it and the engine; it watches the
// frames that pass, so that a close frame of our own can be sent between two of the engine's.
type webSocket struct {
	net.Conn
	buffered *bufio.Reader           // what the client sent right after its handshake is read from here first
	started  func()                  // called once the handshake is out; nil afterwards
	stop     context.CancelCauseFunc // ends the connection to the engine

	fromClient frames      // only Read uses it
	said       atomic.Bool // our close frame is out: what the engine still says is dropped

	mu       sync.Mutex // held while writing to the client
	toClient frames
	leaving  bool // say goodbye as soon as the frame at hand has ended
	sent     int64

	ending   sync.Mutex // guards what follows
	closed   bool
	deadline *time.Timer // of the closing handshake
	goodbye  sync.WaitGroup
}

// Read passes on what the client says.
func (s *webSocket) Read(p []byte) (int, error) {
	if s.started != nil {
		// The proxy begins to copy when it has flushed the answer to the handshake; no frame may overtake that.
		s.started()
		s.started = nil
	}
	if s.fromClient.closed && s.said.Load() {
		// Both have said goodbye. An error, as after io.EOF the proxy would wait for the engine's end too.
		return 0, errDismissed
	}
	n, err := s.read(p)
	s.fromClient.follow(p[:n])
	if errors.Is(err, io.EOF) {
		// The engine keeps its side of a hibernating socket open although the client is gone.
		s.endSoon()
	}
	return n, err
}

func (s *webSocket) read(p []byte) (int, error) {
	if n := s.buffered.Buffered(); n > 0 {
		return s.buffered.Read(p[:min(len(p), n)])
	}
	return s.Conn.Read(p)
}

// Write passes on what the engine says.
func (s *webSocket) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.leaving {
		return s.send(p)
	}
	if s.said.Load() {
		return len(p), nil
	}
	// The frame at hand ends somewhere in p, or later. What follows it is dropped.
	if _, err := s.send(p[:s.restOfFrame(p)]); err != nil {
		return 0, err
	}
	return len(p), s.sayGoodbye()
}

// restOfFrame returns how much of p belongs to the frame at hand.
func (s *webSocket) restOfFrame(p []byte) int {
	ahead := s.toClient // a copy: send will follow for good
	return ahead.next(p)
}

// send writes p to the client as it is. The caller holds mu.
func (s *webSocket) send(p []byte) (int, error) {
	n, err := s.Conn.Write(p)
	s.toClient.follow(p[:n])
	s.sent += int64(n)
	return n, err
}

// goAway begins to close the connection with code 1012. It does not block: writing is left to a goroutine, for
// which Close waits.
func (s *webSocket) goAway() {
	s.endSoon()
	s.ending.Lock()
	defer s.ending.Unlock()
	if s.closed {
		return
	}
	s.goodbye.Go(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.leaving = true
		_ = s.sayGoodbye() // an error shows at the next Read, which ends the copying
	})
}

// sayGoodbye sends the close frame if no frame is on its way; else Write does it later. The caller holds mu.
func (s *webSocket) sayGoodbye() error {
	if s.said.Load() || !s.toClient.atBoundary() {
		return nil
	}
	// The engine may have closed by itself a moment ago; a second close frame would be an error.
	alreadyClosed := s.toClient.closed
	s.said.Store(true)
	if alreadyClosed {
		return nil
	}
	_, err := s.send(closeFrame(closeRestart, "Service Restart"))
	return err
}

// endSoon gives the closing handshake a deadline.
func (s *webSocket) endSoon() {
	s.ending.Lock()
	defer s.ending.Unlock()
	if !s.closed && s.deadline == nil {
		s.deadline = time.AfterFunc(closeWait, s.end)
	}
}

// end gives the closing handshake up, and both connections with it.
func (s *webSocket) end() {
	s.stop(nil)
	_ = s.SetDeadline(longAgo)
}

// Close closes the client's connection.
func (s *webSocket) Close() error {
	s.ending.Lock()
	s.closed = true
	if s.deadline != nil {
		s.deadline.Stop()
	}
	s.ending.Unlock()
	err := s.Conn.Close()
	s.goodbye.Wait() // after Close, which wakes the writer that the goodbye may be waiting for
	return err
}

// summary returns, for the access log, how many bytes went to the client, and whether the gate ended the connection.
func (s *webSocket) summary() (sent int64, dismissed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent, s.leaving
}
