package tail

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"paddock/internal/cfapi"
)

const (
	pingInterval = 10 * time.Second
	pingPayload  = "wrangler tail ping" // servers may count on the text
	writeTimeout = 5 * time.Second
)

var (
	// errLost is what a session ends with when another one should follow.
	errLost   = errors.New("connection lost")
	errNoPong = errors.New("ping not answered")
)

// session is one open connection of a Client.
type session struct {
	client *Client
	tail   cfapi.Tail
	conn   *websocket.Conn

	awaiting atomic.Bool // a ping has not been answered yet
	busy     atomic.Bool // OnMessage is at work, so nobody reads pongs
}

// serve hands over messages until the connection ends. It returns nil if the
// server ended the tail or ctx is done, and errLost if the connection broke.
func (s *session) serve(ctx context.Context) error {
	defer s.conn.Close()
	s.conn.SetPongHandler(func(payload string) error {
		if payload == pingPayload {
			s.awaiting.Store(false)
		}
		return nil
	})
	read := make(chan error, 1)
	go func() { read <- s.read() }()

	for {
		tick, stop := s.client.timer(pingInterval)
		select {
		case err := <-read:
			stop()
			return err
		case <-ctx.Done():
			stop()
			bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
			_ = s.conn.WriteControl(websocket.CloseMessage, bye, time.Now().Add(time.Second))
			s.conn.Close() // wakes the reader
			<-read
			return nil
		case <-tick:
			err := s.ping()
			if err == nil {
				continue
			}
			s.conn.Close()
			if ended := <-read; !errors.Is(ended, errLost) {
				return ended // a ping also fails when the server has just said goodbye
			}
			if errors.Is(err, errNoPong) {
				s.client.OnWarning(fmt.Sprintf("Tail connection lost: the Worker did not respond to a keep-alive ping within %dms.",
					pingInterval.Milliseconds()))
			}
			return errLost
		}
	}
}

// ping sends a ping if the last one was answered. An answer that waits behind
// a message that is still being printed is not missing.
func (s *session) ping() error {
	if s.awaiting.Load() && !s.busy.Load() {
		return errNoPong
	}
	s.awaiting.Store(true)
	return s.conn.WriteControl(websocket.PingMessage, []byte(pingPayload), time.Now().Add(writeTimeout))
}

// read passes messages on until the connection ends or OnMessage fails.
func (s *session) read() error {
	for {
		_, message, err := s.conn.ReadMessage()
		switch {
		case websocket.IsCloseError(err, websocket.CloseNormalClosure):
			return nil
		case err != nil:
			return errLost
		}
		s.busy.Store(true)
		err = s.client.OnMessage(message)
		s.awaiting.Store(false) // a message shows as well as a pong that the server lives
		s.busy.Store(false)
		if err != nil {
			return err
		}
	}
}
