package gateway

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// The engine closes connections that were idle for 15 seconds. Ours close earlier, so that no request is sent on a
// connection that is about to be closed: it could not be sent again.
const engineIdleTimeout = 10 * time.Second

// engineConn is a connection to an engine.
type engineConn struct {
	*net.UnixConn
	raw   syscall.RawConn
	r     *bufio.Reader
	w     *bufio.Writer
	taken int       // bytes of the request at hand that the engine's side has taken
	used  bool      // for a request before
	since time.Time // since when it is idle

	// For quiet, which is asked before every request and shall cost no allocation.
	look   func(fd uintptr) bool
	one    [1]byte
	peeked error
}

// Write implements net.Conn.
func (c *engineConn) Write(p []byte) (int, error) {
	n, err := c.UnixConn.Write(p)
	c.taken += n
	return n, err
}

// write sends a whole request.
func (c *engineConn) write(r *http.Request) error {
	if err := r.Write(c.w); err != nil {
		return err
	}
	return c.w.Flush()
}

// engineGone reports whether a request was not sent because nobody listens at the socket any more: its engine has ended,
// and perhaps the folder of the socket is gone too. An engine whose queue is full is no such case.
func engineGone(err error) bool {
	var dial *net.OpError
	return errors.As(err, &dial) && dial.Op == "dial" && (errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOENT))
}

// pool keeps the connections to one socket that are not in use.
type pool struct {
	connect func(context.Context) (net.Conn, error) // to a Unix socket

	mu     sync.Mutex
	idle   []*engineConn // the one that was used last is the last
	closed bool
	sweep  *time.Timer // runs while there are idle connections
}

// get returns a connection that is usable as far as can be seen: the one that was used last, or a new one.
func (p *pool) get(ctx context.Context) (*engineConn, error) {
	for {
		c := p.pop()
		if c == nil {
			return p.dial(ctx)
		}
		if time.Since(c.since) < engineIdleTimeout && c.quiet() {
			return c, nil
		}
		c.Close()
	}
}

func (p *pool) pop() *engineConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) == 0 {
		return nil
	}
	last := len(p.idle) - 1
	c := p.idle[last]
	p.idle[last] = nil
	p.idle = p.idle[:last]
	return c
}

func newPool(socket string) *pool {
	return &pool{connect: func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
}

func (p *pool) dial(ctx context.Context) (*engineConn, error) {
	conn, err := p.connect(ctx)
	if err != nil {
		return nil, err
	}
	c := &engineConn{UnixConn: conn.(*net.UnixConn)}
	if c.raw, err = c.SyscallConn(); err != nil {
		c.Close()
		return nil, err
	}
	c.r, c.w, c.look = bufio.NewReader(conn), bufio.NewWriter(c), c.tryRead
	return c, nil
}

// put takes back a connection whose last answer was read to its end.
func (p *pool) put(c *engineConn) {
	c.since, c.used, c.taken = time.Now(), true, 0
	p.mu.Lock()
	defer p.mu.Unlock()
	// What nobody asked for makes a connection worthless.
	if p.closed || c.r.Buffered() > 0 {
		c.Close()
		return
	}
	p.idle = append(p.idle, c)
	if p.sweep == nil {
		p.sweep = time.AfterFunc(engineIdleTimeout, p.expire)
	}
}

// expire closes what has been idle for too long, and comes again for the rest.
func (p *pool) expire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	keep := 0
	for keep < len(p.idle) && time.Since(p.idle[keep].since) >= engineIdleTimeout {
		p.idle[keep].Close()
		keep++
	}
	p.idle = append([]*engineConn(nil), p.idle[keep:]...)
	p.sweep = nil
	if len(p.idle) > 0 {
		p.sweep = time.AfterFunc(engineIdleTimeout-time.Since(p.idle[0].since), p.expire)
	}
}

// close closes the idle connections now, and those in use once they are idle.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, c := range p.idle {
		c.Close()
	}
	p.idle = nil
	if p.sweep != nil {
		p.sweep.Stop()
	}
}
