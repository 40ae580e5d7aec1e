package gateway

import (
	"context"
	"net"
	"net/http"
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
			return dialer.DialContext(ctx, "unix", e.Socket)
		},
		DisableCompression:    true, // what the engine says is passed on as it is
		MaxIdleConnsPerHost:   1024,
		IdleConnTimeout:       engineIdleTimeout,
		ExpectContinueTimeout: time.Second,
	}}
}
