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

// identity is what --json prints, as Wrangler names it.
type identity struct {
	LoggedIn bool            `json:"loggedIn"`
	AuthType string          `json:"authType"`
	Email    string          `json:"email,omitempty"`
	Accounts []cfapi.Account `json:"accounts,omitempty"`
	API      string          `json:"api"`
}

func (a *app) whoamiCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "whoami",
		Short: "Show whom the token of --remote belongs to, and its accounts",
		Args:  args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			a.remote = true // whoever asks means no local runtime
			who, err := a.identity(c.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(a.io.Out).Encode(who)
			}
			return a.showIdentity(who)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	a.remoteFlag(c)
	c.PersistentFlags().Lookup("remote").Hidden = true // it changes nothing
	return c
}

// identity asks who the credentials are. A token of an account belongs to no
// user, and one may be kept from seeing its own.
func (a *app) identity(ctx context.Context) (*identity, error) {
	c, err := a.cloudClient()
	if err != nil {
		return nil, err
	}
	who := &identity{LoggedIn: true, AuthType: "User API Token", API: c.BaseURL}
	if c.Token == "" {
		who.AuthType = "Global API Key"
	} else if err := c.VerifyToken(ctx); cfapi.HasCode(err, cfapi.CodeInvalidToken) {
		who.AuthType = "Account API Token"
	} else if err != nil {
		return nil, err
	}
	user, err := c.User(ctx)
	switch {
	case err == nil:
		who.Email = user.Email
	case !cfapi.HasCode(err, cfapi.CodeUnauthorized):
		return nil, err
	}
	if who.Accounts, err = c.Accounts(ctx); err != nil {
		return nil, err
	}
	return who, nil
}

func (a *app) showIdentity(who *identity) error {
	var b strings.Builder
	article := "a"
	if strings.HasPrefix(who.AuthType, "A") {
		article = "an"
	}
	fmt.Fprintf(&b, "You are logged in with %s %s", article, who.AuthType)
	if who.Email != "" {
		fmt.Fprintf(&b, ", associated with the email %s", a.io.OutStyle(color.Bold)(diag.Printable(who.Email)))
	}
	fmt.Fprintf(&b, ".\nAPI: %s\n\n", who.API)
	faint := a.io.OutStyle(color.Faint)
	accounts := table{{{"ACCOUNT NAME", faint}, {"ACCOUNT ID", faint}}}
	for _, account := range who.Accounts {
		accounts = append(accounts, []cell{{diag.Printable(account.Name), nil}, {diag.Printable(account.ID), nil}})
	}
	accounts.write(&b)
	return a.write(&b)
}
