package local

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"regexp"
	"slices"
	"sync"

	"paddock/internal/cfapi"
	"paddock/local/store"
)

// A Scope is what the bearer of a token may do. Each one includes those before
// it.
type Scope string

// The scopes. The owner's token, the one in the state folder, is the only one
// with ScopeOwner: a token that somebody was given makes no further ones.
const (
	ScopeRead  Scope = "read"  // look at everything but the values of secrets
	ScopeTail  Scope = "tail"  // and follow the logs of scripts
	ScopeWrite Scope = "write" // and change everything
	ScopeOwner Scope = "owner" // and make and revoke tokens
)

// scopes are in the order in which they grow.
var scopes = []Scope{ScopeRead, ScopeTail, ScopeWrite, ScopeOwner}

// Allows reports whether a token of this scope may do what needs another one.
func (s Scope) Allows(need Scope) bool {
	have := slices.Index(scopes, s)
	return have >= 0 && have >= slices.Index(scopes, need)
}

// Token is what is known of a token of the control API; never the token itself.
type Token = store.Token

// ownerToken stands for the token in the state folder.
var ownerToken = Token{ID: "owner", Name: "owner", Scope: string(ScopeOwner)}

// tokenPrefix lets people and scanners of repositories tell what a token is.
const tokenPrefix = "paddock_"

// tokenName is what a token may be called: it is printed in tables and logs.
var tokenName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$`) })

// Authenticate returns the token that was given by its bearer; ok is false if
// it is none of this runtime's. How long it takes tells nothing about them.
func (r *Runtime) Authenticate(ctx context.Context, given string) (t Token, ok bool, err error) {
	if subtle.ConstantTimeCompare([]byte(given), []byte(r.token)) == 1 {
		return ownerToken, true, nil
	}
	list, err := r.store.Tokens(ctx)
	if err != nil {
		return Token{}, false, err
	}
	sum := digest(given)
	for _, have := range list {
		if subtle.ConstantTimeCompare([]byte(sum), []byte(have.SHA256)) == 1 {
			t, ok = have, true
		}
	}
	return t, ok, nil
}

// Tokens returns the tokens that were made, the oldest first; the owner's is
// not among them.
func (r *Runtime) Tokens(ctx context.Context) ([]Token, error) { return r.store.Tokens(ctx) }

// CreateToken makes a token, which is shown this once.
func (r *Runtime) CreateToken(ctx context.Context, name string, scope Scope) (Token, string, error) {
	switch {
	case !tokenName().MatchString(name) || name == ownerToken.Name:
		return Token{}, "", refuse(cfapi.CodeMalformedBody, "a token cannot be called %q: use up to 63 letters, digits and . _ @ -", name)
	case scope == ScopeOwner || !slices.Contains(scopes, scope):
		return Token{}, "", refuse(cfapi.CodeMalformedBody, "there is no scope %q: a token may read, tail or write", string(scope))
	}
	secret := tokenPrefix + randomHex(24)
	t, err := r.store.AddToken(ctx, Token{ID: newKey(), Name: name, Scope: string(scope), SHA256: digest(secret)})
	if errors.Is(err, store.ErrExists) {
		return Token{}, "", refuse(cfapi.CodeConflict, "there is a token %q already: revoke it first, or choose another name", name)
	}
	return t, secret, err
}

// RevokeToken ends a token, by its id, and the tails that its bearer follows.
func (r *Runtime) RevokeToken(ctx context.Context, id string) error {
	err := r.store.RemoveToken(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return refuse(cfapi.CodeTokenNotFound, "there is no such token")
	}
	if err != nil {
		return err
	}
	for _, tail := range r.hub.ids(func(t *Tail) bool { return t.holder == id }) {
		r.CloseTail(tail)
	}
	return nil
}

func digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
