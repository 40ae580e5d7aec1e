package gateway

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
	transport *transport
}

func newEndpoint(e Endpoint) *endpoint {
	return &endpoint{fetch: e.Fetch, transport: &transport{newPool(e.Socket)}}
}
