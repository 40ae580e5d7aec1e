package cmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"paddock/gateway"
	"paddock/local"
	"paddock/local/control"
)

// Default ports of the shared runtime.
const (
	defaultPort    = 8788
	defaultAPIPort = 8789
)

// served is a runtime with its two doors.
type served struct {
	rt          *local.Runtime
	public, api *gateway.Server   // on loopback
	exposed     []*gateway.Server // elsewhere
	control     *control.API
	info        local.Info
	asked       chan struct{} // closed when a client asks for the end
}

// openRuntime opens the runtime on the state folder, listens, and announces
// itself there. The folder comes first, as it says whether a runtime is running
// already, and the sockets second: a port that is taken costs no engine.
func (a *app) openRuntime(ctx context.Context, o runtimeOptions, log *slog.Logger) (*served, error) {
	binary, err := a.install(ctx)
	if err != nil {
		return nil, err
	}
	rt := local.New(local.Options{
		Dir: a.stateDir, Engine: binary.Path, Version: Version, Log: log, KeyFile: keyFile(),
		Watchdog: time.Duration(o.limits.watchdog), EngineMemory: uint64(o.limits.memory),
		OnAccess: func(x gateway.Access) { logAccess(log, x) },
	})
	killed, err := rt.Claim(ctx)
	if err != nil {
		return nil, err
	}
	awaitPorts(ctx, killed)
	s, err := a.openDoors(ctx, rt, o, log)
	if err != nil {
		return nil, errors.Join(err, rt.Close(ctx))
	}
	return s, nil
}

// openDoors opens a runtime that has its folder, with its two doors.
func (a *app) openDoors(ctx context.Context, rt *local.Runtime, o runtimeOptions, log *slog.Logger) (_ *served, err error) {
	public, err := a.listen(ctx, o.port, o.portSet)
	if err != nil {
		return nil, err
	}
	defer closeOnError(&err, public)
	api, err := a.listen(ctx, o.apiPort, o.apiPortSet)
	if err != nil {
		return nil, err
	}
	defer closeOnError(&err, api)
	scripts, apis, err := o.exposed.open(ctx)
	if err != nil {
		return nil, err
	}
	for _, l := range append(slices.Clone(scripts), apis...) {
		defer closeOnError(&err, l)
	}
	if err := rt.Open(ctx); err != nil {
		return nil, err
	}
	s := &served{rt: rt, asked: make(chan struct{})}
	errs := slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	s.public = gateway.Serve(public, rt, errs)
	s.control = control.New(rt, control.Options{Log: log, Stop: sync.OnceFunc(func() { close(s.asked) }), Hosts: o.exposed.hosts})
	s.api = gateway.Serve(api, s.control, errs)
	s.exposed = o.exposed.serve(scripts, apis, rt, s.control, errs)
	s.info, err = rt.Announce("http://"+public.Addr().String(), "http://"+api.Addr().String())
	if err != nil {
		return nil, errors.Join(err, s.close(ctx))
	}
	return s, nil
}

func closeOnError(err *error, l net.Listener) {
	if *err != nil {
		l.Close()
	}
}

// close ends the doors and the runtime. Requests in flight have the runtime's
// drain deadline; new ones are refused from now on. The ports are free before
// the state folder is: whoever waited for that may start a runtime anew.
func (s *served) close(ctx context.Context) error {
	patience, cut := context.WithCancel(ctx)
	defer cut()
	servers := append([]*gateway.Server{s.public, s.api}, s.exposed...)
	errs := make([]error, len(servers))
	var doors sync.WaitGroup
	for i, server := range servers {
		doors.Go(func() { errs[i] = server.Close(patience) })
	}
	for _, server := range servers {
		<-server.Done()
	}
	err := s.rt.Close(ctx)
	timer := time.AfterFunc(2*time.Second, cut)
	defer timer.Stop()
	doors.Wait()
	s.control.Close(patience)
	return errors.Join(append(errs, err)...)
}

// listen opens a port of this machine, and says so if it is another one than
// the default.
func (a *app) listen(ctx context.Context, port int, asked bool) (net.Listener, error) {
	l, moved, err := gateway.ListenOrFree(ctx, "127.0.0.1", port, asked)
	if moved {
		fmt.Fprintf(a.io.Err, "Port %d is in use; using %d instead.\n", port, l.Addr().(*net.TCPAddr).Port)
	}
	return l, err
}

// portWait is how long the ports of a runtime that was killed may take to be
// free.
const portWait = 2 * time.Second

// awaitPorts waits for the ports of a runtime that was killed: the system takes
// what a process had piece by piece, and the folder may go before the ports.
func awaitPorts(ctx context.Context, killed local.Info) {
	ctx, cancel := context.WithTimeout(ctx, portWait)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for _, u := range []string{killed.Public, killed.API} {
		for taken(ctx, strings.TrimPrefix(u, "http://")) {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}
}

// taken reports whether somebody listens on an address.
func taken(ctx context.Context, addr string) bool {
	if addr == "" {
		return false
	}
	l, err := gateway.Listen(ctx, addr)
	if err == nil {
		l.Close()
	}
	return errors.Is(err, gateway.ErrAddrInUse)
}

func logAccess(log *slog.Logger, x gateway.Access) {
	attrs := []slog.Attr{
		slog.String("method", x.Method), slog.String("host", x.Host), slog.String("path", x.Path), slog.Int("status", x.Status),
		slog.Int64("bytes", x.Bytes), slog.Duration("took", x.Duration), slog.String("remote", x.Remote), slog.String("script", x.Script),
	}
	level := slog.LevelInfo
	if x.Err != "" {
		attrs = append(attrs, slog.String("err", x.Err))
	}
	if x.Status >= http.StatusInternalServerError {
		level = slog.LevelWarn
	}
	log.LogAttrs(context.Background(), level, "request", attrs...)
}
