package gateway

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Every line comes back before the next one is sent: neither direction may wait for the other.
func TestStreamingBothWays(t *testing.T) {
	f := newFront(t, Options{}, backend(t, func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		_ = c.EnableFullDuplex()
		_ = c.Flush()
		for lines := bufio.NewScanner(r.Body); lines.Scan(); {
			_, _ = fmt.Fprintf(w, "echo %s\n", lines.Text())
			_ = c.Flush()
		}
	}))
	body, lines := io.Pipe()
	res, err := client(t).Do(request(t, "POST", f.url, "", body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	r := bufio.NewReader(res.Body)
	for i := range 5 {
		_, _ = fmt.Fprintf(lines, "line %d\n", i)
		if got, err := r.ReadString('\n'); err != nil || got != fmt.Sprintf("echo line %d\n", i) {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	_ = lines.Close()
	if rest, err := io.ReadAll(r); err != nil || len(rest) != 0 {
		t.Errorf("after the last line: %q, %v", rest, err)
	}
}

// Also an answer whose length is known is passed on part by part.
func TestSlowAnswerOfKnownLengthIsNotHeldBack(t *testing.T) {
	more := make(chan struct{})
	f := newFront(t, Options{}, backend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "6")
		_ = http.NewResponseController(w).Flush()
		<-more
		_, _ = io.WriteString(w, "abc")
		_ = http.NewResponseController(w).Flush()
		<-more
		_, _ = io.WriteString(w, "def")
	}))
	res, err := client(t).Do(request(t, "GET", f.url, "", nil)) // returns with the headers
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	for _, want := range []string{"abc", "def"} {
		more <- struct{}{}
		part := make([]byte, 3)
		if _, err := io.ReadFull(res.Body, part); err != nil || string(part) != want {
			t.Fatalf("got %q, %v, want %q", part, err, want)
		}
	}
}

func TestTrailersBothWays(t *testing.T) {
	got := make(chan string, 1)
	f := newFront(t, Options{}, backend(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		got <- r.Trailer.Get("X-Up")
		w.Header().Set("Trailer", "X-Down")
		_, _ = io.WriteString(w, "body")
		w.Header().Set("X-Down", "sum")
		w.Header().Set(http.TrailerPrefix+"X-Late", "unannounced")
	}))
	r := request(t, "POST", f.url, "", io.MultiReader(strings.NewReader("up"))) // of unknown length, hence chunked
	r.Trailer = http.Header{"X-Up": {"hash"}}
	a := do(t, r)
	a.want(t, 200, "body")
	if up := receiveFrom(t, got); up != "hash" {
		t.Errorf("the engine got the trailer %q", up)
	}
	if a.Trailer.Get("X-Down") != "sum" || a.Trailer.Get("X-Late") != "unannounced" {
		t.Errorf("trailers: %v", a.Trailer)
	}
}

// The body is asked for only once the engine wants it, and not at all if the engine refuses.
func TestExpectContinue(t *testing.T) {
	f := newFront(t, Options{}, backend(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/refuse" {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "got %s", body)
	}))
	head := " HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
	conn := dial(t, f.addr)
	send(t, conn, "POST /take"+head)
	if a := readAnswer(t, conn); a.Response == nil || a.StatusCode != http.StatusContinue {
		t.Fatalf("got %+v, want 100 Continue", a)
	}
	send(t, conn, "body")
	readAnswer(t, conn).want(t, 200, "got body")

	conn = dial(t, f.addr)
	send(t, conn, "POST /refuse"+head)
	readAnswer(t, conn).want(t, http.StatusRequestEntityTooLarge, "too large")
}

func TestHeadAndEmptyAnswers(t *testing.T) {
	f := newFront(t, Options{}, backend(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/empty" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Content-Length", "5")
		_, _ = io.WriteString(w, "hello")
	}))
	a := do(t, request(t, "HEAD", f.url, "", nil))
	a.want(t, 200, "")
	if a.ContentLength != 5 || a.body != "" {
		t.Errorf("length %d, body %q", a.ContentLength, a.body)
	}
	get(t, f.url+"/empty", "").want(t, http.StatusNoContent, "")
}

