package control

import (
	"encoding/json"
	"strings"
	"testing"

	"paddock/internal/cfapi"
)

// What `wrangler whoami` asks, and every command that has no account id: it
// goes on by itself when exactly one account is in both lists.
func TestWhoami(t *testing.T) {
	h := newHouse(t)
	var user cfapi.User
	h.call("GET", Prefix+"/user", "").want(t, 200, 0).into(t, &user)
	if !strings.HasSuffix(user.Email, "@localhost") {
		t.Errorf("user %+v", user)
	}
	var accounts []cfapi.Account
	a := h.call("GET", Prefix+"/accounts?page=1", "").want(t, 200, 0)
	a.into(t, &accounts)
	var memberships []cfapi.Membership
	h.call("GET", Prefix+"/memberships?page=1", "").want(t, 200, 0).into(t, &memberships)
	if len(accounts) != 1 || len(memberships) != 1 || accounts[0].ID != Account || memberships[0].Account != accounts[0] || len(memberships[0].Roles) != 1 {
		t.Errorf("accounts %+v, memberships %+v", accounts, memberships)
	}
	if want := `{"page":1,"per_page":100,"count":1,"total_count":1}`; string(a.info) != want {
		t.Errorf("result_info %s, want %s", a.info, want)
	}
	// A script's account need not be ours.
	h.call("GET", account, "").want(t, 200, 0)
	var subdomain cfapi.AccountSubdomain
	if h.call("GET", account+"/workers/subdomain", "").want(t, 200, 0).into(t, &subdomain); subdomain.Subdomain == "" {
		t.Error("an account without a subdomain fails the first deploy")
	}
	h.call("PUT", account+"/workers/subdomain", `{"subdomain":"mine"}`).want(t, 409, cfapi.CodeConflict)
	if a := h.call("GET", account+"/containers/applications", "").want(t, 200, 0); string(a.result) != "[]" {
		t.Errorf("containers %s", a.result)
	}
}

func TestPages(t *testing.T) {
	h := newHouse(t)
	for query, want := range map[string]string{
		"page=1&per_page=1": `{"page":1,"per_page":1,"count":1,"total_count":1}`,
		"page=2":            `{"page":2,"per_page":100,"count":0,"total_count":1}`,
		"page=1073741824":   `{"page":1073741824,"per_page":100,"count":0,"total_count":1}`,
	} {
		a := h.call("GET", Prefix+"/accounts?"+query, "").want(t, 200, 0)
		if string(a.info) != want || string(a.result) == "null" {
			t.Errorf("%s: %s %s, want %s", query, a.info, a.result, want)
		}
	}
	for _, query := range []string{"page=0", "page=x", "per_page=0", "per_page=1001", "page=-1"} {
		h.call("GET", Prefix+"/accounts?"+query, "").want(t, 400, cfapi.CodeMalformedBody)
	}
}

// into decodes the result.
func (a answer) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal(a.result, v); err != nil {
		t.Fatalf("%v: %s", err, a.result)
	}
}
