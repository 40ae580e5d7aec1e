package cfapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// maxPages bounds how long a list is followed.
const maxPages = 1000

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
		memberships, err = list[Membership](ctx, c, "/memberships")
	}()
	accounts, failed := list[Account](ctx, c, "/accounts")
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

// list follows a list page by page.
func list[T any](ctx context.Context, c *Client, path string) ([]T, error) {
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	var all []T
	for page := 1; page <= maxPages; page++ {
		envelope, err := c.Do(ctx, http.MethodGet, path+separator+"page="+strconv.Itoa(page), nil)
		if err != nil {
			return nil, err
		}
		var items []T
		if !isNull(envelope.Result) {
			if err := json.Unmarshal(envelope.Result, &items); err != nil {
				return nil, fmt.Errorf("decode result of GET %s: %w", withoutQuery(path), err)
			}
		}
		all = append(all, items...)
		info := envelope.ResultInfo
		if info == nil || len(items) == 0 || page*info.PerPage >= info.TotalCount {
			return all, nil
		}
	}
	return nil, fmt.Errorf("GET %s: the list has more than %d pages", withoutQuery(path), maxPages)
}
