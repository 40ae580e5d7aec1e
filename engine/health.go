package engine

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// The health socket tells whether the engine's only thread still turns its
// event loop: whatever service answers there, all share that loop. A worker
// would cost every start 4 ms for its isolate, so the service is one that the
// engine has built in, a read-only disk. The folder is that of the sockets, but
// no file in it is ever touched, see healthRequest.
const (
	healthService = "paddock:health"
	healthSocket  = "h" // the engine's name for it; others begin with "s"
)

// healthRequest asks for nothing, which is what HTTP has it for. The disk
// answers 501 to any method but its own, without a look at its folder.
const healthRequest = "OPTIONS * HTTP/1.1\r\nHost: health\r\nConnection: close\r\n\r\n"

// Ping asks the engine whether it still answers, and returns nil when it has
// done so, which may take as long as the script that it is busy with. It ends
// early with ctx. Any other error means that there was no answer this time: the
// engine has ended, or too many connections wait for it.
func (p *Process) Ping(ctx context.Context) error {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", p.sockets.health)
	if err != nil {
		return fmt.Errorf("ping engine: %w", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) }) // wakes whoever waits
	defer stop()
	if err := ask(conn); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return fmt.Errorf("ping engine: %w", err)
	}
	return nil
}

func ask(conn net.Conn) error {
	if _, err := io.WriteString(conn, healthRequest); err != nil {
		return err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && !strings.HasPrefix(answer, "HTTP/") {
		err = fmt.Errorf("the answer %q is not HTTP", answer)
	}
	return err
}
