package cmd

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"paddock/internal/cfapi"
	"paddock/internal/diag"
)

func (a *app) secretCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "secret",
		Short: "Set, list and delete the secrets of a script",
		Args:  args(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.secretPutCommand(), a.secretListCommand(), a.secretDeleteCommand(), a.secretBulkCommand())
	return c
}

func (a *app) secretPutCommand() *cobra.Command {
	o := &scriptOptions{app: a}
	c := &cobra.Command{
		Use:   "put <name>",
		Short: "Set a secret; its value is asked for, or read from stdin",
		Args:  args(cobra.ExactArgs(1)),
		RunE:  func(c *cobra.Command, list []string) error { return o.putSecret(c.Context(), list[0]) },
	}
	o.nameFlag(c)
	return c
}

func (o *scriptOptions) putSecret(ctx context.Context, name string) error {
	client, script, err := o.target(ctx)
	if err != nil {
		return err
	}
	value, err := o.secretValue(ctx)
	if err != nil {
		return err
	}
	if value == "" {
		o.report(diag.List{diag.Warningf("empty-secret", diag.Location{}, "the value of the secret %s is empty", name)})
	}
	fmt.Fprintf(o.io.Err, "Creating the secret for the Worker %q\n", script)
	put := func() error { return client.PutSecret(ctx, script, cfapi.NewSecret(name, value)) }
	if err := o.withDraft(ctx, client, script, put); err != nil {
		return err
	}
	_, err = fmt.Fprintf(o.io.Out, "Success! Uploaded secret %s\n", diag.Printable(name))
	return err
}

// secretValue reads the value of a secret, without white space at its end.
func (o *scriptOptions) secretValue(ctx context.Context) (string, error) {
	read := func() (string, error) {
		text, err := io.ReadAll(o.io.In)
		return string(text), err
	}
	stdin, isFile := o.io.In.(*os.File)
	if isFile && o.canAsk() {
		fmt.Fprint(o.io.Err, "? Enter a secret value: ")
		defer fmt.Fprintln(o.io.Err)
		before, err := term.GetState(int(stdin.Fd()))
		if err != nil {
			return "", fmt.Errorf("read the secret: %w", err)
		}
		// Whoever interrupts gets the terminal back as it was.
		defer term.Restore(int(stdin.Fd()), before)
		read = func() (string, error) {
			text, err := term.ReadPassword(int(stdin.Fd()))
			return string(text), err
		}
	}
	text, err := interruptible(ctx, read)
	if err != nil {
		return "", fmt.Errorf("read the secret: %w", err)
	}
	return strings.TrimRightFunc(text, unicode.IsSpace), nil
}

// withDraft makes a script that does nothing if there is none yet, so that a
// secret can be there before the code, and tries again.
func (o *scriptOptions) withDraft(ctx context.Context, client *cfapi.Client, script string, put func() error) error {
	err := put()
	if !cfapi.HasCode(err, cfapi.CodeScriptNotFound, cfapi.CodeServiceNotFound) {
		return err
	}
	if o.canAsk() {
		ok, err := o.confirm(ctx, fmt.Sprintf("There is no Worker called %q yet. Do you want to create one with that name and add secrets to it?", script))
		if err == nil && !ok {
			err = fmt.Errorf("no script %q is published here", script)
		}
		if err != nil {
			return err
		}
	}
	if err := client.PutDraft(ctx, script); err != nil {
		return err
	}
	fmt.Fprintf(o.io.Err, "Created the Worker %q, which does nothing until it is published.\n", script)
	return put()
}

type secretListOptions struct {
	scriptOptions
	format string
}

func (a *app) secretListCommand() *cobra.Command {
	o := &secretListOptions{scriptOptions: scriptOptions{app: a}}
	c := &cobra.Command{
		Use:   "list",
		Short: "List the names of the secrets",
		Args:  args(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return o.run(c) },
	}
	o.nameFlag(c)
	o.jsonFlag(c)
	c.Flags().StringVar(&o.format, "format", "", "pretty or json (default: pretty on a terminal)")
	return c
}

func (o *secretListOptions) run(c *cobra.Command) error {
	if !slices.Contains([]string{"", "pretty", "json"}, o.format) {
		//lint:ignore ST1005 These are Wrangler's words.
		return usage(c, fmt.Errorf(`Invalid values: Argument: format, Given: %q, Choices: "json", "pretty"`, o.format))
	}
	ctx := c.Context()
	client, script, err := o.target(ctx)
	if err != nil {
		return err
	}
	list, err := client.Secrets(ctx, script)
	if err != nil {
		return o.unknownScript(err, script)
	}
	if o.json || o.format == "json" || o.format == "" && !o.io.OutTTY {
		return json.NewEncoder(o.io.Out).Encode(list)
	}
	var b strings.Builder
	for _, s := range list {
		fmt.Fprintf(&b, "Secret Name: %s\n", diag.Printable(s.Name))
	}
	return o.write(&b)
}

type secretDeleteOptions struct {
	scriptOptions
	yes bool
}

func (a *app) secretDeleteCommand() *cobra.Command {
	o := &secretDeleteOptions{scriptOptions: scriptOptions{app: a}}
	c := &cobra.Command{
		Use:   "delete <name>",
		Short: "Delete a secret; asks on a terminal",
		Args:  args(cobra.ExactArgs(1)),
		RunE:  func(c *cobra.Command, list []string) error { return o.run(c.Context(), list[0]) },
	}
	o.nameFlag(c)
	c.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	return c
}

func (o *secretDeleteOptions) run(ctx context.Context, name string) error {
	client, script, err := o.target(ctx)
	if err != nil {
		return err
	}
	if !o.yes && o.canAsk() {
		ok, err := o.confirm(ctx, fmt.Sprintf("Are you sure you want to permanently delete the secret %s on the Worker %s?", diag.Printable(name), script))
		if !ok || err != nil {
			return err
		}
	}
	if err := client.DeleteSecret(ctx, script, name); err != nil {
		return o.unknownScript(err, script)
	}
	_, err = fmt.Fprintf(o.io.Out, "Success! Deleted secret %s\n", diag.Printable(name))
	return err
}
