package gateway

import (
	"context"
	"io"
	"sync/atomic"
)

// eventStream is the body of a text/event-stream answer. It can be ended from outside in such a way that the client sees
// a complete answer: an EventSource then connects again, and reaches the new engine.
type eventStream struct {
	io.ReadCloser
	cancel context.CancelCauseFunc
	ended  atomic.Bool
}

// end ends the stream; a Read that waits for the engine returns at once.
func (s *eventStream) end() {
	s.ended.Store(true)
	s.cancel(errDismissed)
}

// Read implements io.Reader.
func (s *eventStream) Read(p []byte) (int, error) {
	if s.ended.Load() {
		return 0, io.EOF
	}
	n, err := s.ReadCloser.Read(p)
	if err != nil && s.ended.Load() {
		err = io.EOF
	}
	return n, err
}
