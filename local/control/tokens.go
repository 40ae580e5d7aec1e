package control

import (
	"net/http"

	"paddock/internal/cfapi"
	"paddock/local"
)

func (a *API) handleTokens(account string) {
	tokens := account + "/paddock/tokens"
	a.handleFor(local.ScopeOwner, "GET "+tokens, a.listTokens)
	a.handleFor(local.ScopeOwner, "POST "+tokens, a.createToken)
	a.handleFor(local.ScopeOwner, "DELETE "+tokens+"/{token}", a.revokeToken)
}

func (a *API) listTokens(r *http.Request) (any, error) {
	list, err := a.rt.Tokens(r.Context())
	if err != nil {
		return nil, err
	}
	out := []cfapi.Token{}
	for _, t := range list {
		out = append(out, describeToken(t))
	}
	return out, nil
}

func (a *API) createToken(r *http.Request) (any, error) {
	create, err := readJSON[cfapi.TokenCreate](r)
	if err != nil {
		return nil, err
	}
	t, value, err := a.rt.CreateToken(r.Context(), create.Name, local.Scope(create.Scope))
	if err != nil {
		return nil, err
	}
	out := describeToken(t)
	out.Value = value
	return out, nil
}

func (a *API) revokeToken(r *http.Request) (any, error) {
	return nil, a.rt.RevokeToken(r.Context(), r.PathValue("token"))
}

func describeToken(t local.Token) cfapi.Token {
	return cfapi.Token{ID: t.ID, Name: t.Name, Scope: t.Scope, CreatedOn: stamp(t.CreatedOn)}
}
