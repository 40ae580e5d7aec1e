package gateway

import (
	"context"
	"errors"
	"net"
	"net/http"
	"syscall"
	"time"
)

// The engine closes connections that were idle for 15 seconds. Ours close earlier, so that no request is sent on a
// connection that is about to be closed: it could not be sent again.
const engineIdleTimeout = 10 * time.Second

// Endpoint is where an engine answers for one script.
type Endpoint struct {
	// Socket is the path of the Unix socket.
	Socket string
	// Fetch says that the script has a fetch handler. Without one it gets no requests: the engine would act as a proxy
	// and pass them to whatever host their Host header names.
	Fetch bool
}

// endpoint is an Endpoint with its connections.
type endpoint struct {
	fetch     bool
	transport *http.Transport
}

func newEndpoint(e Endpoint) *endpoint {
	var dialer net.Dialer
	return &endpoint{fetch: e.Fetch, transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, "unix", e.Socket)
			if err != nil {
				return nil, err
			}
			return engineConn{conn.(*net.UnixConn)}, nil
		},
		DisableCompression:    true, // what the engine says is passed on as it is
		MaxIdleConnsPerHost:   1024,
		IdleConnTimeout:       engineIdleTimeout,
		ExpectContinueTimeout: time.Second,
	}}
}

// engineConn is a connection to the engine. When a script does not read its body, the engine answers and closes without
// reading the rest. The transport would take it for a failure that the rest cannot be written, if it sees that before the
// answer, which is there to be read. So whether there is an answer is left to the reader: an engine that died gives it an end.
type engineConn struct{ *net.UnixConn }

// Write implements net.Conn.
func (c engineConn) Write(p []byte) (int, error) {
	n, err := c.UnixConn.Write(p)
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		return len(p), nil
	}
	return n, err
}
