package gateway

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
)

// sendOnce makes r a request that http.Transport never sends a second time. When a reused connection breaks, the transport
// repeats requests that it takes for idempotent: GET, HEAD, OPTIONS and TRACE, and all with an idempotency key, provided they
// have no body. The engine may have run them, and a counter that counts by GET would count twice.
func sendOnce(r *http.Request) {
	if r.Body != nil && r.Body != http.NoBody {
		return // with a body, and no GetBody to get it again, nothing is repeated
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		// An empty body, which the transport does not take for none. "identity" keeps it from looking whether there is
		// something to read and from announcing chunks; a reader that it knows, from flushing the headers before the body.
		// So what goes over the wire is the same as without a body.
		r.Body = io.NopCloser(strings.NewReader(""))
		r.TransferEncoding = []string{"identity"}
	default:
		// Other methods keep having no body, because that is what makes the transport write "Content-Length: 0".
		hideKey(r.Header, "Idempotency-Key")
		hideKey(r.Header, "X-Idempotency-Key")
	}
}

// hideKey spells a header in lower case: the transport looks for the canonical spelling, the engine for any.
func hideKey(h http.Header, key string) {
	if values, ok := h[key]; ok {
		delete(h, key)
		h[strings.ToLower(key)] = values
	}
}

// upload is a client's body. It notes that reading failed, which tells a client's mistake from an engine's.
type upload struct {
	io.ReadCloser
	failed *atomic.Bool
}

// Read implements io.Reader.
func (u *upload) Read(p []byte) (int, error) {
	n, err := u.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		u.failed.Store(true)
	}
	return n, err
}
