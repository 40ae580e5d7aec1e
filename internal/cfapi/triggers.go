package cfapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// What makes a script run. All of it says how things shall be, so that doing it
// twice does no harm.

// AccountSubdomain returns the account's name under workers.dev. An account
// without one is an error with [CodeScriptNotFound] or [CodeNoSubdomain].
func (c *Client) AccountSubdomain(ctx context.Context) (string, error) {
	answer, err := Call[AccountSubdomain](ctx, c, http.MethodGet, c.AccountPath("workers", "subdomain"), nil)
	if err != nil {
		return "", err
	}
	return answer.Subdomain, nil
}

// SetSubdomain changes whether a script answers without routes of its own.
func (c *Client) SetSubdomain(ctx context.Context, script string, change SubdomainChange) (*Subdomain, error) {
	data, err := json.Marshal(change)
	if err != nil {
		return nil, fmt.Errorf("encode subdomain of %s: %w", script, err)
	}
	// With the date, previews are left alone unless they are named.
	body := Body{ContentType: "application/json", Data: data, Header: map[string]string{"Cloudflare-Workers-Script-Api-Date": "2025-08-01"}}
	return set[Subdomain](ctx, c, http.MethodPost, c.scriptPath(script, "subdomain"), body)
}

// SetRoutes gives a script these routes in place of those that it has.
func (c *Client) SetRoutes(ctx context.Context, script string, routes []Route) error {
	_, err := set[json.RawMessage](ctx, c, http.MethodPut, c.scriptPath(script, "routes"), routes)
	return err
}

// PlanDomains tells what SetDomains would do.
func (c *Client) PlanDomains(ctx context.Context, script string, domains []Domain) (*DomainChangeset, error) {
	return set[DomainChangeset](ctx, c, http.MethodPost, c.scriptPath(script, "domains", "changeset")+"?replace_state=true", domains)
}

// SetDomains gives a script these domains in place of those that it has.
func (c *Client) SetDomains(ctx context.Context, script string, records DomainRecords) error {
	_, err := set[json.RawMessage](ctx, c, http.MethodPut, c.scriptPath(script, "domains", "records"), records)
	return err
}

// Zones returns the zones of the account with the name: one or none.
func (c *Client) Zones(ctx context.Context, name string) ([]Zone, error) {
	return list[Zone](ctx, c, "/zones", url.Values{"name": {name}, "account.id": {c.AccountID}}, 0)
}

// ZoneRoutes returns all routes of a zone.
func (c *Client) ZoneRoutes(ctx context.Context, zone string) ([]Route, error) {
	return list[Route](ctx, c, "/zones/"+url.PathEscape(zone)+"/workers/routes", nil, 0)
}

// AddZoneRoute adds a route to a zone. One that is there already is refused, so
// that none is made twice.
func (c *Client) AddZoneRoute(ctx context.Context, zone string, route Route) error {
	_, err := c.Do(ctx, http.MethodPost, "/zones/"+url.PathEscape(zone)+"/workers/routes", route)
	return err
}

// PatchScriptSettings changes settings that belong to no version. body is a
// [ScriptSettings] or a part of it.
func (c *Client) PatchScriptSettings(ctx context.Context, script string, body any) error {
	_, err := set[json.RawMessage](ctx, c, http.MethodPatch, c.scriptPath(script, "script-settings"), body)
	return err
}