func TestClientAbortReachesTheEngine(t *testing.T) {
	arrived, gone := make(chan struct{}), make(chan struct{})
	f := newFront(t, Options{}, backend(t, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
		close(gone)
	}))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		receiveFrom(t, arrived)
		cancel()
	}()
	if a := do(t, request(t, "GET", f.url, "", nil).WithContext(ctx)); a.err == nil {
		t.Fatal("got an answer")
	}
	receiveFrom(t, gone)
	if log := f.access(t); log.Status != statusClientGone || log.Err != errClientGone.Error() {
		t.Errorf("access log: %+v", log)
	}
}

func TestLargeBodies(t *testing.T) {
	const size = 8 << 20
	f := newFront(t, Options{}, backend(t, func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		_, _ = io.Copy(w, r.Body)
	}))
	sent, got := sha256.New(), sha256.New()
	body := io.TeeReader(io.LimitReader(&pattern{}, size), sent)
	res, err := client(t).Do(request(t, "PUT", f.url, "", body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	n, err := io.Copy(got, res.Body)
	if err != nil || n != size || !bytes.Equal(sent.Sum(nil), got.Sum(nil)) {
		t.Errorf("got %d bytes, %v; want the %d that were sent", n, err, size)
	}
	if log := f.access(t); log.Bytes != size {
		t.Errorf("the log counts %d bytes", log.Bytes)
	}
}

// pattern is an endless stream without a short period.
type pattern struct{ state uint32 }

func (p *pattern) Read(b []byte) (int, error) {
	for i := range b {
		p.state = p.state*1664525 + 1013904223
		b[i] = byte(p.state >> 24)
	}
	return len(b), nil
}

// Interim answers are passed on before the final one.
func TestEarlyHints(t *testing.T) {
	f := newFront(t, Options{}, rawBackend(t, func(conn net.Conn) {
		_, _ = http.ReadRequest(bufio.NewReader(conn))
		_, _ = io.WriteString(conn, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	}))
	conn := dial(t, f.addr)
	send(t, conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	r := bufio.NewReader(conn)
	hints, err := http.ReadResponse(r, nil)
	if err != nil || hints.StatusCode != 103 || hints.Header.Get("Link") != "</a.css>" {
		t.Fatalf("got %+v, %v", hints, err)
	}
	final, err := http.ReadResponse(r, nil)
	if err != nil || final.StatusCode != 200 || final.Header.Get("Link") != "" {
		t.Fatalf("got %+v, %v", final, err)
	}
	if log := f.access(t); log.Status != 200 || log.Duration <= 0 || time.Since(log.Time) > patience {
		t.Errorf("access log: %+v", log)
	}
}

// What no engine has read of a body must not harm the connection that it came
// on: the next request used to find it reset.
func TestUnreadUploads(t *testing.T) {
	t.Parallel()
	f := newFront(t, Options{MaxWait: 20 * time.Millisecond}, Endpoint{Socket: socketPath(t), Fetch: true}) // nobody listens there
	kept := client(t)
	for range 10 {
		res, err := kept.Do(request(t, http.MethodPost, f.url, "", strings.NewReader(strings.Repeat("x", 100_000))))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		answer{Response: res, body: string(body), err: err}.want(t, http.StatusServiceUnavailable, "was not sent")
	}
}

// The engine answers a script that does not read its body at once, and closes the connection while the body is still being
// written. The client used to get 502 for a request that had run.
func TestAnswerBeforeTheBodyWasRead(t *testing.T) {
	t.Parallel()
	f := newFront(t, Options{}, rawBackend(t, func(c net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReaderSize(c, 16)); err != nil {
			return
		}
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nearly")
		_ = c.Close()
	}))
	for _, size := range []int{100, 20_000, 2_000_000} {
		for range 20 {
			do(t, request(t, http.MethodPost, f.url, "", strings.NewReader(strings.Repeat("x", size)))).want(t, http.StatusOK, "early")
		}
	}
}
