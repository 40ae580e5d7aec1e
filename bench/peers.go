package main

import (
	"context"
	"errors"

	"paddock/internal/peers"
)

var errWithoutWrangler = errors.New("left out, as --without-wrangler asks for")

// A lazyWrangler is looked for when the first benchmark wants it.
type lazyWrangler struct {
	looked bool
	peers.Wrangler
	err error
}

// wranglerDev is `wrangler dev`; without an error it is installed.
func (l *lab) wranglerDev(ctx context.Context) (program, error) {
	w := &l.wrangler
	switch {
	case w.looked:
	case l.noWrangler:
		w.err = errWithoutWrangler
	default:
		w.Wrangler, w.err = peers.InstallWrangler(ctx, peers.WranglerVersion)
	}
	w.looked = true
	if w.err != nil {
		return program{}, w.err
	}
	return program{"wrangler dev", func(_ context.Context, p project) (*server, error) {
		addr, err := freeAddr()
		if err != nil {
			return nil, err
		}
		inspector, err := freeAddr()
		if err != nil {
			return nil, err
		}
		return l.serve(addr, w.Node, []string{w.Script, "dev", "--cwd", p.dir, "--ip", "127.0.0.1", "--port", portOf(addr),
			"--inspector-port", portOf(inspector), "--show-interactive-dev-session=false"})
	}}, nil
}
