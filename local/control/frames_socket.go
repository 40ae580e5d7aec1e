package control

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

var errSocketClosed = errors.New("WebSocket is closed")

// socketOptions is the patience of a socket. A zero duration means the default;
// for IdleTimeout and PingInterval that is never.
type socketOptions struct {
	WriteTimeout time.Duration // for one frame; 10 s
	CloseTimeout time.Duration // for the peer's answer to a close; 2 s
	IdleTimeout  time.Duration // a peer that sends no frame, not even a pong, for so long is gone
	PingInterval time.Duration // time between our pings
}

// socket is the server's end of a WebSocket. One goroutine is in Serve; any may
// call WriteText and Close.
type socket struct {
	conn net.Conn
	r    *bufio.Reader
	opts socketOptions

	writing   sync.Mutex
	buf       []byte // of the frame that is being written; reused
	closeSent bool   // guarded by writing: no frame may follow a close frame

	closeBy atomic.Pointer[time.Time] // set once Close was called: no deadline may be later
	serving atomic.Bool               // somebody reads
	ended   chan struct{}             // closed when the reader is through
}

func newSocket(conn net.Conn, r *bufio.Reader, opts socketOptions) *socket {
	if opts.WriteTimeout == 0 {
		opts.WriteTimeout = 10 * time.Second
	}
	if opts.CloseTimeout == 0 {
		opts.CloseTimeout = 2 * time.Second
	}
	return &socket{conn: conn, r: r, opts: opts, ended: make(chan struct{})}
}

// WriteText sends one text message as a single frame. After an error the
// socket is of no further use and Serve returns.
func (s *socket) WriteText(text []byte) error { return s.writeFrame(opText, text) }

// Serve reads until the socket ends and hands each text message to onText,
// which may keep it but must not block: pings are answered by the same
// goroutine, between messages. Binary messages are dropped. Serve returns nil
// when either side closed in due form, and an error when the peer dropped the
// connection, fell silent or broke the protocol. The connection is closed then.
// It must be called only once.
func (s *socket) Serve(onText func([]byte)) error {
	if !s.serving.CompareAndSwap(false, true) {
		<-s.ended // Close was quicker, and reads
		return nil
	}
	stop := make(chan struct{})
	var pinger sync.WaitGroup
	if s.opts.PingInterval > 0 {
		pinger.Go(func() { s.ping(stop) })
	}
	err := s.read(onText)
	close(stop)
	s.conn.Close() // also wakes a ping that is stuck in a write
	close(s.ended)
	pinger.Wait()
	return err
}

// Close sends a close frame, waits at most CloseTimeout for the peer's, and
// closes the connection, also when a write is stuck. It may be called more than
// once; the first call decides the code. Called from onText it cannot see the
// peer's answer, and takes the whole CloseTimeout.
func (s *socket) Close(code int, reason string) {
	deadline := time.Now().Add(s.opts.CloseTimeout)
	if !s.closeBy.CompareAndSwap(nil, &deadline) {
		deadline = *s.closeBy.Load()
	}
	// A write that is under way has no more time than we have. The deadline
	// can be refused only if the connection is closed already.
	_ = s.conn.SetDeadline(deadline)
	_ = s.writeClose(code, reason)
	if s.serving.CompareAndSwap(false, true) {
		_ = s.read(func([]byte) {})
		s.conn.Close()
		close(s.ended)
		return
	}
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case <-s.ended:
	case <-timer.C:
	}
	s.conn.Close()
}

// ping sends pings until stop is closed or one fails.
func (s *socket) ping(stop <-chan struct{}) {
	ticker := time.NewTicker(s.opts.PingInterval)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			if s.writeFrame(opPing, nil) != nil {
				return
			}
		}
	}
}

