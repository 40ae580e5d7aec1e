package gateway

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// engineFailure is what the engine writes when a handler throws, byte by byte.
const engineFailure = "HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\nContent-Length: 21\r\n\r\nInternal Server Error"

// writes is an engine that reads one request and answers with raw bytes.
func writes(t testing.TB, raw string) Endpoint {
	return rawBackend(t, func(conn net.Conn) {
		if readHead(conn) {
			_, _ = io.WriteString(conn, raw)
		}
	})
}

// readHead reads a request without a body.
func readHead(conn net.Conn) bool {
	var head []byte
	for buffer := make([]byte, 1); !strings.HasSuffix(string(head), "\r\n\r\n"); head = append(head, buffer[0]) {
		if _, err := conn.Read(buffer); err != nil {
			return false
		}
	}
	return true
}

// because is an Explain that always knows.
func because(r *http.Request) *Explanation {
	return &Explanation{
		Header: http.Header{"Content-Type": {"text/plain"}, "Cache-Control": {"no-store"}},
		Body:   []byte("because of " + r.URL.Path),
	}
}

func TestExplainReplacesTheEnginesFailure(t *testing.T) {
	f := newFront(t, Options{Explain: because}, writes(t, engineFailure))
	a := get(t, f.url+"/boom", "")
	a.want(t, http.StatusInternalServerError, "because of /boom")
	if got := a.Header.Get("Content-Type") + ", " + a.Header.Get("Cache-Control"); got != "text/plain, no-store" || a.ContentLength != int64(len(a.body)) {
		t.Errorf("headers %v", a.Header)
	}
	if log := f.access(t); log.Status != 500 || log.Err != "" || log.Bytes != int64(len(a.body)) {
		t.Errorf("access %+v", log)
	}
	head := do(t, request(t, http.MethodHead, f.url+"/boom", "", nil))
	head.want(t, http.StatusInternalServerError, "")
	if head.body != "" || head.Header.Get("Content-Type") != "text/plain" {
		t.Errorf("HEAD: %q, %v", head.body, head.Header)
	}
	post := do(t, request(t, http.MethodPost, f.url+"/boom", "", nil))
	post.want(t, http.StatusInternalServerError, "because of /boom")
}

// An engine also fails without a word, by ending the connection.
func TestExplainSpeaksForAnEngineThatDoesNot(t *testing.T) {
	f := newFront(t, Options{Explain: because}, writes(t, ""))
	get(t, f.url+"/lost", "").want(t, http.StatusInternalServerError, "because of /lost")
	if log := f.access(t); log.Status != 500 || log.Err != "" {
		t.Errorf("access %+v", log)
	}
	silent := newFront(t, Options{Explain: func(*http.Request) *Explanation { return nil }}, writes(t, ""))
	get(t, silent.url, "").want(t, http.StatusBadGateway, "gave no valid answer")
}

// Where nobody knows why, the client gets what the engine said.
func TestExplainMayNotKnow(t *testing.T) {
	asked := 0
	f := newFront(t, Options{Explain: func(*http.Request) *Explanation { asked++; return nil }}, writes(t, engineFailure))
	a := get(t, f.url, "")
	a.want(t, http.StatusInternalServerError, "")
	if a.body != failureText || a.Header.Get("Content-Type") != "" || asked != 1 {
		t.Errorf("%q, headers %v, asked %d times", a.body, a.Header, asked)
	}
}

// What a script answers is its own business, and as long as nobody is asked nothing is read ahead.
func TestExplainLeavesOtherAnswersAlone(t *testing.T) {
	never := func(*http.Request) *Explanation {
		t.Error("asked about an answer of the script's")
		return nil
	}
	for name, raw := range map[string]string{
		"own text":      "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 21\r\nContent-Type: text/plain;charset=UTF-8\r\n\r\n" + failureText,
		"own bytes":     "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 21\r\n\r\n" + failureText,
		"other text":    "HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\nContent-Length: 21\r\n\r\ninternal server error",
		"longer":        "HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\nContent-Length: 22\r\n\r\n" + failureText + "!",
		"chunked":       "HTTP/1.1 500 Internal Server Error\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n15\r\n" + failureText + "\r\n0\r\n\r\n",
		"other failure": "HTTP/1.1 501 Not Implemented\r\nConnection: close\r\nContent-Length: 21\r\n\r\n" + failureText,
		"success":       "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 21\r\n\r\n" + failureText,
	} {
		t.Run(name, func(t *testing.T) {
			var answers [2]answer
			for i, opts := range []Options{{Explain: never}, {}} {
				f := newFront(t, opts, writes(t, raw))
				answers[i] = get(t, f.url, "")
				answers[i].Header.Del("Date") // net/http's, and perhaps a second later
			}
			if a, b := answers[0], answers[1]; a.err != nil || a.StatusCode != b.StatusCode || a.body != b.body || fmt.Sprint(a.Header) != fmt.Sprint(b.Header) {
				t.Errorf("with Explain: %d %q %v (%v), without: %d %q %v", a.StatusCode, a.body, a.Header, a.err, b.StatusCode, b.body, b.Header)
			}
		})
	}
}

// A body that breaks off in the middle of the text is passed on as it came.
func TestExplainPassesOnABrokenBody(t *testing.T) {
	f := newFront(t, Options{Explain: because}, writes(t, strings.TrimSuffix(engineFailure, "Error")))
	if a := get(t, f.url, ""); a.err == nil || a.body != "Internal Server " {
		t.Errorf("%q, %v", a.body, a.err)
	}
}

// Whoever is asked may wait, but not beyond the request: the client goes away, or the engine is replaced.
func TestExplainEndsWithTheRequest(t *testing.T) {
	asked, ended := make(chan struct{}, 1), make(chan error, 1)
	wait := func(r *http.Request) *Explanation {
		asked <- struct{}{}
		<-r.Context().Done()
		ended <- context.Cause(r.Context())
		return nil
	}
	f := newFront(t, Options{Explain: wait}, writes(t, engineFailure))

	answers := goGet(t, f.url, "")
	receiveFrom(t, asked)
	f.gate.Close()
	now, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_ = f.gate.Drain(now)
	receiveFrom(t, ended)
	receiveFrom(t, answers).want(t, http.StatusServiceUnavailable, "code was updated")
	f.access(t)

	f.open(writes(t, engineFailure))
	ctx, leave := context.WithCancel(t.Context())
	go func() { _, _ = client(t).Do(request(t, http.MethodGet, f.url, "", nil).WithContext(ctx)) }()
	receiveFrom(t, asked)
	leave()
	receiveFrom(t, ended)
	f.access(t) // the request is over
}

// Each of many requests at once gets its own explanation.
func TestExplainKeepsRequestsApart(t *testing.T) {
	f := newFront(t, Options{Explain: because}, rawBackend(t, func(conn net.Conn) {
		if readHead(conn) {
			_, _ = io.WriteString(conn, engineFailure)
		}
	}))
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			path := fmt.Sprintf("/%d", i)
			a := get(t, f.url+path, "")
			if a.err != nil || a.body != "because of "+path {
				t.Errorf("%s got %q, %v", path, a.body, a.err)
			}
		})
	}
	all.Wait()
}
