package cfapi

import (
	"context"
	"net/http"
	"slices"
)

// User returns whom the credentials belong to. A token that may not tell is an
// error with [CodeUnauthorized].
func (c *Client) User(ctx context.Context) (*User, error) {
	return Call[User](ctx, c, http.MethodGet, "/user", nil)
}

// VerifyToken fails for a token that is none. One that belongs to an account and
// not to a user fails with [CodeInvalidToken] all the same.
func (c *Client) VerifyToken(ctx context.Context) error {
	_, err := c.Do(ctx, http.MethodGet, "/user/tokens/verify", nil)
	return err
}

// Accounts returns the accounts that the credentials are good for: those that
// are listed and of which the user is a member. Tokens without a user have no
// memberships.
func (c *Client) Accounts(ctx context.Context) ([]Account, error) {
	var memberships []Membership
	var err error
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		memberships, err = list[Membership](ctx, c, "/memberships", nil, 0)
	}()
	accounts, failed := list[Account](ctx, c, "/accounts", nil, 0)
	<-asked
	if failed != nil {
		return nil, failed
	}
	if HasCode(err, CodeMissingAuth, CodeUnauthorized, CodeAuthentication) {
		return accounts, nil
	}
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(accounts, func(a Account) bool {
		return !slices.ContainsFunc(memberships, func(m Membership) bool { return m.Account.ID == a.ID })
	}), nil
}
