package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"paddock/internal/cfapi"
	"paddock/internal/diag"
)

// scriptOptions are what all commands about one published script have in
// common.
type scriptOptions struct {
	*app
	name string
	json bool
}

func (o *scriptOptions) nameFlag(c *cobra.Command) {
	c.Flags().StringVar(&o.name, "name", "", "name of the script, instead of the configuration's")
}

func (o *scriptOptions) jsonFlag(c *cobra.Command) {
	c.Flags().BoolVar(&o.json, "json", false, "print the result as JSON")
}

// target returns the script's name, and a client of the runtime that has it.
func (o *scriptOptions) target(ctx context.Context) (*cfapi.Client, string, error) {
	if o.name == "" {
		name, err := o.scriptName()
		if err != nil {
			return nil, "", err
		}
		o.name = name
	}
	if o.name == "" {
		return nil, "", diag.List{diag.Errorf("name-missing", diag.Location{}, "You need to provide a name for your Worker").
			WithHint("Either pass it with `--name <name>`, or set \"name\" in the configuration.")}.Err()
	}
	client, _, err := o.client(ctx)
	return client, o.name, err
}

// unknownScript says that a script is not there in words of ours; other errors
// it leaves alone.
func (a *app) unknownScript(err error, script string) error {
	if !cfapi.HasCode(err, cfapi.CodeScriptNotFound, cfapi.CodeServiceNotFound) {
		return err
	}
	if a.remote {
		return diag.List{diag.Errorf("unknown-script", diag.Location{}, "no script %q is in this account", script).
			WithHint("`paddock whoami` shows the accounts that the token is good for.")}.Err()
	}
	return diag.List{diag.Errorf("unknown-script", diag.Location{}, "no script %q is published here", script).
		WithHint("`paddock runtime status` shows those that are.")}.Err()
}
