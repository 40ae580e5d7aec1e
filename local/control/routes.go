package control

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"

	"paddock/internal/cfapi"
	"paddock/local"
)

// handleRoutes answers about the URLs at which a script answers besides its
// own name. There are no zones here: every domain is one as soon as a client
// asks for it, and its id is made of its name.
func (a *API) handleRoutes(account string) {
	script := account + "/workers/scripts/{script}"
	a.handle("GET "+script+"/routes", a.listScriptRoutes)
	a.handle("PUT "+script+"/routes", a.putScriptRoutes)
	a.handle("GET "+account+"/workers/services/{script}/environments/{environment}/routes", a.listScriptRoutes)
	zone := Prefix + "/zones"
	a.handle("GET "+zone, a.listZones)
	a.handle("GET "+zone+"/{zone}/workers/routes", a.listZoneRoutes)
	a.handle("POST "+zone+"/{zone}/workers/routes", a.postZoneRoute)
	a.handle("GET "+zone+"/{zone}/workers/routes/{route}", a.getZoneRoute)
	a.handle("DELETE "+zone+"/{zone}/workers/routes/{route}", a.deleteZoneRoute)
}

// scriptRoutes returns the routes, or the domains, of a script that exists.
func (a *API) scriptRoutes(r *http.Request, script string, domains bool) ([]local.Route, error) {
	if _, err := a.rt.Script(r.Context(), script); err != nil {
		return nil, notFound(err)
	}
	list, err := a.rt.Routes(r.Context())
	return slices.DeleteFunc(list, func(route local.Route) bool { return route.Script != script || route.Domain != domains }), err
}

func (a *API) listScriptRoutes(r *http.Request) (any, error) {
	list, err := a.scriptRoutes(r, r.PathValue("script"), false)
	return describeRoutes(list), err
}

func (a *API) putScriptRoutes(r *http.Request) (any, error) {
	body, err := readJSON[[]cfapi.Route](r)
	if err != nil {
		return nil, err
	}
	var list []local.Route
	for _, route := range body {
		list = append(list, local.Route{Pattern: route.Pattern, ZoneID: route.ZoneID, ZoneName: route.ZoneName})
	}
	if err := a.rt.SetRoutes(r.Context(), r.PathValue("script"), list); err != nil {
		return nil, notFound(err)
	}
	return a.listScriptRoutes(r)
}

func (a *API) listZones(r *http.Request) (any, error) {
	zones := []cfapi.Zone{}
	if name := strings.ToLower(r.URL.Query().Get("name")); name != "" {
		zones = append(zones, cfapi.Zone{ID: zoneID(name), Name: name, Status: "active", Account: theAccount})
	}
	return paged(r, zones)
}

func (a *API) listZoneRoutes(r *http.Request) (any, error) {
	list, err := a.rt.Routes(r.Context())
	if err != nil {
		return nil, err
	}
	zone := r.PathValue("zone")
	list = slices.DeleteFunc(list, func(route local.Route) bool { return route.Domain || !inZone(route, zone) })
	return describeRoutes(list), nil
}

func (a *API) postZoneRoute(r *http.Request) (any, error) {
	body, err := readJSON[cfapi.Route](r)
	if err != nil {
		return nil, err
	}
	if body.Script == "" {
		return nil, &local.Refusal{Code: cfapi.CodeInvalidRoute, Message: "a route needs a script: this runtime has nothing else that could answer"}
	}
	route, err := a.rt.AddRoute(r.Context(), local.Route{Script: body.Script, Pattern: body.Pattern, ZoneID: r.PathValue("zone")})
	if errors.Is(err, local.ErrNotFound) {
		return nil, &local.Refusal{Code: cfapi.CodeRouteScript, Message: "Cannot configure a route for a Worker which does not exist. Please ensure this Worker exists and try again."}
	}
	return describeRoute(route), err
}

func (a *API) getZoneRoute(r *http.Request) (any, error) {
	list, err := a.rt.Routes(r.Context())
	if err != nil {
		return nil, err
	}
	for _, route := range list {
		if route.ID == r.PathValue("route") && inZone(route, r.PathValue("zone")) {
			return describeRoute(route), nil
		}
	}
	return nil, noRoute()
}

func (a *API) deleteZoneRoute(r *http.Request) (any, error) {
	if _, err := a.getZoneRoute(r); err != nil {
		return nil, err
	}
	err := a.rt.DeleteRoute(r.Context(), r.PathValue("route"))
	if errors.Is(err, local.ErrNotFound) {
		err = noRoute()
	}
	return map[string]string{"id": r.PathValue("route")}, err
}

func noRoute() error {
	return &local.Refusal{Code: cfapi.CodeRouteNotFound, Message: "there is no such route in this zone"}
}

func describeRoutes(list []local.Route) []cfapi.Route {
	out := []cfapi.Route{}
	for _, route := range list {
		out = append(out, describeRoute(route))
	}
	return out
}

func describeRoute(route local.Route) cfapi.Route {
	return cfapi.Route{ID: route.ID, Pattern: route.Pattern, Script: route.Script, ZoneID: route.ZoneID, ZoneName: route.ZoneName}
}

// zoneID makes the id of the zone of a domain.
func zoneID(name string) string {
	sum := sha256.Sum256([]byte("zone " + name))
	return hex.EncodeToString(sum[:16])
}

// inZone reports whether a route belongs to a zone: by what its client said, or
// because the zone is one of the domains that its host is in.
func inZone(route local.Route, zone string) bool {
	if route.ZoneID != "" || route.ZoneName != "" {
		return route.ZoneID == zone || zoneID(route.ZoneName) == zone
	}
	for host := hostOf(route.Pattern); host != ""; _, host, _ = strings.Cut(host, ".") {
		if zoneID(host) == zone {
			return true
		}
	}
	return false
}

func hostOf(pattern string) string {
	if _, rest, ok := strings.Cut(pattern, "://"); ok {
		pattern = rest
	}
	host, _, _ := strings.Cut(pattern, "/")
	return strings.ToLower(strings.TrimLeft(host, "*."))
}
