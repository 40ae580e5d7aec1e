package gateway

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// numbered is an engine that answers each request with the number of the connection it came by, and ends a connection as
// soon as it has answered a request for /last.
func numbered(t *testing.T, ended chan<- struct{}) Endpoint {
	var conns atomic.Int32
	return rawBackend(t, func(conn net.Conn) {
		n := conns.Add(1)
		r := bufio.NewReader(conn)
		for {
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, req.Body)
			_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d", n)
			if req.URL.Path == "/last" {
				_ = conn.Close()
				ended <- struct{}{}
				return
			}
		}
	})
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	f := newFront(t, Options{}, numbered(t, nil))
	get(t, f.url, "").want(t, 200, "1")
	get(t, f.url, "").want(t, 200, "1")
	do(t, request(t, "POST", f.url, "", strings.NewReader("body"))).want(t, 200, "1")
	get(t, f.url, "").want(t, 200, "1")
}

// An idle connection that the engine has closed is noticed before a request is sent on it: afterwards nobody could tell
// whether the request ran.
func TestClosedIdleConnectionsAreNotUsed(t *testing.T) {
	ended := make(chan struct{}, 1)
	f := newFront(t, Options{}, numbered(t, ended))
	get(t, f.url+"/last", "").want(t, 200, "1")
	receiveFrom(t, ended)
	get(t, f.url, "").want(t, 200, "2")
}

func TestIdleConnectionsExpire(t *testing.T) {
	p := newPool(numbered(t, nil).Socket)
	defer p.close()
	var conns []*engineConn
	for range 3 {
		c, err := p.get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	for _, c := range conns {
		p.put(c)
	}
	for _, c := range conns[:2] {
		c.since = time.Now().Add(-engineIdleTimeout)
	}
	p.expire()
	if len(p.idle) != 1 || p.idle[0] != conns[2] || p.sweep == nil {
		t.Errorf("%d connections are left", len(p.idle))
	}
	if _, err := conns[0].Write([]byte("x")); err == nil {
		t.Error("an expired connection is open")
	}
	conns[2].since = time.Now().Add(-engineIdleTimeout)
	c, err := p.get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c == conns[2] {
		t.Error("got a connection that the engine is about to close")
	}
	p.put(c)
	p.close()
	p.put(c)
	if len(p.idle) != 0 {
		t.Error("a closed pool keeps connections")
	}
}
