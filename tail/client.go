package tail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/websocket"

	"paddock/internal/cfapi"
)

const (
	protocol       = "trace-v1"
	maxAttempts    = 5
	maxMessage     = 32 << 20 // above the largest item of any server
	deleteTimeout  = 5 * time.Second
	connectTimeout = 30 * time.Second
)

// Client follows one script through the API: it creates a tail, opens its
// WebSocket, and hands over the messages. A lost connection is replaced by a
// new tail. Set the fields, then call Run once. Callbacks may be nil and are
// never called at the same time.
type Client struct {
	API     *cfapi.Client
	Script  string
	Filters json.RawMessage // of BuildFilters
	Debug   bool            // also get what the filters stop, marked with the filter

	// OnCreated is called before the first connection is opened, which may
	// take long when the tail needs an update of the running script.
	OnCreated func(tail cfapi.Tail)
	// OnConnected is called when messages can be expected; again is set after
	// a lost connection.
	OnConnected func(again bool)
	// OnMessage gets each message, which is one item. The slice is its to
	// keep. Its error ends Run.
	OnMessage func(message []byte) error
	// OnWarning gets one line about the connection.
	OnWarning func(text string)

	timer func(time.Duration) (expired <-chan time.Time, stop func())
}

// Run follows the script until the server ends the tail or ctx is done, which
// are both no error. It fails when the first connection cannot be made, when
// five attempts in a row to replace a lost one have failed, or when OnMessage
// does.
func (c *Client) Run(ctx context.Context) error {
	c.setDefaults()
	s, err := c.connect(ctx, c.OnCreated)
	for again := false; err == nil; again = true {
		c.OnConnected(again)
		err = s.serve(ctx)
		c.delete(ctx, s.tail)
		if !errors.Is(err, errLost) {
			return err
		}
		s, err = c.reconnect(ctx)
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (c *Client) setDefaults() {
	if c.OnCreated == nil {
		c.OnCreated = func(cfapi.Tail) {}
	}
	if c.OnConnected == nil {
		c.OnConnected = func(bool) {}
	}
	if c.OnMessage == nil {
		c.OnMessage = func([]byte) error { return nil }
	}
	if c.OnWarning == nil {
		c.OnWarning = func(string) {}
	}
	if c.timer == nil {
		c.timer = func(d time.Duration) (<-chan time.Time, func()) {
			t := time.NewTimer(d)
			return t.C, func() { t.Stop() }
		}
	}
}

// connect creates a tail and opens its WebSocket.
func (c *Client) connect(ctx context.Context, created func(cfapi.Tail)) (*session, error) {
	tail, err := c.API.CreateTail(ctx, c.Script, cfapi.TailCreate{Filters: c.Filters})
	if err != nil {
		return nil, fmt.Errorf("create tail of %s: %w", c.Script, err)
	}
	created(*tail)
	conn, err := c.dial(ctx, tail.URL)
	if err != nil {
		c.delete(ctx, *tail) // nobody else will
		return nil, fmt.Errorf("connect to tail of %s: %w", c.Script, err)
	}
	return &session{client: c, tail: *tail, conn: conn}, nil
}

func (c *Client) dial(ctx context.Context, address string) (*websocket.Conn, error) {
	if _, err := url.Parse(address); err != nil {
		return nil, errors.New("server gave a malformed address") // the address itself is a secret
	}
	dialer := websocket.Dialer{
		Proxy:             http.ProxyFromEnvironment,
		HandshakeTimeout:  connectTimeout,
		Subprotocols:      []string{protocol},
		EnableCompression: true,
	}
	header := http.Header{}
	if c.API.UserAgent != "" {
		header.Set("User-Agent", c.API.UserAgent)
	}
	conn, answer, err := dialer.DialContext(ctx, address, header)
	if err != nil {
		if answer != nil {
			return nil, fmt.Errorf("server answered %s", answer.Status)
		}
		return nil, err
	}
	conn.SetReadLimit(maxMessage)
	if conn.Subprotocol() != protocol {
		conn.Close()
		return nil, fmt.Errorf("server does not speak %s", protocol)
	}
	hello, err := json.Marshal(struct {
		Debug bool `json:"debug"`
	}{c.Debug})
	if err == nil {
		err = conn.WriteMessage(websocket.TextMessage, hello)
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("send settings: %w", err)
	}
	return conn, nil
}

// reconnect replaces a lost connection, with a pause before each attempt that
// doubles from one second on.
func (c *Client) reconnect(ctx context.Context) (*session, error) {
	var cause error
	for attempt := range maxAttempts {
		pause := time.Second << attempt
		c.OnWarning(fmt.Sprintf("Tail connection lost. Reconnecting (attempt %d of %d) in %ds...",
			attempt+1, maxAttempts, int(pause.Seconds())))
		if err := c.wait(ctx, pause); err != nil {
			return nil, err
		}
		s, err := c.connect(ctx, func(cfapi.Tail) {})
		if err == nil {
			return s, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		cause = err
	}
	//lint:ignore ST1005 These are Wrangler's words.
	return nil, fmt.Errorf("Unable to reconnect to the tail for %s after %d attempts. "+
		"Please re-run `paddock tail %s` to start a new session: %w", c.Script, maxAttempts, c.Script, cause)
}

func (c *Client) wait(ctx context.Context, d time.Duration) error {
	expired, stop := c.timer(d)
	defer stop()
	select {
	case <-expired:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// delete ends a tail on the server, also when ctx is done already. It may
// fail: servers forget tails that nobody is connected to.
func (c *Client) delete(ctx context.Context, tail cfapi.Tail) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deleteTimeout)
	defer cancel()
	_ = c.API.DeleteTail(ctx, c.Script, tail.ID)
}