// read is the reader's loop, and ends the socket as its end demands.
func (s *socket) read(onText func([]byte)) error {
	var m message
	for {
		if err := s.extendDeadline(); err != nil {
			return s.end(err)
		}
		f, err := readFrame(s.r, m.room())
		if err == nil && f.op.control() {
			done, controlErr := s.handleControl(f)
			if done {
				return nil
			}
			err = controlErr
		} else if err == nil {
			var complete bool
			if complete, err = m.add(f); complete {
				if m.op == opText {
					onText(m.payload)
				}
				m = message{}
			}
		}
		if err != nil {
			return s.end(err)
		}
	}
}

// handleControl answers a control frame and reports whether it was the last.
func (s *socket) handleControl(f frame) (done bool, err error) {
	switch f.op {
	case opPing:
		err = s.writeFrame(opPong, f.payload)
		if errors.Is(err, errSocketClosed) {
			err = nil // no pong may follow our close frame; the peer's is on its way
		}
		return false, err
	case opClose:
		code, err := closeCode(f.payload)
		if err != nil {
			return false, err
		}
		// The answer repeats the code. It fails when ours went out before,
		// or when the peer did not wait for it; both are fine.
		_ = s.writeClose(code, "")
		return true, nil
	}
	return false, nil
}

// extendDeadline gives the peer its time for the next frame.
func (s *socket) extendDeadline() error {
	if s.opts.IdleTimeout == 0 {
		return nil
	}
	err := s.conn.SetReadDeadline(time.Now().Add(s.opts.IdleTimeout))
	// Looked up after our own deadline was set: either Close's is seen here, or
	// Close sets it later than this and so has the last word.
	if closeBy := s.closeBy.Load(); closeBy != nil {
		err = s.conn.SetReadDeadline(*closeBy)
	}
	return err
}

// end tells the peer why reading ended, where there is somebody to tell, and
// words the error.
func (s *socket) end(err error) error {
	if s.closeBy.Load() != nil {
		return nil // we wanted it to end; how the peer went does not matter
	}
	if breach, ok := errors.AsType[*protocolError](err); ok {
		_ = s.writeClose(breach.code, breach.message) // the breach is what counts
		s.linger()
		return fmt.Errorf("peer broke the WebSocket protocol: %w", err)
	}
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("peer dropped the WebSocket without a close frame")
	case errors.Is(err, os.ErrDeadlineExceeded):
		_ = s.writeClose(closeGoingAway, "no sign of life")
		return fmt.Errorf("peer was silent for %v: %w", s.opts.IdleTimeout, err)
	}
	return fmt.Errorf("read WebSocket: %w", err)
}

// linger reads on for a while after a refusal. Closing a connection with unread
// input resets it, and the peer might never see the close frame that says what
// was wrong.
func (s *socket) linger() {
	if s.conn.SetReadDeadline(time.Now().Add(s.opts.CloseTimeout)) == nil {
		_, _ = io.Copy(io.Discard, s.r)
	}
}

func (s *socket) writeFrame(op opcode, payload []byte) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.closeSent || s.closeBy.Load() != nil {
		return errSocketClosed
	}
	return s.writeLocked(op, payload)
}

// writeClose sends the close frame, unless one was sent.
func (s *socket) writeClose(code int, reason string) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.closeSent {
		return errSocketClosed
	}
	s.closeSent = true
	return s.writeLocked(opClose, closePayload(code, reason))
}

func (s *socket) writeLocked(op opcode, payload []byte) error {
	s.buf = appendFrame(s.buf[:0], op, payload)
	err := s.write(s.buf)
	if cap(s.buf) > maxMessage {
		s.buf = nil // one large message must not be kept for the life of a tail
	}
	if err != nil {
		// Part of a frame may be out: nothing can follow it.
		s.closeSent = true
		s.conn.Close()
		return fmt.Errorf("write WebSocket: %w", err)
	}
	return nil
}

// write sends bytes within the write timeout, or within what Close leaves.
func (s *socket) write(data []byte) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(s.opts.WriteTimeout)); err != nil {
		return err
	}
	if closeBy := s.closeBy.Load(); closeBy != nil { // as in extendDeadline
		if err := s.conn.SetWriteDeadline(*closeBy); err != nil {
			return err
		}
	}
	_, err := s.conn.Write(data)
	return err
}
