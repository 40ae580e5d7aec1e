package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"paddock/devserver"
)

func (a *app) devCommand() *cobra.Command {
	var o devserver.Options
	var noTrace bool
	var l limits
	var flags overrideFlags
	c := &cobra.Command{
		Use:   "dev",
		Short: "Run the worker on this machine, and again on every save",
		Args:  args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if c.Flags().Changed("port") && (o.Port < 1 || o.Port > 65535) {
				return usage(c, fmt.Errorf("--port %d is not a port", o.Port))
			}
			o.Trace = !noTrace
			o.Watchdog, o.EngineMemory = time.Duration(l.watchdog), uint64(l.memory)
			var err error
			if o.Overrides, err = flags.overrides(c); err != nil {
				return err
			}
			return a.dev(c.Context(), o)
		},
	}
	c.Flags().StringVar(&o.IP, "ip", "", "address to listen on (default: the configuration's, or 127.0.0.1)")
	c.Flags().IntVar(&o.Port, "port", 0, "port to listen on (default: the configuration's, or 8787)")
	c.Flags().BoolVar(&o.Minify, "minify", false, "minify the code")
	c.Flags().StringArrayVar(&o.VarFiles, "env-file", nil, "file of variables, instead of .dev.vars and .env")
	c.Flags().BoolVar(&o.TestScheduled, "test-scheduled", false, "call the scheduled handler at /__scheduled?cron=…")
	flags.add(c)
	c.Flags().BoolVar(&noTrace, "no-trace", false, "leave out the collector: faster requests, but console output without order and stacks")
	l.addFlags(c)
	return c
}

func (a *app) dev(ctx context.Context, o devserver.Options) error {
	spendMemory()
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	o.IO, o.Dir, o.Configs, o.Env, o.Version, o.Check = a.io, dir, a.configs, a.env, Version, engineDate
	o.Engine = func(ctx context.Context) (string, error) {
		found, err := a.install(ctx)
		return found.Path, err
	}
	err = devserver.Run(ctx, o)
	if errors.Is(err, devserver.ErrReported) {
		return errReported
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil // Ctrl-C before the session had begun
	}
	return err
}
