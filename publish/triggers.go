package publish

import (
	"context"
	"errors"

	"paddock/config"
	"paddock/internal/cfapi"
)

// A Router is a target that can be told where a script answers. A
// [*cfapi.Client] is one.
type Router interface {
	SetSubdomain(ctx context.Context, script string, change cfapi.SubdomainChange) (*cfapi.Subdomain, error)
	SetRoutes(ctx context.Context, script string, routes []cfapi.Route) error
	SetDomains(ctx context.Context, script string, domains []cfapi.Domain) error
}

// Triggers are where a script answers. They belong to the script and not to a
// version, and are sent behind an upload.
type Triggers struct {
	Script     string
	WorkersDev bool
	Routes     []cfapi.Route
	Domains    []cfapi.Domain
}

// NewTriggers returns what a configuration says.
func NewTriggers(w *config.Worker) Triggers {
	t := Triggers{Script: w.Name, WorkersDev: len(w.Routes) == 0}
	if w.WorkersDev != nil {
		t.WorkersDev = *w.WorkersDev
	}
	for _, r := range w.Routes {
		if r.CustomDomain {
			t.Domains = append(t.Domains, cfapi.Domain{
				Hostname: r.Pattern, ZoneID: r.ZoneID, ZoneName: r.ZoneName, Enabled: r.Enabled, PreviewsEnabled: r.PreviewsEnabled,
			})
		} else {
			t.Routes = append(t.Routes, cfapi.Route{Pattern: r.Pattern, ZoneID: r.ZoneID, ZoneName: r.ZoneName})
		}
	}
	return t
}

// Targets returns the patterns and domains, as Wrangler prints them.
func (t Triggers) Targets() []string {
	var list []string
	for _, r := range t.Routes {
		list = append(list, r.Pattern+zone("zone ", r.ZoneID, r.ZoneName))
	}
	for _, d := range t.Domains {
		list = append(list, d.Hostname+zone("custom domain - zone ", d.ZoneID, d.ZoneName))
	}
	return list
}

func zone(what, id, name string) string {
	switch {
	case id != "":
		return " (" + what + "id: " + id + ")"
	case name != "":
		return " (" + what + "name: " + name + ")"
	case what == "zone ":
		return ""
	}
	return " (custom domain)"
}

// Apply tells the target. What the configuration does not speak of is left
// alone there, as Wrangler leaves it. What fails does not keep the rest from
// being done; the errors are joined.
func (t Triggers) Apply(ctx context.Context, target Router) error {
	_, subdomain := target.SetSubdomain(ctx, t.Script, cfapi.SubdomainChange{Enabled: &t.WorkersDev})
	var routes, domains error
	if len(t.Routes) > 0 {
		routes = target.SetRoutes(ctx, t.Script, t.Routes)
	}
	if len(t.Domains) > 0 {
		domains = target.SetDomains(ctx, t.Script, t.Domains)
	}
	return errors.Join(subdomain, routes, domains)
}
