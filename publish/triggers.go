package publish

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"paddock/config"
	"paddock/internal/cfapi"
)

// A trigger is a way in which a script comes to run. set returns what of it is
// shown as a place where the script answers.
type trigger struct {
	name string
	set  func(context.Context) (targets []string, err error)
}

// triggers are those that the configuration says something of. A new kind is
// another entry.
func (s *shipment) triggers() []trigger {
	list := []trigger{{"workers.dev", s.setSubdomain}}
	if routes, domains := s.routes(); len(routes)+len(domains) > 0 {
		if len(routes) > 0 {
			list = append(list, trigger{"Routes", func(ctx context.Context) ([]string, error) { return s.setRoutes(ctx, routes) }})
		}
		if len(domains) > 0 {
			list = append(list, trigger{"Custom domains", func(ctx context.Context) ([]string, error) { return s.setDomains(ctx, domains) }})
		}
	}
	return list
}

// setTriggers sets all of them, also if one fails: the version is in force, and
// the more reach it the better.
func (s *shipment) setTriggers(ctx context.Context) {
	for _, t := range s.triggers() {
		targets, err := t.set(ctx)
		s.done.Targets = append(s.done.Targets, targets...)
		if err != nil {
			s.done.Failures = append(s.done.Failures, TriggerError{t.name, err})
		}
	}
}

func (s *shipment) setSubdomain(ctx context.Context) ([]string, error) {
	worker, err := s.api.Worker(ctx, s.Script)
	if err != nil {
		return nil, err
	}
	wanted := workersDev(s.worker)
	s.onlyRoutes = !wanted && !worker.Subdomain.Enabled
	var targets []string
	if wanted {
		url := worker.Subdomain.URL
		if url == "" {
			name, err := s.api.AccountSubdomain(ctx)
			if err != nil {
				return nil, err
			}
			url = "https://" + s.Script + "." + name + ".workers.dev"
		}
		targets = append(targets, url)
	}
	_, err = s.api.SetSubdomain(ctx, s.Script, cfapi.SubdomainChange{Enabled: &wanted, PreviewsEnabled: s.worker.Cloud.PreviewURLs})
	return targets, err
}

// routes parts the routes into patterns and domains.
func (s *shipment) routes() (routes, domains []config.Route) {
	for _, r := range s.worker.Routes {
		if r.CustomDomain {
			domains = append(domains, r)
		} else {
			routes = append(routes, r)
		}
	}
	return routes, domains
}

func (s *shipment) setRoutes(ctx context.Context, routes []config.Route) ([]string, error) {
	var body []cfapi.Route
	for _, r := range routes {
		body = append(body, cfapi.Route{Pattern: r.Pattern, ZoneID: r.ZoneID, ZoneName: r.ZoneName})
	}
	if err := s.checkRoutes(ctx, body); err != nil {
		return nil, err
	}
	err := s.api.SetRoutes(ctx, s.Script, body)
	if cfapi.HasCode(err, cfapi.CodeAuthentication) {
		err = s.setZoneRoutes(ctx, body) // the token may not see all zones
	}
	if err != nil {
		return nil, err
	}
	return shown(routes), nil
}

// checkRoutes refuses to take routes from other scripts. As in Wrangler this is
// looked at only where routes are all that leads to the script: it needs to see
// every zone.
func (s *shipment) checkRoutes(ctx context.Context, routes []cfapi.Route) error {
	if !s.onlyRoutes {
		return nil
	}
	return s.eachRoute(ctx, routes, func(_, pattern, owner string) error {
		if owner != "" && owner != s.Script {
			//lint:ignore ST1005 These are Wrangler's words.
			return fmt.Errorf("Can't deploy routes that are assigned to another worker: %q is already assigned to %q. "+
				"Unassign it there, and then try again", pattern, owner)
		}
		return nil
	})
}

// setZoneRoutes adds the routes zone by zone. Those that the script has beside
// them stay.
func (s *shipment) setZoneRoutes(ctx context.Context, routes []cfapi.Route) error {
	return s.eachRoute(ctx, routes, func(zone, pattern, owner string) error {
		switch owner {
		case s.Script:
			return nil
		case "":
			return s.api.AddZoneRoute(ctx, zone, cfapi.Route{Pattern: pattern, Script: s.Script})
		}
		//lint:ignore ST1005 These are Wrangler's words.
		return fmt.Errorf("The route with pattern %q is already associated with another worker called %q", pattern, owner)
	})
}

