package cmd

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"paddock/internal/cfapi"
)

// shells are how shells set a variable for the programs that they start. The
// values hold nothing that any of them would take for anything else.
var shells = map[string]string{
	"sh":         "export %s=%s\n",
	"fish":       "set -gx %s %s\n",
	"powershell": "$env:%s = '%s'\n",
}

func (a *app) runtimeEnvCommand() *cobra.Command {
	var shell string
	var asJSON bool
	c := &cobra.Command{
		Use:   "env",
		Short: "Print what points Wrangler at the runtime, for eval",
		Long: `Print what points Wrangler, and whatever else speaks Cloudflare's API, at the
runtime. The token lets its holder run code on this machine.

  sh, bash, zsh   eval "$(paddock runtime env)"
  fish            paddock runtime env --shell fish | source
  PowerShell      paddock runtime env --shell powershell | Out-String | Invoke-Expression`,
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			line, ok := shells[shell]
			if !ok {
				return usage(c, fmt.Errorf("--shell %q is none of fish, powershell and sh", shell))
			}
			client, _, err := a.client(c.Context())
			if err != nil {
				return err
			}
			return a.showEnvironment(client, line, asJSON)
		},
	}
	c.Flags().StringVar(&shell, "shell", "sh", "shell to print for: sh, fish or powershell")
	c.Flags().BoolVar(&asJSON, "json", false, "print an object of the variables")
	return c
}

func (a *app) showEnvironment(client *cfapi.Client, line string, asJSON bool) error {
	pairs := [][2]string{
		{"CLOUDFLARE_API_BASE_URL", client.BaseURL},
		{"CLOUDFLARE_API_TOKEN", client.Token},
		{"CLOUDFLARE_ACCOUNT_ID", client.AccountID},
	}
	if asJSON {
		variables := map[string]string{}
		for _, p := range pairs {
			variables[p[0]] = p[1]
		}
		return json.NewEncoder(a.io.Out).Encode(variables)
	}
	var b strings.Builder
	for _, p := range pairs {
		fmt.Fprintf(&b, line, p[0], p[1])
	}
	return a.write(&b)
}
