package control

import (
	"net/http"

	"paddock/internal/cfapi"
	"paddock/local"
)

// Account is the id of the account that a runtime says it is. It answers to
// every other one as well.
const Account = "local"

var theAccount = cfapi.Account{ID: Account, Name: "paddock (this machine)", Type: "standard"}

// handleAccount answers who asks: what whoami prints, and what clients choose
// an account by. Both lists are needed, as Wrangler takes what is in both.
func (a *API) handleAccount(account string) {
	a.handle("GET "+Prefix+"/user/tokens/verify", a.verifyToken)
	a.handle("GET "+Prefix+"/user", func(*http.Request) (any, error) {
		return cfapi.User{ID: "paddock", Email: a.rt.Author()}, nil
	})
	a.handle("GET "+Prefix+"/accounts", func(r *http.Request) (any, error) {
		return paged(r, []cfapi.Account{theAccount})
	})
	a.handle("GET "+account, func(r *http.Request) (any, error) {
		answer := theAccount
		answer.ID = r.PathValue("account")
		return answer, nil
	})
	a.handle("GET "+Prefix+"/memberships", func(r *http.Request) (any, error) {
		return paged(r, []cfapi.Membership{{
			ID: "paddock", Status: "accepted", Account: theAccount, Roles: []string{"Super Administrator - All Privileges"},
		}})
	})
	a.handle("GET "+account+"/workers/subdomain", func(*http.Request) (any, error) {
		return cfapi.AccountSubdomain{Subdomain: Account}, nil
	})
	// A name for workers.dev, which nothing here has a use for.
	a.handle("PUT "+account+"/workers/subdomain", func(r *http.Request) (any, error) {
		return nil, &local.Refusal{Code: cfapi.CodeConflict, Message: `the subdomain of a local runtime is "` + Account + `" and cannot be changed: scripts answer at http://NAME.localhost`}
	})
	// Asked for by Wrangler before it deletes a script that has objects.
	a.handle("GET "+account+"/containers/applications", func(*http.Request) (any, error) { return []any{}, nil })
}
