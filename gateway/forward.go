package gateway

import (
	"errors"
	"fmt"
	"io"
	"log"
	"mime"
	"net/http"
	"net/http/httputil"
	"strings"
	"sync"
)

// setUpProxy fills in the reverse proxy. Everything that differs from request to request is in its exchange.
func (g *Gateway) setUpProxy() {
	g.proxy = httputil.ReverseProxy{
		Rewrite:        func(pr *httputil.ProxyRequest) { g.rewrite(pr.In, pr.Out) },
		Transport:      sender{g},
		FlushInterval:  -1,                         // at once; for hello answers that costs nothing measurable
		ErrorLog:       log.New(io.Discard, "", 0), // all of it reaches the access log
		BufferPool:     bufferPool{},
		ModifyResponse: receive,
		ErrorHandler:   g.fail,
	}
}

// rewrite makes the request to the engine out of the client's. The proxy has taken out the headers that concern one
// connection only.
func (g *Gateway) rewrite(in, out *http.Request) {
	x := exchangeOf(in)
	setTarget(in, out)
	setHeaders(x, out.Header, g.opts.CFHeader)
	out.Trailer = in.Trailer // shared, as its values come after the body
	if out.Body != nil {
		out.Body = &upload{ReadCloser: out.Body, failed: &x.badUpload}
	}
}

// setTarget names the resource exactly as the client did. The proxy has reordered odd query strings, and url.URL would
// escape characters that clients may leave as they are.
func setTarget(in, out *http.Request) {
	out.URL.Scheme = "http"
	out.URL.Host = "localhost" // the Host header of a request that has none (HTTP/1.0)
	out.URL.RawQuery = in.URL.RawQuery
	path, _, _ := strings.Cut(in.RequestURI, "?")
	// An opaque part that begins with // would be written with the scheme before it.
	if strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") {
		out.URL.Opaque = path
	}
}

// receive looks at the engine's answer before it is passed on.
func receive(res *http.Response) error {
	x := exchangeOf(res.Request)
	x.explainAnswer(res)
	if !x.visit.begin() {
		return errCut
	}
	if _, ok := res.Header["Content-Type"]; !ok {
		x.Header()["Content-Type"] = nil // keeps net/http from guessing one
	}
	if res.StatusCode == http.StatusSwitchingProtocols {
		if !strings.EqualFold(res.Header.Get("Upgrade"), "websocket") {
			return errors.New("engine switched to a protocol that is not WebSocket")
		}
		return nil
	}
	if kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type")); kind == "text/event-stream" {
		stream := &eventStream{ReadCloser: res.Body, cancel: x.cancel}
		res.Body = stream
		x.visit.endWith(stream.end)
	}
	return nil
}

// sender is a RoundTripper that sends each request over the connections of its exchange's endpoint. A request that finds
// nobody there was not sent, and goes to the next engine.
type sender struct{ g *Gateway }

// RoundTrip implements http.RoundTripper.
func (s sender) RoundTrip(r *http.Request) (*http.Response, error) {
	x := exchangeOf(r)
	for {
		res, err := x.endpoint.transport.RoundTrip(r)
		if !engineGone(err) {
			return res, err
		}
		if again := s.g.readmit(x); again != nil {
			return nil, &turnedAway{fmt.Errorf("%w (%w)", again, err)}
		}
	}
}

// bufferPool keeps the buffers for copying answers; without it each answer would allocate one.
type bufferPool struct{}

type copyBuffer [32 << 10]byte

var copyBuffers = sync.Pool{New: func() any { return new(copyBuffer) }}

// Get implements httputil.BufferPool.
func (bufferPool) Get() []byte { return copyBuffers.Get().(*copyBuffer)[:] }

// Put implements httputil.BufferPool.
func (bufferPool) Put(b []byte) { copyBuffers.Put((*copyBuffer)(b)) }
