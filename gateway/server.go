package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Limits of a public socket. None of them bounds bodies or the time a handler takes: scripts stream as long as they like.
const (
	headerTimeout = 15 * time.Second // as the engine's own
	idleTimeout   = 2 * time.Minute
	maxHeader     = 128 << 10 // all headers together, as on the platform
)

// ErrAddrInUse says that something else listens on the address.
var ErrAddrInUse = errors.New("address already in use")

// Listen opens a TCP socket. The error wraps ErrAddrInUse if the address is taken.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	switch {
	case err == nil:
		return l, nil
	case addrInUse(err):
		return nil, fmt.Errorf("listen on %s: %w", addr, ErrAddrInUse)
	}
	return nil, fmt.Errorf("listen on %s: %w", addr, err)
}

// ListenOrFree is Listen for a port that may be a default: if it is taken and nobody asked for it, a free one is opened in its
// place, and moved is true.
func ListenOrFree(ctx context.Context, ip string, port int, asked bool) (l net.Listener, moved bool, err error) {
	l, err = Listen(ctx, net.JoinHostPort(ip, strconv.Itoa(port)))
	switch {
	case !errors.Is(err, ErrAddrInUse):
		return l, false, err
	case asked:
		return nil, false, fmt.Errorf("port %d is in use: choose another one, or leave it out to get a free one", port)
	}
	l, err = Listen(ctx, net.JoinHostPort(ip, "0"))
	return l, err == nil, err
}

// addrInUse knows the error number of Windows too, which the syscall package does not map.
func addrInUse(err error) bool {
	const wsaAddrInUse = syscall.Errno(10048)
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, wsaAddrInUse)
}

// Server serves a handler on one listener.
type Server struct {
	http http.Server
	done chan struct{}
	err  error // why serving ended; to be read once done is closed

	mu     sync.Mutex
	silent map[net.Conn]struct{} // connections without a request so far
}

// Serve starts to serve. Protocol errors of clients are written to errs; nil leaves them out.
func Serve(l net.Listener, handler http.Handler, errs *log.Logger) *Server {
	if errs == nil {
		errs = log.New(io.Discard, "", 0)
	}
	s := &Server{done: make(chan struct{}), silent: map[net.Conn]struct{}{}}
	s.http = http.Server{
		Handler: handler, ErrorLog: errs, ConnState: s.connState,
		ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
	}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.err = fmt.Errorf("serve on %s: %w", l.Addr(), err)
		}
	}()
	return s
}

// Done is closed when the server no longer accepts connections, be it after Close or because the socket failed.
func (s *Server) Done() <-chan struct{} { return s.done }

// Close stops accepting and waits for the requests in progress; when ctx ends, they are cut. WebSockets are not the
// server's any more: closing their gate ends them. The error says what ended serving before Close, or that requests were cut.
func (s *Server) Close(ctx context.Context) error {
	calm := context.AfterFunc(ctx, func() { _ = s.http.Close() })
	shut := make(chan error, 1)
	go func() { shut <- s.http.Shutdown(context.WithoutCancel(ctx)) }()
	<-s.done // no connection is accepted any more
	s.closeSilent()
	err := <-shut
	if !calm() {
		err = fmt.Errorf("close server: requests were cut: %w", context.Cause(ctx))
	}
	return errors.Join(s.err, err)
}

// connState keeps the list of silent connections.
func (s *Server) connState(conn net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state == http.StateNew {
		s.silent[conn] = struct{}{}
		return
	}
	delete(s.silent, conn)
}

// closeSilent closes connections that browsers open in advance. Shutdown would wait for their first request for
// five seconds.
func (s *Server) closeSilent() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.silent {
		_ = conn.Close()
	}
}
