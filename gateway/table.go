package gateway

import (
	"net/url"
	"strings"
)

// Table says which script answers which host. It must not be changed once it was handed to SetTable.
type Table struct {
	// Hosts maps host names in lower case, without a port, to the scripts that answer them.
	Hosts map[string]*Target
	// Routes are tried next, the most specific one first.
	Routes []Route
	// Domains is like Hosts, for hosts that no route answers.
	Domains map[string]*Target
	// Default answers what nobody else does; nil means 404.
	Default *Target
}

// Route is a pattern of URLs and the script that answers them.
type Route struct {
	Pattern Pattern
	Target  *Target
}

// Target is a script and the gate of the engine that runs it.
type Target struct {
	Script string
	Gate   *Gate
	// Split divides the requests between two endpoints of the gate; nil has the endpoint called Script answer them all.
	Split *Split
}

// SetTable replaces the table at once. Requests that wait at a gate are routed anew.
func (g *Gateway) SetTable(t Table) {
	old := g.routes.Swap(newRoutes(t))
	close(old.replaced)
}

// routes is a table in force; replaced is closed as soon as another one is.
type routes struct {
	table    Table
	patterns patterns
	replaced chan struct{}
}

func newRoutes(t Table) *routes {
	return &routes{table: t, patterns: newPatterns(t.Routes), replaced: make(chan struct{})}
}

// lookup finds the target of a request to a normal host.
func (r *routes) lookup(host string, u *url.URL) *Target {
	if target := r.table.Hosts[host]; target != nil {
		return target
	}
	if target := r.patterns.lookup(host, u); target != nil {
		return target
	}
	if target := r.table.Domains[host]; target != nil {
		return target
	}
	return r.table.Default
}

// normalHost turns the Host header into a key of the table: lower case, without port, brackets and the final dot.
func normalHost(host string) string {
	if rest, ok := strings.CutPrefix(host, "["); ok {
		host, _, _ = strings.Cut(rest, "]")
	} else {
		host, _, _ = strings.Cut(host, ":")
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
