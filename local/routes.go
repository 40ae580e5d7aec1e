package local

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"paddock/gateway"
	"paddock/internal/cfapi"
	"paddock/local/store"
)

// Route is a pattern of URLs, or a domain, that a script answers besides its
// own name.
type Route = store.Route

// Routes returns all routes and domains, by pattern.
func (r *Runtime) Routes(ctx context.Context) ([]Route, error) {
	list, err := r.store.Routes(ctx)
	return list, r.readError(err)
}

// SetRoutes gives a script these routes in place of those that it has. A
// [*Refusal] says which pattern cannot be a route, or is another script's. The
// error wraps [ErrNotFound] if there is no such script.
func (r *Runtime) SetRoutes(ctx context.Context, script string, list []Route) error {
	list, err := prepareRoutes(list, checkPattern)
	if err != nil {
		return err
	}
	return r.reroute(ctx, func(ctx context.Context) error { return r.store.SetRoutes(ctx, script, false, list, false) })
}

// SetDomains is SetRoutes for domains. With take, another script's domains
// become this one's.
func (r *Runtime) SetDomains(ctx context.Context, script string, list []Route, take bool) error {
	list, err := prepareRoutes(list, checkDomain)
	if err != nil {
		return err
	}
	return r.reroute(ctx, func(ctx context.Context) error { return r.store.SetRoutes(ctx, script, true, list, take) })
}

// AddRoute adds a route to those that its script has, and returns it with its
// ID.
func (r *Runtime) AddRoute(ctx context.Context, route Route) (Route, error) {
	list, err := prepareRoutes([]Route{route}, checkPattern)
	if err != nil {
		return Route{}, err
	}
	return list[0], r.reroute(ctx, func(ctx context.Context) error { return r.store.AddRoute(ctx, list[0]) })
}

// DeleteRoute removes a route by its ID. The error wraps [ErrNotFound] if there
// is none.
func (r *Runtime) DeleteRoute(ctx context.Context, id string) error {
	return r.reroute(ctx, func(ctx context.Context) error { return r.store.DeleteRoute(ctx, id) })
}

// reroute changes routes and has the gateway follow them.
func (r *Runtime) reroute(ctx context.Context, change func(context.Context) error) (err error) {
	ctx, end, err := r.begin(ctx)
	if err != nil {
		return err
	}
	defer end(&err)
	ctx = context.WithoutCancel(ctx)
	var taken *store.RouteTakenError
	switch err := change(ctx); {
	case errors.As(err, &taken):
		return refuse(cfapi.CodeRouteTaken, "the route %q is already assigned to the script %q: remove it there first", taken.Pattern, taken.Script)
	case err != nil:
		return err
	}
	routes, err := r.store.Routes(ctx)
	if err != nil {
		return stored("the routes are stored, but could not be brought into service: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.routes = routes
	r.gateway.SetTable(r.table())
	return nil
}

// prepareRoutes checks the patterns, leaves out those that are there twice, and
// assigns IDs.
func prepareRoutes(list []Route, check func(string) error) ([]Route, error) {
	var out []Route
	seen := map[string]bool{}
	for _, route := range list {
		if err := check(route.Pattern); err != nil {
			return nil, refuse(cfapi.CodeInvalidRoute, "Invalid route %q: %v", route.Pattern, err)
		}
		if seen[route.Pattern] {
			continue
		}
		seen[route.Pattern] = true
		route.ID = newKey()
		out = append(out, route)
	}
	return out, nil
}

func checkPattern(pattern string) error {
	_, err := gateway.ParsePattern(pattern)
	return err
}

func checkDomain(host string) error {
	if strings.ContainsAny(host, "*/") {
		return errors.New("a domain has neither a * nor a path")
	}
	return checkPattern(host)
}

// routeTable adds the routes to a table; r.mu is held.
func (r *Runtime) routeTable(t *gateway.Table, targets map[string]*gateway.Target) {
	t.Domains = map[string]*gateway.Target{}
	for _, route := range r.routes {
		target := targets[route.Script]
		pattern, err := gateway.ParsePattern(route.Pattern)
		if err != nil {
			r.log.Error("a route is left out", "script", route.Script, "err", fmt.Errorf("%q: %w", route.Pattern, err))
			continue
		}
		switch {
		case target == nil: // on its way out
		case route.Domain:
			t.Domains[pattern.Host()] = target
		default:
			t.Routes = append(t.Routes, gateway.Route{Pattern: pattern, Target: target})
		}
	}
}
