package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"gopkg.in/natefinch/lumberjack.v2"
)

// runtimeOptions are the settings of a shared runtime.
type runtimeOptions struct {
	port, apiPort       int  // in the background 0 is the default, elsewhere any free one
	foreground          bool // stay in the terminal
	child               bool // is the process behind a start in the background
	portSet, apiPortSet bool
	limits              limits
	exposed             exposed
}

func (a *app) runtimeStartCommand() *cobra.Command {
	var o runtimeOptions
	c := &cobra.Command{
		Use:   "start",
		Short: "Start the runtime in the background",
		Args:  args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			o.portSet, o.apiPortSet = c.Flags().Changed("port"), c.Flags().Changed("api-port")
			if err := errors.Join(checkPort("--port", o.port), checkPort("--api-port", o.apiPort), o.exposed.check()); err != nil {
				return usage(c, err)
			}
			if o.foreground || o.child {
				return a.serveRuntime(c.Context(), o)
			}
			started, err := a.startWhenFree(c.Context(), o)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.io.Err, "Started the local runtime (pid %d).\n", started.PID)
			fmt.Fprintf(a.io.Out, "Ready on %s\nControl API on %s\n", started.Public, started.API)
			o.exposed.announce(a.io.Out)
			return nil
		},
	}
	c.Flags().IntVar(&o.port, "port", defaultPort, "port of the scripts")
	c.Flags().IntVar(&o.apiPort, "api-port", defaultAPIPort, "port of the control API")
	o.limits.addFlags(c)
	o.exposed.addFlags(c)
	c.Flags().BoolVar(&o.foreground, "foreground", false, "stay in the terminal until Ctrl-C")
	c.Flags().BoolVar(&o.child, "background-child", false, "")
	c.Flags().MarkHidden("background-child")
	return c
}

func checkPort(flag string, port int) error {
	if port < 0 || port > 65535 {
		return fmt.Errorf("%s %d is not a port", flag, port)
	}
	return nil
}

// serveRuntime runs a shared runtime until ctx ends or a client asks it to.
func (a *app) serveRuntime(ctx context.Context, o runtimeOptions) error {
	spendMemory()
	if err := a.needState(); err != nil {
		return err
	}
	log, err := a.runtimeLog(o)
	if err != nil {
		return err
	}
	var notices strings.Builder
	if o.child {
		a.io.Err = &notices // the one who started us is told, not our log
	}
	say := func(h handover) error {
		if !o.child {
			return nil
		}
		h.Notices = notices.String()
		if err := json.NewEncoder(a.io.Out).Encode(h); err != nil {
			return err
		}
		// Nobody reads on: without this, a later write would end the process.
		return os.Stdout.Close()
	}
	s, err := a.openRuntime(ctx, o, log)
	if err != nil {
		log.Error("cannot start", "err", err)
		return errors.Join(err, say(refusal(err)))
	}
	if err := say(handover{Info: s.info}); err != nil {
		log.Error("cannot tell that the runtime serves", "err", err)
	}
	log.Info("ready", "public", s.info.Public, "api", s.info.API, "state", a.stateDir)
	if !o.child {
		fmt.Fprintf(a.io.Out, "Ready on %s\nControl API on %s\n", s.info.Public, s.info.API)
		o.exposed.announce(a.io.Out)
	}
	select {
	case <-ctx.Done():
	case <-s.asked:
	}
	log.Info("stopping")
	err = s.close(context.WithoutCancel(ctx))
	if err != nil {
		log.Error("stopped badly", "err", err)
	} else {
		log.Info("stopped")
	}
	return err
}

// runtimeLog is the terminal for a runtime in the foreground, and a rotated
// file in the state folder for one in the background.
func (a *app) runtimeLog(o runtimeOptions) (*slog.Logger, error) {
	level, err := a.level()
	if err != nil {
		return nil, err
	}
	options := &slog.HandlerOptions{Level: level}
	if !o.child {
		return slog.New(slog.NewTextHandler(a.io.Err, options)), nil
	}
	dir, err := a.makeLogDir()
	if err != nil {
		return nil, err
	}
	file := &lumberjack.Logger{Filename: filepath.Join(dir, "runtime.log"), MaxSize: 10 /* MB */, MaxBackups: 3}
	return slog.New(slog.NewTextHandler(file, options)), nil
}

func (a *app) makeLogDir() (string, error) {
	dir := filepath.Join(a.stateDir, "logs")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the folder for logs: %w", err)
	}
	return dir, nil
}
