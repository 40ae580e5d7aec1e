// Package cmd is the command line: a file for each command, which turns flags
// into a call of the room that does the work, and its result into text. It is
// the only place where the rooms meet.
//
// [Main] is the whole program. Results go to stdout, everything else to
// stderr; the exit code is 0 when the work is done, 1 when it failed, and 2
// when the command line was wrong.
package cmd

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"paddock/config"
	"paddock/internal/iostreams"
)

// Version is the version of paddock.
const Version = "0.1.0"

// app is what all commands share: the terminal and the global flags.
type app struct {
	io *iostreams.Streams

	configs  []string
	env      string
	cwd      string
	logLevel string
	stateDir string // as given, absolute after needState

	remote     bool          // work at Cloudflare, instead of the local runtime
	configured *config.Cloud // what the configuration says of Cloudflare, nil if it was not read
}

// Main runs the program with the arguments after its name and returns its
// exit code. The first interrupt lets the command end in good order, a second
// one ends the process.
func Main(args []string) int {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as by nohup
		signals = append(signals, syscall.SIGHUP) // the terminal was closed
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	defer stop()
	context.AfterFunc(ctx, stop) // from then on a signal has its usual effect
	return run(ctx, iostreams.System(), args)
}

func run(ctx context.Context, streams *iostreams.Streams, args []string) int {
	a := &app{io: streams}
	root := a.root()
	root.SetArgs(joinValues(args))
	return a.exitCode(root.ExecuteContext(ctx))
}

// write writes a whole result, so that one that does not arrive is an error.
func (a *app) write(text *strings.Builder) error {
	_, err := io.WriteString(a.io.Out, text.String())
	return err
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "paddock",
		Short: "Run, ship and follow Durable Objects on your own machine",
		Long: "paddock does for Durable Objects what Wrangler does, without the cloud account:\n" +
			"it reads a Wrangler project, runs it (dev), ships it to a local object runtime\n" +
			"that keeps its data (publish), and streams its logs (tail).",
		Version:           Version,
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: func(*cobra.Command, []string) error { return a.prepare() },
	}
	root.SetVersionTemplate("paddock {{.Version}}\n")
	root.SetIn(a.io.In)
	root.SetOut(a.io.Out)
	root.SetErr(a.io.Err)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return usage(c, err) })
	flags := root.PersistentFlags()
	flags.StringArrayVarP(&a.configs, "config", "c", nil, "path of the configuration, instead of looking for wrangler.json, .jsonc or .toml")
	flags.StringVarP(&a.env, "env", "e", os.Getenv("CLOUDFLARE_ENV"), "environment of the configuration to use")
	flags.StringVar(&a.cwd, "cwd", "", "run as if started in this folder")
	flags.StringVar(&a.logLevel, "log-level", "info", "debug, info, warn or error")
	flags.StringVar(&a.stateDir, "state-dir", os.Getenv("PADDOCK_STATE_DIR"), "folder of the local runtime's state")
	remote := []*cobra.Command{a.publishCommand(), a.migrationsCommand(), a.versionsCommand(), a.deploymentsCommand(),
		a.rollbackCommand(), a.secretCommand(), a.deleteCommand(), a.tailCommand()}
	a.remoteFlag(remote...)
	root.AddCommand(remote...)
	root.AddCommand(a.devCommand(), a.checkCommand(), a.runtimeCommand(), a.engineCommand(), a.schemaCommand(),
		a.whoamiCommand(), a.versionCommand())
	root.CompletionOptions.HiddenDefaultCmd = true
	return root
}

// prepare applies the global flags.
func (a *app) prepare() error {
	if a.cwd != "" {
		if err := os.Chdir(a.cwd); err != nil {
			return fmt.Errorf("--cwd: %w", err)
		}
	}
	_, err := a.level()
	return err
}

// needState finds the state folder. Only those who need it ask, so that the
// rest works where a user has no folders, as in many containers.
func (a *app) needState() error {
	dir := a.stateDir
	if dir == "" {
		var err error
		if dir, err = defaultStateDir(); err != nil {
			return fmt.Errorf("find the folder for state: %w (name one with --state-dir)", err)
		}
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("find the folder for state: %w", err)
	}
	a.stateDir = dir
	return nil
}

// keyFile is where the key lies that secrets are encrypted with, in a folder of
// the user that holds no state; "" if there is none. On macOS that cannot be
// the usual folder, where the state is.
func keyFile() string {
	dir, err := os.UserConfigDir()
	if xdg := os.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(xdg) {
		dir, err = xdg, nil
	} else if runtime.GOOS == "darwin" && err == nil {
		dir, err = os.UserHomeDir()
		dir = filepath.Join(dir, ".config")
	}
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "paddock", "secrets.key")
}

func (a *app) level() (slog.Level, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(a.logLevel)); err != nil {
		return l, &usageError{err: fmt.Errorf("--log-level %q is none of debug, info, warn, error", a.logLevel)}
	}
	return l, nil
}

// defaultStateDir is a folder for data that belongs to the user.
func defaultStateDir() (string, error) {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "paddock"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	switch runtime.GOOS {
	case "darwin":
		return filepath.Join(home, "Library", "Application Support", "paddock"), nil
	case "windows":
		dir, err := os.UserCacheDir() // the local, not the roaming folder
		return filepath.Join(dir, "paddock"), err
	}
	return filepath.Join(home, ".local", "share", "paddock"), nil
}

// config returns the one --config that was given, or "".
func (a *app) config() (string, error) {
	switch len(a.configs) {
	case 0:
		return "", nil
	case 1:
		return a.configs[0], nil
	}
	return "", &usageError{err: fmt.Errorf("--config expects a single value, but received multiple: %q", a.configs)}
}
