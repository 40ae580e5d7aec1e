package cfapi

import (
	"context"
	"net/http"
)

// Token is one that was made for a local runtime's API, beside its owner's.
type Token struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Scope     string `json:"scope"` // "read", "tail", "write": each includes those before it
	CreatedOn string `json:"created_on"`
	Value     string `json:"value,omitempty"` // the token itself, only in the answer to its creation
}

// TokenCreate is the body of POST paddock/tokens.
type TokenCreate struct {
	Name  string `json:"name"`
	Scope string `json:"scope"`
}

// Tokens returns the tokens of a local runtime but for its owner's, the oldest
// first.
func (c *Client) Tokens(ctx context.Context) ([]Token, error) {
	list, err := Call[[]Token](ctx, c, http.MethodGet, c.AccountPath("paddock", "tokens"), nil)
	if err != nil {
		return nil, err
	}
	return *list, nil
}

// CreateToken makes a token of a local runtime. Its value is told only now.
func (c *Client) CreateToken(ctx context.Context, create TokenCreate) (*Token, error) {
	return Call[Token](ctx, c, http.MethodPost, c.AccountPath("paddock", "tokens"), create)
}

// RevokeToken ends a token of a local runtime.
func (c *Client) RevokeToken(ctx context.Context, id string) error {
	_, err := c.Do(ctx, http.MethodDelete, c.AccountPath("paddock", "tokens", id), nil)
	return err
}
