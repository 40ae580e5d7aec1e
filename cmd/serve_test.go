package cmd

import (
	"net"
	"testing"
	"time"

	"paddock/local"
)

// The ports of a runtime that was killed were in use for a moment, so that the
// next one did not start.
func TestAwaitPorts(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := time.AfterFunc(50*time.Millisecond, func() { l.Close() })
	defer gone.Stop()
	addr := l.Addr().String()
	awaitPorts(t.Context(), local.Info{Public: "http://" + addr})
	again, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()

	// Nobody was killed.
	awaitPorts(t.Context(), local.Info{})
}
