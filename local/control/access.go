package control

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"paddock/internal/cfapi"
	"paddock/local"
)

// A handler answers one call with a result for the envelope.
type handler func(*http.Request) (any, error)

// handle has a call answered for whoever may look, if it is a GET, and for
// whoever may write.
func (a *API) handle(pattern string, h handler) {
	scope := local.ScopeWrite
	if strings.HasPrefix(pattern, "GET ") {
		scope = local.ScopeRead
	}
	a.handleFor(scope, pattern, h)
}

// handleFor has a call answered for whoever has a scope.
func (a *API) handleFor(scope local.Scope, pattern string, h handler) {
	a.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		r, err := a.authorize(r, scope)
		if err != nil {
			a.write(w, r, nil, err)
			return
		}
		a.answer(w, r, h)
	})
}

// answer calls a handler whose caller may call it.
func (a *API) answer(w http.ResponseWriter, r *http.Request, h handler) {
	guardBody(w, r, a.pace)
	result, err := h(r)
	a.write(w, r, result, err)
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r = begin(w, r)
	if err := a.fromHere(r); err != nil {
		a.write(w, r, nil, err)
		return
	}
	a.mux.ServeHTTP(w, r)
}

// fromHere refuses what a page of somebody else's sends with the help of a
// browser on this machine. No page is meant to call this API, so there is no
// CORS either.
func (a *API) fromHere(r *http.Request) error {
	// A name that was made to point at this machine belongs to somebody else,
	// whose pages could then talk to us. With TLS the browser has checked it.
	if r.TLS == nil && !a.ownName(r.Host) {
		return &local.Refusal{Code: cfapi.CodeUnauthorized, Message: "this API answers only to localhost, addresses, and names given with --api-host"}
	}
	if crossOrigin(r) {
		return &local.Refusal{Code: cfapi.CodeUnauthorized, Message: "this API is not for pages of other origins"}
	}
	return nil
}

// ownName reports whether a host is one that the API may be called by.
func (a *API) ownName(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	return net.ParseIP(host) != nil || slices.Contains(a.hosts, host)
}

// crossOrigin reports whether a browser says that a page of another origin has
// caused a request. Other clients send neither header.
func crossOrigin(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
	default:
		return true
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || !strings.EqualFold(u.Host, r.Host)
}

// authorize finds out who is asking, and whether the token is good for it. The
// request that it returns knows the token.
func (a *API) authorize(r *http.Request, need local.Scope) (*http.Request, error) {
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return r, denied(r, "Authentication error: this call needs the runtime's token (see `paddock runtime env`)")
	}
	token, ok, err := a.rt.Authenticate(r.Context(), given)
	switch {
	case err != nil:
		return r, err
	case !ok:
		return r, denied(r, "Authentication error: the token is not this runtime's (see `paddock runtime env`)")
	}
	callOf(r).token = token
	if have := local.Scope(token.Scope); !have.Allows(need) {
		return r, denied(r, "Authentication error: the token \""+token.Name+"\" has the scope "+string(have)+", and this call needs "+string(need))
	}
	return r, nil
}

// denied is a refusal with the code that fits the path: Wrangler makes one
// clear message of these codes, and stack traces of others.
func denied(r *http.Request, message string) error {
	code := cfapi.CodeUnauthorized
	switch {
	case r.URL.Path == Prefix+"/user/tokens/verify":
		code = cfapi.CodeInvalidToken
	case strings.HasPrefix(r.URL.Path, Prefix+"/accounts/"):
		code = cfapi.CodeAuthentication
	}
	return &local.Refusal{Code: code, Message: message}
}

// verifyToken tells a token's bearer that it is one.
func (a *API) verifyToken(r *http.Request) (any, error) {
	return map[string]string{"id": tokenOf(r).ID, "status": "active"}, nil
}
