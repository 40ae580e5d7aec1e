package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/fatih/color"
	"github.com/spf13/cobra"

	"paddock/internal/cfapi"
	"paddock/internal/diag"
	"paddock/tail"
)

type tailOptions struct {
	*app
	script  string
	format  string
	filters tail.FilterOptions
}

func (a *app) tailCommand() *cobra.Command {
	o := &tailOptions{app: a}
	c := &cobra.Command{
		Use:   "tail [worker]",
		Short: "Follow what a published worker does, here or with --remote at Cloudflare",
		Args:  args(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, list []string) error {
			if len(list) == 1 {
				o.script = list[0]
			}
			return o.run(c)
		},
	}
	f := c.Flags()
	f.StringVar(&o.format, "format", "", "pretty or json (default: pretty on a terminal)")
	f.StringArrayVar(&o.filters.Status, "status", nil, "only invocations that ended ok, error or canceled; may be repeated")
	f.StringVar(&o.filters.Header, "header", "", "only requests with this header, or with NAME:PART of its value")
	f.StringArrayVar(&o.filters.Methods, "method", nil, "only requests with this method; may be repeated")
	f.Float64Var(&o.filters.SamplingRate, "sampling-rate", 0, "share of the invocations to show, between 0 and 1")
	f.StringVar(&o.filters.Search, "search", "", "only invocations that logged this text")
	f.StringArrayVar(&o.filters.ClientIPs, "ip", nil, `only requests from this address, "self" being this machine's; may be repeated`)
	f.StringVar(&o.filters.VersionID, "version-id", "", "only invocations of this version")
	return c
}

func (o *tailOptions) run(c *cobra.Command) error {
	filters, err := tail.BuildFilters(o.filters)
	if err != nil {
		return usage(c, err)
	}
	if o.format == "" {
		o.format = "json"
		if o.io.OutTTY {
			o.format = "pretty"
		}
	}
	if !slices.Contains([]string{"pretty", "json"}, o.format) {
		//lint:ignore ST1005 These are Wrangler's words.
		return usage(c, fmt.Errorf(`Invalid values: Argument: format, Given: %q, Choices: "json", "pretty"`, o.format))
	}
	if o.script == "" {
		var err error
		if o.script, err = o.scriptName(); err != nil {
			return err
		}
		if o.script == "" {
			return diag.List{diag.Errorf("name-missing", diag.Location{}, "Required Worker name missing").
				WithHint("Please specify the Worker name in your configuration, or pass it as an argument with `paddock tail <worker-name>`")}.Err()
		}
	}
	api, _, err := o.client(c.Context())
	if c.Context().Err() != nil {
		return nil // Ctrl-C, before there was a tail to end
	}
	if err != nil {
		return err
	}
	return o.follow(c.Context(), &tail.Client{API: api, Script: o.script, Filters: filters})
}

func (o *tailOptions) follow(ctx context.Context, client *tail.Client) error {
	// Remarks go to stderr, so that stdout holds items only.
	say := func(format string, args ...any) {
		if o.format == "pretty" {
			fmt.Fprintf(o.io.Err, format+"\n", args...)
		}
	}
	client.OnMessage = tail.NewJSON(o.io.Out).Print
	if o.format == "pretty" {
		client.OnMessage = tail.NewPretty(o.io, tail.PrettyOptions{}).Print
	}
	client.OnCreated = func(t cfapi.Tail) {
		say("Successfully created tail, expires at %s", t.ExpiresAt)
		if t.NeedsUpdate {
			say("%s", o.io.ErrStyle(color.Faint)("Enabling the tail starts the script's engine anew: objects lose what they hold in memory only."))
		}
	}
	client.OnConnected = func(again bool) {
		if again {
			say("Reconnected to %s.", o.script)
		} else {
			say("Connected to %s, waiting for logs...", o.script)
		}
	}
	client.OnWarning = func(text string) {
		o.report(diag.List{diag.Warningf("", diag.Location{}, "%s", strings.TrimSpace(text))})
	}
	err := client.Run(ctx)
	if cfapi.HasCode(err, cfapi.CodeScriptNotFound, cfapi.CodeServiceNotFound) {
		return o.unknownScript(err, o.script)
	}
	switch {
	case ctx.Err() != nil:
		say("\nStopping tail...")
	case err == nil && o.remote:
		say("The tail has ended: it had run for as long as it may.")
	case err == nil:
		say("The tail has ended: the runtime was stopped, or the tail had run for as long as it may.")
	}
	return err
}
