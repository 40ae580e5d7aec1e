package testcloud

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"paddock/internal/cfapi"
)

// serve finds who answers a request.
func (c *Cloud) serve(r *http.Request, body []byte) (any, error) {
	path := strings.Split(strings.Trim(strings.TrimPrefix(r.URL.Path, "/client/v4"), "/"), "/")
	if isAssetUpload(r) {
		return c.takeAssets(r)
	}
	if r.Header.Get("Authorization") != "Bearer "+Token {
		return nil, unauthorized(path)
	}
	if path[0] != "accounts" || len(path) < 3 {
		return c.identity(r, strings.Join(path, "/"))
	}
	if !slices.ContainsFunc(c.Accounts, func(a cfapi.Account) bool { return a.ID == path[1] }) {
		return nil, refuse(http.StatusForbidden, cfapi.CodeAuthentication, "Authentication error")
	}
	path = path[2:]
	switch rest := r.Method + " " + strings.Join(path, "/"); {
	case rest == "GET workers/subdomain":
		if c.Subdomain == "" {
			return nil, refuse(http.StatusNotFound, cfapi.CodeScriptNotFound, "workers.api.error.subdomain_not_found")
		}
		return cfapi.AccountSubdomain{Subdomain: c.Subdomain}, nil
	case rest == "GET workers/durable_objects/namespaces":
		return append([]cfapi.Namespace{}, c.Namespaces...), nil
	case strings.HasPrefix(rest, "GET workers/tails/by-consumer/"),
		rest == "GET storage/kv/namespaces", rest == "GET containers/applications":
		return []any{}, nil
	case path[0] == "queues":
		return c.queueCall(r, path[1:], body)
	case len(path) >= 3 && path[0] == "workers" && path[1] == "services":
		return c.service(r.Method, path[2])
	case len(path) >= 3 && path[0] == "workers" && path[1] == "workers":
		return c.worker(path[2])
	case len(path) == 4 && path[1] == "scripts" && path[3] == "assets-upload-session":
		return c.startAssets(body)
	case len(path) >= 3 && path[0] == "workers" && path[1] == "scripts":
		return c.script(r, path[2], strings.Join(path[3:], "/"), body)
	}
	return nil, noRoute()
}

func noRoute() error {
	return refuse(http.StatusNotFound, cfapi.CodeNoRoute, "No route for that URI")
}

func unauthorized(path []string) error {
	switch path[0] {
	case "user":
		if len(path) > 1 {
			return refuse(http.StatusUnauthorized, cfapi.CodeInvalidToken, "Invalid API Token")
		}
		return refuse(http.StatusForbidden, cfapi.CodeUnauthorized, "Invalid access token")
	case "memberships":
		return refuse(http.StatusForbidden, cfapi.CodeUnauthorized, "Invalid access token")
	}
	if len(path) == 1 {
		return refuse(http.StatusForbidden, cfapi.CodeUnauthorized, "Invalid access token")
	}
	return refuse(http.StatusForbidden, cfapi.CodeAuthentication, "Authentication error")
}

func (c *Cloud) identity(r *http.Request, path string) (any, error) {
	switch path {
	case "user/tokens/verify":
		return map[string]string{"id": "token", "status": "active"}, nil
	case "user":
		if c.Email == "" {
			return nil, refuse(http.StatusForbidden, cfapi.CodeUnauthorized, "Unauthorized to access requested resource")
		}
		return cfapi.User{ID: "user", Email: c.Email}, nil
	case "zones":
		if name := r.URL.Query().Get("name"); strings.Count(name, ".") == 1 {
			return onePage(r, []cfapi.Zone{{ID: "zone-" + name, Name: name, Status: "active", Account: c.Accounts[0]}}), nil
		}
		return onePage(r, []cfapi.Zone{}), nil
	case "accounts":
		return onePage(r, c.Accounts), nil
	case "memberships":
		var list []cfapi.Membership
		for _, a := range c.Accounts {
			list = append(list, cfapi.Membership{ID: "m-" + a.ID, Status: "accepted", Account: a, Roles: []string{"Administrator"}})
		}
		return onePage(r, list), nil
	}
	if zone, ok := strings.CutSuffix(strings.TrimPrefix(path, "zones/"), "/workers/routes"); ok {
		return c.zoneRoutes(r, zone)
	}
	return nil, noRoute()
}

// zoneRoutes lists the routes of a zone, or adds one.
func (c *Cloud) zoneRoutes(r *http.Request, zone string) (any, error) {
	if r.Method == http.MethodGet {
		return append([]cfapi.Route{}, c.Routes[zone]...), nil
	}
	var route cfapi.Route
	if err := json.NewDecoder(r.Body).Decode(&route); err != nil {
		return nil, refuse(http.StatusBadRequest, cfapi.CodeMalformedBody, err.Error())
	}
	c.Routes[zone] = append(c.Routes[zone], route)
	return route, nil
}

// onePage gives two items a page, so that even short lists have several.
func onePage[T any](r *http.Request, all []T) page {
	const size = 2
	n, _ := strconv.Atoi(r.URL.Query().Get("page"))
	n = max(n, 1)
	from, to := min((n-1)*size, len(all)), min(n*size, len(all))
	return page{all[from:to], cfapi.ResultInfo{Page: n, PerPage: size, Count: to - from, TotalCount: len(all)}}
}

func decode(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return refuse(http.StatusBadRequest, cfapi.CodeMalformedBody, err.Error())
	}
	return nil
}