// eachRoute calls do with the zone of each route and the script that has it
// there, "" if none does.
func (s *shipment) eachRoute(ctx context.Context, routes []cfapi.Route, do func(zone, pattern, owner string) error) error {
	known := map[string][]cfapi.Route{} // by zone
	for _, r := range routes {
		zone, err := s.zone(ctx, r)
		if err != nil {
			return err
		}
		if _, asked := known[zone]; !asked {
			if known[zone], err = s.api.ZoneRoutes(ctx, zone); err != nil {
				return fmt.Errorf("list the routes of the zone %s, for which the token may lack the permission: %w", zone, err)
			}
		}
		owner := ""
		for _, there := range known[zone] {
			if there.Pattern == r.Pattern {
				owner = there.Script
			}
		}
		if err := do(zone, r.Pattern, owner); err != nil {
			return err
		}
	}
	return nil
}

// zone finds the zone of a route: the one that it names, or the longest end of
// its host that is one.
func (s *shipment) zone(ctx context.Context, r cfapi.Route) (string, error) {
	if r.ZoneID != "" {
		return r.ZoneID, nil
	}
	host := r.ZoneName
	if host == "" {
		host, _, _ = strings.Cut(r.Pattern, "/")
		host = strings.TrimLeft(host, "*.")
	}
	for name := host; strings.Contains(name, "."); _, name, _ = strings.Cut(name, ".") {
		zones, err := s.api.Zones(ctx, name)
		if err != nil {
			return "", err
		}
		if len(zones) > 0 {
			return zones[0].ID, nil
		}
	}
	//lint:ignore ST1005 These are Wrangler's words.
	return "", fmt.Errorf("Could not find zone for `%s`. Make sure the domain is set up to be proxied by Cloudflare", host)
}

// setDomains takes the domains over. Where somebody can be asked, not from
// another script or over DNS records without asking.
func (s *shipment) setDomains(ctx context.Context, domains []config.Route) ([]string, error) {
	records := cfapi.DomainRecords{OverrideScope: true}
	for _, d := range domains {
		records.Origins = append(records.Origins, cfapi.Domain{
			Hostname: d.Pattern, ZoneID: d.ZoneID, ZoneName: d.ZoneName, Enabled: d.Enabled, PreviewsEnabled: d.PreviewsEnabled,
		})
	}
	plan, err := s.api.PlanDomains(ctx, s.Script, records.Origins)
	switch {
	case s.opts.Confirm == nil:
		records.OverrideOrigin, records.OverrideDNSRecord = true, true
	case err != nil:
		return nil, err
	default:
		if err := s.confirmDomains(ctx, plan, &records); err != nil {
			return nil, err
		}
	}
	if err := s.api.SetDomains(ctx, s.Script, records); err != nil {
		return nil, err
	}
	return shown(domains), nil
}

func (s *shipment) confirmDomains(ctx context.Context, plan *cfapi.DomainChangeset, records *cfapi.DomainRecords) error {
	var taken, conflicting []string
	for _, d := range plan.Updated {
		if d.Modified {
			taken = append(taken, d.Hostname)
		}
	}
	for _, d := range plan.Conflicting {
		conflicting = append(conflicting, d.Hostname)
	}
	for _, ask := range []struct {
		hosts []string
		text  string
		allow *bool
	}{
		{taken, "Custom Domains already exist for %s", &records.OverrideOrigin},
		{conflicting, "You already have DNS records that conflict for the Custom Domains %s", &records.OverrideDNSRecord},
	} {
		if len(ask.hosts) == 0 {
			continue
		}
		ok, err := s.opts.Confirm(ctx, fmt.Sprintf(ask.text, strings.Join(ask.hosts, ", "))+". Update them to point to this script instead?")
		if err != nil {
			return err
		}
		if !ok {
			//lint:ignore ST1005 These are Wrangler's words.
			return errors.New("Publishing to Custom Domains was skipped, fix conflicts and try again")
		}
		*ask.allow = true
	}
	return nil
}

// maxShown is how many routes are shown one by one.
const maxShown = 10

// shown lists routes as Wrangler does.
func shown(routes []config.Route) []string {
	var list []string
	for _, r := range routes {
		var notes []string
		if r.CustomDomain {
			notes = append(notes, "custom domain")
		}
		switch {
		case r.ZoneID != "":
			notes = append(notes, "zone id: "+r.ZoneID)
		case r.ZoneName != "":
			notes = append(notes, "zone name: "+r.ZoneName)
		}
		text := r.Pattern
		if len(notes) > 0 {
			text += " (" + strings.Join(notes, " - ") + ")"
		}
		list = append(list, text)
	}
	if len(list) > maxShown {
		rest := len(list) - maxShown + 1
		list = append(list[:maxShown-1], fmt.Sprintf("...and %d more routes", rest))
	}
	return list
}
