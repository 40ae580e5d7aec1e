package config

import (
	"strings"

	"paddock/internal/diag"
)

// checkRoute looks at the only route of a Worker. An empty one is what the
// templates of Wrangler 1 had.
func checkRoute(c *checker, n *node) {
	if n.is(kindString) {
		checkIgnoredIfEmpty(c, n)
		return
	}
	checkRouteItem(c, n)
}

func checkIgnoredIfEmpty(c *checker, n *node) {
	if n.text() == "" {
		c.warnf("empty-field", n.at(), "The %q field in your configuration is an empty string and will be ignored", n.path())
	}
}

func checkRouteItem(c *checker, n *node) {
	if n.is(kindString) {
		if n.text() == "" {
			c.wrongType(n, &routeShape)
		}
		return
	}
	for _, e := range n.fields() {
		if find(routeKeys, e.name) == nil {
			d := diag.Errorf("bad-route", e.keyAt(), "Expected %q to be %s, which has no %q", n.path(), routeWant, e.name)
			if near := nearestField(e.name, routeKeys); near != "" {
				d = d.WithHint("Did you mean %q?", near)
			}
			c.report(d)
		}
	}
	zoneID, zoneName, custom := n.get("zone_id"), n.get("zone_name"), n.get("custom_domain")
	switch {
	case zoneID != nil && zoneName != nil:
		c.exclusive(n, "zone_id", "zone_name")
	case zoneID == nil && zoneName == nil && custom == nil:
		c.report(diag.Errorf("bad-route", n.at(), "Expected %q to be %s but got %s", n.path(), routeWant, n.quote()).
			WithHint("Say of which zone the pattern is, or write the pattern alone, as a string."))
	}
	for _, key := range []string{"enabled", "previews_enabled"} {
		if e := n.get(key); e != nil && custom == nil {
			c.errorf("bad-route", e.keyAt(), "%q needs \"custom_domain\"", e.path())
		}
	}
	if custom.truth() {
		checkCustomDomain(c, n.get("pattern"))
	}
}

// routeShape is what routes are, for messages; the shapes in the table would
// refer to themselves.
var routeShape = shape{kinds: kindTable, want: routeWant}

func checkCustomDomain(c *checker, n *node) {
	pattern := n.text()
	switch {
	case strings.Contains(pattern, "*"):
		c.errorf("bad-route", n.at(), "Invalid Routes: %s: Wildcard operators (*) are not allowed in Custom Domains", n.quote())
	case strings.Contains(pattern, "/"):
		c.errorf("bad-route", n.at(), "Invalid Routes: %s: Paths are not allowed in Custom Domains", n.quote())
	}
}

// finishRoutes decides which routes count. An environment's own route takes
// the place of inherited routes, and its routes that of an inherited route.
func (r *resolver) finishRoutes(c *checker, d *draft) {
	switch {
	case d.route.inEnv() && !d.routes.inEnv():
		d.routes = nil
	case d.routes.inEnv() && !d.route.inEnv():
		d.route = nil
	}
	source, list := d.routes, d.routes.elements()
	if len(list) == 0 && d.route != nil {
		source, list = d.route, []*node{d.route}
	}
	plain := false
	var domains []string
	for _, n := range list {
		route := readRoute(n)
		if route.Pattern == "" {
			continue
		}
		if n.is(kindString) {
			plain = true
			route.ZoneID = d.zone.text()
		}
		if route.CustomDomain {
			domains = append(domains, route.Pattern)
		}
		d.Routes = append(d.Routes, route)
	}
	if len(domains) > 0 && r.table != nil && !source.inEnv() {
		c.report(diag.Warningf("inherited-domains", r.table.keyAt(),
			"%q inherits the top-level %q with custom domain(s): %s", r.table.path(), source.name, quoteAll(domains)).
			WithHint("A domain can belong to one Worker only. Give the environment routes of its own, or routes = [].").
			WithRelated("the top level has them here", source.keyAt()))
	}
	if d.zone.text() != "" && !plain {
		c.report(diag.Warningf("unused-field", d.zone.keyAt(), "%q is unnecessary since we can deduce this from routes directly", d.zone.path()).
			WithHint("No route that is a plain string needs it. Remove it."))
	}
}

func readRoute(n *node) Route {
	if n.is(kindString) {
		return Route{Pattern: n.text(), Location: n.at()}
	}
	pattern := n.get("pattern")
	if pattern.text() == "" {
		return Route{}
	}
	return Route{
		Pattern: pattern.text(), ZoneID: n.get("zone_id").text(), ZoneName: n.get("zone_name").text(),
		CustomDomain: n.get("custom_domain").truth(), Enabled: n.get("enabled").flag(), PreviewsEnabled: n.get("previews_enabled").flag(),
		Location: pattern.at(),
	}
}
