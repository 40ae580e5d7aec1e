package gateway

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A reused connection that breaks without an answer must not make the transport send the request again: the first
// request of a connection is answered, the second one is read and then the connection is closed.
func TestRequestIsSentOnce(t *testing.T) {
	for _, c := range []struct{ name, method, key, body string }{
		{"get", "GET", "", ""},
		{"head", "HEAD", "", ""},
		{"options", "OPTIONS", "", ""},
		{"trace", "TRACE", "", ""},
		{"delete", "DELETE", "", ""},
		{"post with key", "POST", "Idempotency-Key", ""},
		{"delete with key", "DELETE", "X-Idempotency-Key", ""},
		{"get with key", "GET", "Idempotency-Key", ""},
		{"put with key and body", "PUT", "Idempotency-Key", "text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var arrived atomic.Int32
			f := newFront(t, Options{}, rawBackend(t, func(conn net.Conn) {
				r := bufio.NewReader(conn)
				for {
					req, err := http.ReadRequest(r)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, req.Body)
					if req.URL.Path == "/warm" {
						_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
						continue
					}
					arrived.Add(1)
					return // without an answer
				}
			}))
			get(t, f.url+"/warm", "").want(t, 200, "")
			var body io.Reader
			if c.body != "" {
				body = strings.NewReader(c.body)
			}
			r := request(t, c.method, f.url+"/count", "", body)
			if c.key != "" {
				r.Header.Set(c.key, "k1")
			}
			a := do(t, r)
			text := "was sent to it once"
			if c.method == "HEAD" {
				text = ""
			}
			a.want(t, http.StatusBadGateway, text)
			if n := arrived.Load(); n != 1 {
				t.Errorf("the engine got the request %d times", n)
			}
		})
	}
}

// What protects against repetition must not show on the wire: a request without a body has no framing headers,
// except for the Content-Length: 0 of methods that usually have one.
func TestFramingOnTheWire(t *testing.T) {
	for _, c := range []struct {
		name, sent string
		has        []string
		hasNot     []string
	}{
		{"get", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", nil, []string{"content-length", "transfer-encoding", "identity"}},
		{"head", "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", nil, []string{"content-length", "transfer-encoding"}},
		{"options", "OPTIONS / HTTP/1.1\r\nHost: h\r\n\r\n", nil, []string{"content-length", "transfer-encoding"}},
		{"delete", "DELETE / HTTP/1.1\r\nHost: h\r\n\r\n", nil, []string{"content-length", "transfer-encoding"}},
		{"empty post", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nIdempotency-Key: k\r\n\r\n",
			[]string{"content-length: 0\r\n", "idempotency-key: k\r\n"}, []string{"transfer-encoding"}},
		{"put", "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
			[]string{"content-length: 3\r\n", "\r\n\r\nabc"}, []string{"transfer-encoding"}},
		{"get with body", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
			[]string{"content-length: 3\r\n", "\r\n\r\nabc"}, []string{"transfer-encoding"}},
		{"chunked", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
			[]string{"transfer-encoding: chunked\r\n", "\r\n\r\n3\r\nabc\r\n0\r\n\r\n"}, []string{"content-length"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := overTheWire(t, c.sent)
			for _, part := range c.has {
				if !strings.Contains(got, part) {
					t.Errorf("%q is missing in\n%s", part, got)
				}
			}
			for _, part := range c.hasNot {
				if strings.Contains(got, part) {
					t.Errorf("%q should not be in\n%s", part, got)
				}
			}
		})
	}
}

// overTheWire returns in lower case what an engine receives for a request, plus what follows it on the same connection.
func overTheWire(t *testing.T, sent string) string {
	t.Helper()
	received := make(chan string, 1)
	f := newFront(t, Options{}, rawBackend(t, func(conn net.Conn) {
		var got strings.Builder
		req, err := http.ReadRequest(bufio.NewReaderSize(io.TeeReader(conn, &got), 1))
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, req.Body)
		_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
		_ = conn.(*net.UnixConn).CloseWrite()
		_, _ = io.Copy(&got, conn) // a stray chunk, say, would come here
		received <- strings.ToLower(got.String())
	}))
	conn := dial(t, f.addr)
	send(t, conn, sent)
	readAnswer(t, conn).want(t, http.StatusNoContent, "")
	return receiveFrom(t, received)
}

func TestEngineDown(t *testing.T) {
	t.Run("nobody listens", func(t *testing.T) {
		f := newFront(t, Options{MaxWait: 20 * time.Millisecond}, Endpoint{Socket: socketPath(t), Fetch: true})
		a := get(t, f.url, "")
		a.want(t, http.StatusServiceUnavailable, "was not sent")
		if a.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		if log := f.access(t); log.Err == "" || log.Status != 503 {
			t.Errorf("access log: %+v", log)
		}
		if strings.Contains(a.body, "dial") {
			t.Errorf("the answer tells internals: %q", a.body)
		}
	})
	t.Run("dies in the middle of the answer", func(t *testing.T) {
		f := newFront(t, Options{}, rawBackend(t, func(conn net.Conn) {
			_, _ = http.ReadRequest(bufio.NewReader(conn))
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
		}))
		if a := get(t, f.url, ""); a.err == nil {
			t.Errorf("the client does not notice: %+v", a)
		}
		if log := f.access(t); log.Status != 200 || log.Bytes != 4 || log.Err == "" {
			t.Errorf("access log: %+v", log)
		}
	})
}

func TestBrokenUploadIsTheClientsFault(t *testing.T) {
	f := newFront(t, Options{}, backend(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	conn := dial(t, f.addr)
	send(t, conn, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nnot a chunk\r\n")
	readAnswer(t, conn).want(t, http.StatusBadRequest, "body")
}
