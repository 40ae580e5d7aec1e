package cmd

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"paddock/config"
	"paddock/internal/cfapi"
	"paddock/internal/diag"
)

// cloudURL is Cloudflare's own API.
const cloudURL = "https://api.cloudflare.com/client/v4"

// answerPatience is how long an answer may take to begin once a request was
// sent. Cloudflare itself gives up after 100 seconds.
const answerPatience = 2 * time.Minute

const tokenHint = "Make one at https://dash.cloudflare.com/profile/api-tokens (template \"Edit Cloudflare Workers\") and set CLOUDFLARE_API_TOKEN to it.\n" +
	"Without an account: `eval \"$(paddock runtime env)\"` points --remote at the local runtime."

// remoteFlag gives commands, and those below them, the flag --remote.
func (a *app) remoteFlag(commands ...*cobra.Command) {
	for _, c := range commands {
		c.PersistentFlags().BoolVar(&a.remote, "remote", false, "at Cloudflare, or the API at CLOUDFLARE_API_BASE_URL, instead of the local runtime")
	}
}

// localOnly refuses --remote for what only a local runtime has a word for.
func (a *app) localOnly(why string) error {
	if !a.remote {
		return nil
	}
	return diag.List{diag.Errorf("local-only", diag.Location{}, "%s", why).
		WithHint("Without --remote the command is about the local runtime.")}.Err()
}

// cloud returns a client of the API that the environment names, with the account
// to use.
func (a *app) cloud(ctx context.Context) (*cfapi.Client, error) {
	c, err := a.cloudClient()
	if err != nil {
		return nil, err
	}
	c.AccountID, err = a.accountID(ctx, c)
	return c, err
}

// cloudClient is cloud without an account.
func (a *app) cloudClient() (*cfapi.Client, error) {
	base := cmp.Or(os.Getenv("CLOUDFLARE_API_BASE_URL"), cloudURL)
	if err := a.checkBase(base); err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = answerPatience
	c := &cfapi.Client{
		BaseURL: base, UserAgent: "paddock/" + Version, HTTP: &http.Client{Transport: transport},
		Retry: &cfapi.Retry{OnRetry: a.retrying},
	}
	switch c.Token, c.Key, c.Email = os.Getenv("CLOUDFLARE_API_TOKEN"), os.Getenv("CLOUDFLARE_API_KEY"), os.Getenv("CLOUDFLARE_EMAIL"); {
	case c.Token != "":
		c.Key, c.Email = "", ""
	case c.Key == "" || c.Email == "":
		return nil, diag.List{diag.Errorf("no-token", diag.Location{},
			"It's necessary to set a CLOUDFLARE_API_TOKEN environment variable for --remote to work").WithHint(tokenHint)}.Err()
	}
	return c, nil
}

// checkBase refuses a base URL that is none, and warns of one over which others
// can read the token.
func (a *app) checkBase(base string) error {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return diag.List{diag.Errorf("bad-base-url", diag.Location{}, "CLOUDFLARE_API_BASE_URL is not the URL of an API").
			WithHint("It has to look like %s.", cloudURL)}.Err() // not shown: it may hold a password
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme == "http" && !ip.IsLoopback() && u.Hostname() != "localhost" {
		a.report(diag.List{diag.Warningf("token-in-the-clear", diag.Location{}, "the token goes to %s unencrypted: CLOUDFLARE_API_BASE_URL is not https", u.Host)})
	}
	return nil
}

// retrying says that a call is repeated, as that takes time.
func (a *app) retrying(err error, pause time.Duration) {
	line, _, _ := strings.Cut(explain(err)[0].Message, "\n")
	a.io.Note("%s; trying again in %s…", diag.Printable(line), pause.Round(100*time.Millisecond))
}

// accountID is the account of the configuration, of the environment, or the only
// one that the credentials are good for.
func (a *app) accountID(ctx context.Context, c *cfapi.Client) (string, error) {
	if id := cmp.Or(a.configuredAccount(), os.Getenv("CLOUDFLARE_ACCOUNT_ID")); id != "" {
		return id, nil
	}
	accounts, err := c.Accounts(ctx)
	if err != nil {
		return "", fmt.Errorf("find the account: %w", err)
	}
	switch len(accounts) {
	case 0:
		return "", diag.List{diag.Errorf("no-account", diag.Location{}, "Failed to automatically retrieve account IDs: the token is good for no account that it may list").
			WithHint("Set \"account_id\" in the configuration, or the CLOUDFLARE_ACCOUNT_ID environment variable.")}.Err()
	case 1:
		return accounts[0].ID, nil
	}
	var list strings.Builder
	for _, account := range accounts {
		fmt.Fprintf(&list, "\n  `%s`: `%s`", diag.Printable(account.Name), diag.Printable(account.ID))
	}
	return "", diag.List{diag.Errorf("several-accounts", diag.Location{}, "More than one account available").
		WithHint("Please set \"account_id\" in the configuration, or the CLOUDFLARE_ACCOUNT_ID environment variable.\n"+
			"Available accounts are (`<name>`: `<account_id>`):%s", list.String())}.Err()
}

// configuredAccount returns the account_id of the configuration, "" if it says
// nothing or cannot be read: whoever needs more of it says why.
func (a *app) configuredAccount() string {
	if a.configured == nil {
		_, w, _, err := a.load(config.LoadBuilt, config.Overrides{})
		if err != nil || w == nil {
			return ""
		}
	}
	return a.configured.AccountID
}
