package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// loadConnections is how many connections a load keeps busy.
const loadConnections = 32

// askTimeout bounds the wait for a single answer.
const askTimeout = 30 * time.Second

// A target is where requests go.
type target struct {
	addr string
	host string // of the Host header
}

// A conn asks one request after the other. It speaks HTTP itself and has
// net/http read the answers: with an http.Client, whose transport hands every
// request to other goroutines, the client would take a good part of a small
// machine and the measurement would be of the client.
type conn struct {
	net.Conn
	target
	r       *bufio.Reader
	release func() bool
}

// dial connects. The end of ctx cuts the connection.
func (t target) dial(ctx context.Context) (*conn, error) {
	c, err := (&net.Dialer{Timeout: askTimeout}).DialContext(ctx, "tcp", t.addr)
	if err != nil {
		return nil, err
	}
	release := context.AfterFunc(ctx, func() { c.Close() })
	return &conn{Conn: c, target: t, r: bufio.NewReader(c), release: release}, nil
}

func (c *conn) Close() error {
	c.release()
	return c.Conn.Close()
}

// ask returns the body of the answer. Any other status than 200 is an error:
// what fails fast must not count as fast.
func (c *conn) ask(path string) (string, error) {
	if err := c.SetDeadline(time.Now().Add(askTimeout)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: "+c.host+"\r\n\r\n"); err != nil {
		return "", err
	}
	answer, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return "", err
	}
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("GET %s: %s: %.200s", path, answer.Status, body)
	}
	return string(body), nil
}

// get asks once, over a connection of its own.
func (t target) get(ctx context.Context, path string) (string, error) {
	c, err := t.dial(ctx)
	if err != nil {
		return "", err
	}
	defer c.Close()
	return c.ask(path)
}

// askEach asks for n paths, over as many connections as a load has.
func (t target) askEach(ctx context.Context, n int, path func(int) string) error {
	var next atomic.Int64
	var all sync.WaitGroup
	errs := make([]error, min(n, loadConnections))
	for i := range errs {
		all.Go(func() {
			c, err := t.dial(ctx)
			if err != nil {
				errs[i] = err
				return
			}
			defer c.Close()
			for k := next.Add(1) - 1; k < int64(n) && errs[i] == nil; k = next.Add(1) - 1 {
				_, errs[i] = c.ask(path(int(k)))
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// loadFor keeps all connections busy for a while. On a machine that is so busy
// that the time is over before the first request, that one is asked all the same.
func (t target) loadFor(ctx context.Context, path string, d time.Duration) (loaded, error) {
	end := time.Now().Add(d)
	var begun atomic.Bool
	return t.load(ctx, path, func() bool { return begun.CompareAndSwap(false, true) || time.Now().Before(end) })
}

// loadCount asks n times.
func (t target) loadCount(ctx context.Context, path string, n int) (loaded, error) {
	var begun atomic.Int64
	return t.load(ctx, path, func() bool { return begun.Add(1) <= int64(n) })
}

// loaded is what a load has done.
type loaded struct {
	requests int
	took     time.Duration
}

func (l loaded) rate() float64 { return float64(l.requests) / l.took.Seconds() }

// load asks over all connections as long as more returns true. Requests under
// way are finished, so that every one has been answered when it returns. The
// first failure ends it.
func (t target) load(ctx context.Context, path string, more func() bool) (loaded, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	var requests atomic.Int64
	var first atomic.Pointer[error]
	start := time.Now()
	for range loadConnections {
		wg.Go(func() {
			n, err := t.askWhile(ctx, path, more)
			requests.Add(int64(n))
			if err != nil && first.CompareAndSwap(nil, &err) {
				cancel()
			}
		})
	}
	wg.Wait()
	done := loaded{requests: int(requests.Load()), took: time.Since(start)}
	if err := first.Load(); err != nil {
		return done, fmt.Errorf("load on %s: %w", t.addr, *err)
	}
	if done.requests == 0 {
		return done, errors.New("load: no request was made")
	}
	return done, nil
}

func (t target) askWhile(ctx context.Context, path string, more func() bool) (n int, err error) {
	c, err := t.dial(ctx)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	for more() {
		if _, err := c.ask(path); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
