package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"paddock/internal/cfapi"
	"paddock/internal/diag"
	"paddock/local"
	"paddock/local/control"
)

// startPatience is how long a runtime may take from taking its folder to
// serving, or to be gone after a kill: the start deadline of its engines, and a
// little more.
const startPatience = 15 * time.Second

// client returns a client of the runtime on the state folder. The error wraps
// [local.ErrNotRunning] if there is none. With --remote it is a client of
// Cloudflare, and there is no status.
func (a *app) client(ctx context.Context) (*cfapi.Client, *cfapi.RuntimeStatus, error) {
	if a.remote {
		c, err := a.cloud(ctx)
		return c, nil, err
	}
	if err := a.needState(); err != nil {
		return nil, nil, err
	}
	info, token, err := local.Running(a.stateDir)
	if err != nil {
		return nil, nil, err
	}
	c := &cfapi.Client{BaseURL: info.API + control.Prefix, Token: token, AccountID: control.Account, UserAgent: "paddock/" + Version}
	status, err := c.RuntimeStatus(ctx)
	// Another process can have got the number of a runtime that died.
	if op := (*net.OpError)(nil); errors.As(err, &op) || errors.Is(err, io.EOF) {
		return nil, nil, fmt.Errorf("%w on %s (%s does not answer)", local.ErrNotRunning, a.stateDir, info.API)
	}
	if err != nil {
		return nil, nil, err
	}
	if status.Version != Version {
		a.report(diag.List{diag.Warningf("runtime-version", diag.Location{},
			"the runtime is paddock %s, this is %s", status.Version, Version).
			WithHint("`paddock runtime stop` and `paddock runtime start` bring it up to date; its data stays.")})
	}
	return c, status, nil
}

// ensureClient is client, but starts a runtime in the background if none is
// running, and says so.
func (a *app) ensureClient(ctx context.Context) (*cfapi.Client, *cfapi.RuntimeStatus, error) {
	c, status, err := a.client(ctx)
	if !errors.Is(err, local.ErrNotRunning) {
		return c, status, err
	}
	started, err := a.startWhenFree(ctx, runtimeOptions{})
	if refused, ok := errors.AsType[*refusedStart](err); ok && refused.Locked {
		if c, status, err := a.client(ctx); err == nil {
			return c, status, nil // another publish was faster
		}
	}
	if err != nil {
		return nil, nil, err
	}
	fmt.Fprintf(a.io.Err, "Started the local runtime in the background (pid %d, %s); `paddock runtime stop` ends it.\n", started.PID, started.Public)
	return a.client(ctx)
}
