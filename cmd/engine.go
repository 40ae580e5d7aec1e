package cmd

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"paddock/engine"
)

func (a *app) engineCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "engine",
		Short: "Find or install workerd, the engine that runs the scripts",
		Args:  args(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(&cobra.Command{
		Use:   "path",
		Short: "Print where the engine is",
		Args:  args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			look := finder().Find
			if engine.Bundled() {
				look = a.install // a path to something needs it unpacked, and that needs no network
			}
			found, err := look(c.Context())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(a.io.Out, found.Path)
			return err
		},
	}, &cobra.Command{
		Use:   "install",
		Short: "Fetch or unpack the engine, unless it is there already",
		Args:  args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			found, err := a.install(c.Context())
			if err != nil {
				return err
			}
			// The one of the user's own choice can be any version, or none.
			version, err := found.ReportedVersion(c.Context())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.io.Out, "%s (%s)\n%s\n", version, found.Source, found.Path)
			return err
		},
	})
	return c
}

func finder() engine.Finder { return engine.Finder{Getenv: os.Getenv, ProjectDir: "."} }

// install finds the engine, or unpacks or fetches it with something to look at.
func (a *app) install(ctx context.Context) (engine.Binary, error) {
	doing := "Fetching the engine (workerd " + engine.Version + ", 47 MB, once)"
	if engine.Bundled() {
		doing = "Unpacking the engine (workerd " + engine.Version + ", once)"
	}
	progress := a.io.Progress(doing)
	defer progress.Done()
	f := finder()
	f.Progress = progress.Set
	return f.Install(ctx)
}
