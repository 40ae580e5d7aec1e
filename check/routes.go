package check

import (
	"fmt"
	"strings"

	"paddock/config"
	"paddock/internal/diag"
)

// routes warns of routes that stand twice, and of those of two environments
// that are equal or reach into each other. A host of its own below a wildcard,
// such as staging.example.com below *.example.com, is taken as meant: the more
// specific pattern wins, and that is how environments are usually set apart.
func routes(workers []*config.Worker) diag.List {
	c := routeCheck{byHost: make(map[string][]placedRoute), byPlace: make(map[place]placedRoute)}
	for _, w := range workers {
		c.worker(w)
	}
	return c.list
}

// routeCheck is one run of routes.
type routeCheck struct {
	list     diag.List
	byHost   map[string][]placedRoute
	byPlace  map[place]placedRoute
	compared int
}

// maxCompared bounds the work: a file with so many routes is no real one.
const maxCompared = 1_000_000

func (c *routeCheck) worker(w *config.Worker) {
	var inherited []config.Route
	for _, r := range w.Routes {
		if top, known := c.byPlace[placeOf(r.Location)]; known {
			if top.worker.Name != w.Name && !r.CustomDomain { // of those config speaks
				inherited = append(inherited, r)
			}
			continue
		}
		route := placedRoute{w, r, parsePattern(r)}
		c.byPlace[placeOf(r.Location)] = route
		others := c.byHost[route.pattern.host]
		c.byHost[route.pattern.host] = append(others, route)
		for _, other := range others {
			if c.compared++; c.compared > maxCompared {
				break
			}
			if d := clash(other, route); d != nil {
				c.list = append(c.list, *d)
				break // one is enough to look into it
			}
		}
	}
	if len(inherited) > 0 {
		c.list = append(c.list, inheritedRoutes(w, inherited))
	}
}

// placedRoute is a route of a worker.
type placedRoute struct {
	worker *config.Worker
	config.Route
	pattern pattern
}

// inheritedRoutes warns of routes that an environment has from the top level.
func inheritedRoutes(w *config.Worker, routes []config.Route) diag.Diagnostic {
	what := fmt.Sprintf("route %q", routes[0].Pattern)
	if more := len(routes) - 1; more > 0 {
		what += fmt.Sprintf(" and %d more", more)
	}
	d := diag.Warningf("shared-route", routes[0].Location, "%s inherits the %s from the top level", level(w), what).
		WithHint("A route can belong to one Worker only. Give the environment routes of its own, or routes = [].")
	d.Env = w.Env
	return d
}

// clash says what is wrong with two routes of one host, if anything is.
func clash(a, b placedRoute) *diag.Diagnostic {
	same := a.worker == b.worker
	var d diag.Diagnostic
	switch {
	case same && a.pattern == b.pattern:
		d = diag.Warningf("duplicate-route", b.Location, "the route %q stands twice", b.Pattern)
	case same || !a.pattern.overlaps(b.pattern) || a.worker.Name == b.worker.Name:
		return nil
	case a.pattern == b.pattern:
		d = diag.Warningf("shared-route", b.Location, "the route %q belongs to %s and to %s", b.Pattern, level(a.worker), level(b.worker)).
			WithHint("A route can belong to one Worker only: the deployment of the second is refused.")
	default:
		d = diag.Warningf("overlapping-routes", b.Location, "the route %q of %s overlaps %q of %s", b.Pattern, level(b.worker), a.Pattern, level(a.worker)).
			WithHint("The more specific pattern wins, so that one takes requests from the other.")
	}
	d = d.WithRelated("the other one is here", a.Location)
	d.Env = b.worker.Env
	return &d
}

func level(w *config.Worker) string {
	if w.Env == "" {
		return "the top level"
	}
	return "env." + w.Env
}

// pattern is a route taken apart.
type pattern struct {
	scheme string // "" for both
	host   string // in lower case, a * at its start included
	path   string // up to a * at its end, and nothing else if prefix is not set
	prefix bool   // what begins with path matches
}

func parsePattern(r config.Route) pattern {
	var p pattern
	scheme, rest, ok := strings.Cut(r.Pattern, "://")
	if ok {
		p.scheme = strings.ToLower(scheme)
	} else {
		rest = r.Pattern
	}
	host, path, _ := strings.Cut(rest, "/")
	p.host = strings.ToLower(host)
	p.path, _, p.prefix = strings.Cut("/"+path, "*")
	if r.CustomDomain {
		p.path, p.prefix = "/", true
	}
	return p
}

// overlaps reports whether a URL can match both patterns of one host.
func (p pattern) overlaps(q pattern) bool {
	if p.scheme != "" && q.scheme != "" && p.scheme != q.scheme {
		return false
	}
	return p.path == q.path || p.prefix && strings.HasPrefix(q.path, p.path) || q.prefix && strings.HasPrefix(p.path, q.path)
}
