package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"sync/atomic"
	"time"
)

// transport is a RoundTripper that sends requests to the socket of one engine, each of them once. net/http's own would do,
// but for two things: it repeats what it takes for idempotent when a reused connection breaks, and the engine may have run
// that; and it hands every request from goroutine to goroutine, which costs more than all the rest that the gateway does.
type transport struct{ pool *pool }

// RoundTrip implements http.RoundTripper. With an error of dialing the request was not sent.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	for {
		c, err := t.pool.get(r.Context())
		if err != nil {
			closeBody(r)
			return nil, err
		}
		call := &call{conn: c, pool: t.pool, stop: context.AfterFunc(r.Context(), func() { c.Close() })}
		sent := call.send(r)
		if sent != nil && c.taken == 0 && c.used {
			if !call.finish(false) {
				return nil, sent
			}
			continue // closed just now, and no engine has seen any of the request: another connection will do
		}
		res, err := call.receive(r)
		if err != nil {
			call.finish(false)
			return nil, errors.Join(sent, err)
		}
		return res, nil
	}
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		r.Body.Close()
	}
}

// call is one request on a connection. The connection goes back into the pool when the answer was read to its end and the
// body was sent to its end, whichever comes last.
type call struct {
	conn   *engineConn
	pool   *pool
	stop   func() bool  // ends the watch over the request's context; false says that the context has ended
	busy   atomic.Int32 // directions that are not done
	spoilt atomic.Bool  // the connection cannot be used again
	body   *sentBody    // nil without one
}

// send writes the request. A body is sent by a goroutine, as the answer may come before it has been read. That the engine
// does not take it is no reason not to read: a script that does not want the body answers, and the engine closes.
func (c *call) send(r *http.Request) error {
	if r.Body == nil {
		c.busy.Store(1)
		return c.conn.write(r)
	}
	c.busy.Store(2)
	c.body = &sentBody{ReadCloser: r.Body, decided: r.Header.Get("Expect") != "100-continue", asked: make(chan bool, 1)}
	r.Body = c.body
	go func() {
		err := c.conn.write(r)
		if c.body.broken {
			c.conn.Close() // the engine must not wait for the rest
		}
		c.done(err == nil)
	}()
	return nil
}

// receive reads the answer, and passes on the interim ones before it.
func (c *call) receive(r *http.Request) (*http.Response, error) {
	for {
		res, err := http.ReadResponse(c.conn.r, r)
		switch {
		case err != nil:
			return nil, err
		case res.StatusCode == http.StatusSwitchingProtocols:
			c.stop() // from here on the proxy watches
			res.Body = upgraded{c.conn}
			return res, nil
		case res.StatusCode >= http.StatusOK:
			c.body.ask(false)
			c.watch(res)
			return res, nil
		}
		if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.Got1xxResponse != nil {
			if err := trace.Got1xxResponse(res.StatusCode, textproto.MIMEHeader(res.Header)); err != nil {
				return nil, err
			}
		}
		if res.StatusCode == http.StatusContinue {
			c.body.ask(true) // only now, or net/http's server would ask the client too
		}
	}
}

// watch sees to it that the end of the answer's body is noticed.
func (c *call) watch(res *http.Response) {
	if res.Body == http.NoBody {
		c.finish(!res.Close)
		return
	}
	res.Body = &answerBody{ReadCloser: res.Body, call: c, keep: !res.Close}
}

// finish says that no more is read of the answer; ok, that it was read to its end and the connection stays open.
// It reports whether the request's context is still alive.
func (c *call) finish(ok bool) bool {
	alive := c.stop()
	if !alive || !ok {
		c.conn.Close()
	}
	c.done(alive && ok)
	return alive
}

// done is called once for each direction.
func (c *call) done(ok bool) {
	if !ok {
		c.spoilt.Store(true)
	}
	switch {
	case c.busy.Add(-1) > 0:
	case c.spoilt.Load():
		c.conn.Close()
	default:
		c.pool.put(c.conn)
	}
}

// answerBody is the body of an answer.
type answerBody struct {
	io.ReadCloser
	call *call
	keep bool
	over bool
}

// Read implements io.Reader.
func (b *answerBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.end(err == io.EOF && b.keep)
	}
	return n, err
}

// Close implements io.Closer. What was not read is not read any more, as it may have no end.
func (b *answerBody) Close() error {
	b.end(false)
	return nil
}

func (b *answerBody) end(ok bool) {
	if !b.over {
		b.over = true
		b.call.finish(ok)
	}
}

// askWait is how long a body is held back whose client waits to be asked for it: not every server asks.
const askWait = time.Second

// errNotAsked ends the sending of a body that the engine has not asked for.
var errNotAsked = errors.New("the engine answered without the body")

// sentBody is the body of a request. One with "Expect: 100-continue" is not read before the engine wants it: to read it makes
// net/http's server ask the client for it.
type sentBody struct {
	io.ReadCloser
	asked   chan bool // has an element once the engine has asked for the body, or has answered without it
	decided bool      // the wait for that is over, or was not needed
	broken  bool      // the client's body could not be read to its end
}

// Read implements io.Reader.
func (b *sentBody) Read(p []byte) (int, error) {
	if !b.decided {
		b.decided = true
		timer := time.NewTimer(askWait)
		defer timer.Stop()
		select {
		case wanted := <-b.asked:
			if !wanted {
				return 0, errNotAsked
			}
		case <-timer.C:
		}
	}
	n, err := b.ReadCloser.Read(p)
	b.broken = err != nil && err != io.EOF
	return n, err
}

// ask lets the body go, or keeps it back for good. Only the first call counts.
func (b *sentBody) ask(wanted bool) {
	if b == nil {
		return
	}
	select {
	case b.asked <- wanted:
	default:
	}
}

// upgraded is the engine's side of a WebSocket.
type upgraded struct{ *engineConn }

// Read implements io.Reader: the first frames may have come with the answer.
func (u upgraded) Read(p []byte) (int, error) { return u.r.Read(p) }
