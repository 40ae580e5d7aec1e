package gateway

import (
	"io"
	"sync/atomic"
)

// upload is a client's body. It notes that reading failed, which tells a client's mistake from an engine's. The transport cannot
// close it, as a request that was not sent keeps its body for the next engine; the proxy closes it in the end.
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

// Close implements io.Closer.
func (u *upload) Close() error { return nil }
