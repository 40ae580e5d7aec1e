package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"paddock/engine"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Show the versions of paddock and of its engine",
		Args:  args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(a.io.Out, "paddock %s\nworkerd %s\n", Version, engine.Version)
			return err
		},
	}
}
