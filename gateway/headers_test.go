package gateway

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// seen is what an engine got.
type seen struct {
	header http.Header
	host   string
	target string
}

// witness is a backend that reports what it gets.
func witness(t testing.TB) (Endpoint, <-chan seen) {
	requests := make(chan seen, 1)
	return backend(t, func(_ http.ResponseWriter, r *http.Request) {
		requests <- seen{r.Header, r.Host, r.RequestURI}
	}), requests
}

func TestHeadersToTheEngine(t *testing.T) {
	e, requests := witness(t)
	f := newFront(t, Options{CFHeader: "X-Paddock-CF"}, e)
	r := request(t, "GET", f.url, "app.localhost:8788", nil)
	r.Header = http.Header{
		"Cf-Connecting-Ip": {"6.6.6.6"}, "X-Real-Ip": {"6.6.6.6"}, "X-Paddock-Cf": {`{"colo":"FORGED"}`, "again"},
		"X-Forwarded-Proto": {"gopher"}, "X-Forwarded-For": {"1.2.3.4"}, "X-Forwarded-Host": {"h"}, "Forwarded": {"for=x"},
		"X-Mine": {"a", "b"}, "Accept-Encoding": {"br"}, "Connection": {"X-Paddock-CF, CF-Connecting-IP"},
	}
	do(t, r).want(t, 200, "")
	got := receiveFrom(t, requests)
	for key, want := range map[string]string{
		"Cf-Connecting-Ip": "127.0.0.1", "X-Real-Ip": "127.0.0.1", "X-Forwarded-Proto": "http",
		"X-Paddock-Cf":    `{"colo":"LOCAL","httpProtocol":"HTTP/1.1","clientTcpRtt":0}`,
		"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Host": "h", "Forwarded": "for=x", "X-Mine": "a|b", "Accept-Encoding": "br",
	} {
		if values := strings.Join(got.header[key], "|"); values != want {
			t.Errorf("%s: %q, want %q", key, values, want)
		}
	}
	if got.host != "app.localhost:8788" {
		t.Errorf("the engine sees the host %q", got.host)
	}
}

func TestNoCFHeaderUnlessNamed(t *testing.T) {
	e, requests := witness(t)
	f := newFront(t, Options{}, e)
	get(t, f.url, "").want(t, 200, "")
	for key := range receiveFrom(t, requests).header {
		if strings.Contains(strings.ToLower(key), "paddock") || key == "" {
			t.Errorf("unexpected header %q", key)
		}
	}
}

// The engine gets the resource as the client wrote it, with what Go's parsers would escape, sort or drop.
func TestTargetIsNotRewritten(t *testing.T) {
	e, requests := witness(t)
	f := newFront(t, Options{}, e)
	for _, target := range []string{
		"/", "/?", "/a%2Fb/%7Euser", "/a|b^c", "/?z=1&a=2;b=%zz&c", "//double//slash?x", "/caf\xc3\xa9?q=\xc3\xa9", "/a?b?c", "/..%2f../x",
	} {
		conn := dial(t, f.addr)
		send(t, conn, "GET "+target+" HTTP/1.1\r\nHost: h\r\n\r\n")
		readAnswer(t, conn).want(t, 200, "")
		if got := receiveFrom(t, requests); got.target != target {
			t.Errorf("the engine got %q, the client sent %q", got.target, target)
		}
		if log := f.access(t); log.Path != target || log.Remote != "127.0.0.1" || log.Host != "h" || log.Proto != "HTTP/1.1" {
			t.Errorf("access log: %+v", log)
		}
	}
	conn := dial(t, f.addr)
	send(t, conn, "GET http://absolute.example/x HTTP/1.1\r\nHost: other\r\n\r\n")
	readAnswer(t, conn).want(t, 200, "")
	if got := receiveFrom(t, requests); got.target != "/x" || got.host != "absolute.example" {
		t.Errorf("the engine got %q of host %q", got.target, got.host)
	}
}

func TestAnswerIsNotRewritten(t *testing.T) {
	var zipped bytes.Buffer
	zipped.WriteString("\x1f\x8b not really")
	f := newFront(t, Options{}, backend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil
		w.Header().Set("Content-Encoding", "gzip")
		w.Header()["Set-Cookie"] = []string{"a=1", "b=2"}
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.Copy(w, &zipped)
	}))
	a := get(t, f.url, "")
	a.want(t, http.StatusTeapot, "\x1f\x8b not really")
	if _, guessed := a.Header["Content-Type"]; guessed || len(a.Header["Set-Cookie"]) != 2 || a.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("headers: %v", a.Header)
	}
}

func TestTLSReachesTheEngineAsFacts(t *testing.T) {
	for _, c := range []struct {
		h2                        bool
		version                   uint16
		protocol, tls, cipherPart string
	}{
		{true, tls.VersionTLS13, "HTTP/2", "TLSv1.3", "AEAD-"},
		{false, tls.VersionTLS12, "HTTP/1.1", "TLSv1.2", "ECDHE-"},
	} {
		e, requests := witness(t)
		gate := NewGate("app")
		gate.Open(map[string]Endpoint{"app": e})
		g := New(Options{CFHeader: "X-CF"})
		g.SetTable(Table{Default: &Target{Script: "app", Gate: gate}})
		server := httptest.NewUnstartedServer(g)
		server.EnableHTTP2 = c.h2
		server.StartTLS()
		defer server.Close()
		transport := server.Client().Transport.(*http.Transport)
		transport.TLSClientConfig.MaxVersion = c.version
		res, err := server.Client().Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		got := receiveFrom(t, requests).header
		var blob cf
		if err := json.Unmarshal([]byte(got.Get("X-CF")), &blob); err != nil {
			t.Fatal(err)
		}
		if blob.HTTPProtocol != c.protocol || blob.TLSVersion != c.tls || !strings.HasPrefix(blob.TLSCipher, c.cipherPart) ||
			strings.Contains(blob.TLSCipher, "_") || got.Get("X-Forwarded-Proto") != "https" {
			t.Errorf("blob %+v, headers %v", blob, got)
		}
	}
}
