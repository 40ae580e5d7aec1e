package cmd

import (
	"strings"

	"github.com/spf13/cobra"

	"paddock/config"
)

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print a JSON schema of configurations, for editors",
		Args:  args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			var b strings.Builder
			b.Write(config.Schema())
			return a.write(&b)
		},
	}
}
