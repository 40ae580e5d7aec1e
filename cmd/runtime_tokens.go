package cmd

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/fatih/color"
	"github.com/spf13/cobra"

	"paddock/internal/cfapi"
	"paddock/internal/diag"
)

func (a *app) tokensCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "tokens",
		Short: "Show, make and revoke tokens of the control API",
		Args:  args(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return a.listTokens(c.Context(), asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the tokens as JSON")
	c.AddCommand(a.createTokenCommand(), a.revokeTokenCommand())
	return c
}

func (a *app) listTokens(ctx context.Context, asJSON bool) error {
	client, _, err := a.client(ctx)
	if err != nil {
		return err
	}
	list, err := client.Tokens(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(a.io.Out).Encode(list)
	}
	var b strings.Builder
	if len(list) == 0 {
		fmt.Fprintln(&b, "There are no tokens but the one of `paddock runtime env`.")
		return a.write(&b)
	}
	faint := a.io.OutStyle(color.Faint)
	t := table{{{"NAME", faint}, {"SCOPE", faint}, {"CREATED", faint}, {"ID", faint}}}
	for _, token := range list {
		t = append(t, []cell{{token.Name, nil}, {token.Scope, nil}, {localTime(token.CreatedOn), nil}, {token.ID, faint}})
	}
	t.write(&b)
	return a.write(&b)
}

func (a *app) createTokenCommand() *cobra.Command {
	var (
		scope  string
		asJSON bool
	)
	c := &cobra.Command{
		Use:   "create <name>",
		Short: "Make a token and print it, this once",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, list []string) error {
			ctx := c.Context()
			client, _, err := a.client(ctx)
			if err != nil {
				return err
			}
			token, err := client.CreateToken(ctx, cfapi.TokenCreate{Name: list[0], Scope: scope})
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(a.io.Out).Encode(token)
			}
			fmt.Fprintf(a.io.Err, "Made the token %q with the scope %s. It cannot be shown again:\n", token.Name, token.Scope)
			_, err = fmt.Fprintln(a.io.Out, token.Value)
			return err
		},
	}
	c.Flags().StringVar(&scope, "scope", "read", `what it is good for: "read", "tail" (and follow logs), "write" (and change everything)`)
	c.Flags().BoolVar(&asJSON, "json", false, "print the token as JSON")
	return c
}

func (a *app) revokeTokenCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "revoke <name | id>",
		Short: "End a token, and the tails that it has opened",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, list []string) error {
			ctx := c.Context()
			client, _, err := a.client(ctx)
			if err != nil {
				return err
			}
			tokens, err := client.Tokens(ctx)
			if err != nil {
				return err
			}
			for _, t := range tokens {
				if t.Name != list[0] && t.ID != list[0] {
					continue
				}
				if err := client.RevokeToken(ctx, t.ID); err != nil {
					return err
				}
				_, err := fmt.Fprintf(a.io.Out, "Revoked the token %q.\n", t.Name)
				return err
			}
			return diag.List{diag.Errorf("no-token", diag.Location{}, "there is no token %q", list[0]).
				WithHint("`paddock runtime tokens` lists them.")}.Err()
		},
	}
}
