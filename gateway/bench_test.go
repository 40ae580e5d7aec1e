package gateway

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"testing"
)

// BenchmarkHello compares requests through the gateway with the same requests sent to the backend directly, and through a
// reverse proxy that does nothing else. Both ends are cheap, so that time and allocations are mostly the proxy's:
//
//	go test -run '^$' -bench Hello -benchmem ./gateway
func BenchmarkHello(b *testing.B) {
	hello := rawBackend(b, helloLoop)
	b.Run("direct", func(b *testing.B) {
		benchmarkHello(b, "unix", hello.Socket)
	})
	b.Run("bare proxy", func(b *testing.B) {
		benchmarkServed(b, &httputil.ReverseProxy{
			Transport: newEndpoint(hello).transport,
			Rewrite:   func(pr *httputil.ProxyRequest) { pr.SetURL(&url.URL{Scheme: "http", Host: "engine"}) },
		})
	})
	b.Run("gateway", func(b *testing.B) {
		gate := NewGate("app")
		gate.Open(map[string]Endpoint{"app": hello})
		g := New(Options{CFHeader: "X-CF", OnAccess: func(Access) {}})
		g.SetTable(Table{Default: &Target{Script: "app", Gate: gate}})
		benchmarkServed(b, g)
	})
}

// benchmarkServed measures a handler on a socket.
func benchmarkServed(b *testing.B, handler http.Handler) {
	l, err := Listen(b.Context(), "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := Serve(l, handler, nil)
	defer func() { _ = server.Close(b.Context()) }()
	benchmarkHello(b, "tcp", l.Addr().String())
}

// helloLoop answers requests without bodies, allocating nothing.
func helloLoop(conn net.Conn) {
	answer := []byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello")
	r := bufio.NewReader(conn)
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return
		}
		if len(line) > 2 {
			continue
		}
		if _, err := conn.Write(answer); err != nil {
			return
		}
	}
}

// benchmarkHello asks over keep-alive connections, eight per processor.
func benchmarkHello(b *testing.B, network, addr string) {
	request := []byte("GET /hello HTTP/1.1\r\nHost: app.localhost:8788\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n")
	b.ReportAllocs()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		conn, err := net.Dial(network, addr)
		if err != nil {
			b.Error(err)
			return
		}
		defer conn.Close()
		r := bufio.NewReader(conn)
		for pb.Next() {
			if _, err := conn.Write(request); err != nil {
				b.Error(err)
				return
			}
			res, err := http.ReadResponse(r, nil)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, res.Body)
		}
	})
}
