package publish

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"paddock/internal/cfapi"
)

// A trigger is a way in which a script comes to run.
type trigger struct {
	name string
	set  func(context.Context) error
}

// triggers are those that the configuration says something of. A new kind is
// another entry.
func (s *shipment) triggers() []trigger {
	list := []trigger{{"workers.dev", s.setSubdomain}}
	if len(s.ways.Routes) > 0 {
		list = append(list, trigger{"Routes", s.setRoutes})
	}
	if len(s.ways.Domains) > 0 {
		list = append(list, trigger{"Custom domains", s.setDomains})
	}
	return list
}

// setTriggers sets all of them, also if one fails: the version is in force, and
// the more leads to it the better.
func (s *shipment) setTriggers(ctx context.Context) {
	var failed []error
	for _, t := range s.triggers() {
		if err := t.set(ctx); err != nil {
			failed = append(failed, TriggerError{t.name, err})
		}
	}
	s.done.Failed = errors.Join(failed...)
}

func (s *shipment) setSubdomain(ctx context.Context) error {
	worker, err := s.api.Worker(ctx, s.Script)
	if err != nil {
		return err
	}
	s.onlyRoutes = !s.ways.WorkersDev && !worker.Subdomain.Enabled
	if s.ways.WorkersDev {
		if s.done.URL = worker.Subdomain.URL; s.done.URL == "" {
			name, err := s.api.AccountSubdomain(ctx)
			if err != nil {
				return err
			}
			s.done.URL = "https://" + s.Script + "." + name + ".workers.dev"
		}
	}
	_, err = s.api.SetSubdomain(ctx, s.Script, cfapi.SubdomainChange{Enabled: &s.ways.WorkersDev, PreviewsEnabled: s.worker.Cloud.PreviewURLs})
	return err
}

func (s *shipment) setRoutes(ctx context.Context) error {
	if err := s.checkRoutes(ctx); err != nil {
		return err
	}
	err := s.api.SetRoutes(ctx, s.Script, s.ways.Routes)
	if cfapi.HasCode(err, cfapi.CodeAuthentication) {
		err = s.setZoneRoutes(ctx) // the token may not see all zones
	}
	if err == nil {
		s.done.Routes = append(s.done.Routes, Triggers{Routes: s.ways.Routes}.Targets()...)
	}
	return err
}

// checkRoutes refuses to take routes from other scripts. As in Wrangler this is
// looked at only where routes are all that leads to the script: it needs to see
// every zone.
func (s *shipment) checkRoutes(ctx context.Context) error {
	if !s.onlyRoutes {
		return nil
	}
	return s.eachRoute(ctx, func(_, pattern, owner string) error {
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
func (s *shipment) setZoneRoutes(ctx context.Context) error {
	return s.eachRoute(ctx, func(zone, pattern, owner string) error {
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
func (s *shipment) eachRoute(ctx context.Context, do func(zone, pattern, owner string) error) error {
	known := map[string][]cfapi.Route{} // by zone
	for _, r := range s.ways.Routes {
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
func (s *shipment) setDomains(ctx context.Context) error {
	records := cfapi.DomainRecords{OverrideScope: true, Origins: s.ways.Domains}
	plan, err := s.api.PlanDomains(ctx, s.Script, records.Origins)
	switch {
	case s.opts.Confirm == nil:
		records.OverrideOrigin, records.OverrideDNSRecord = true, true
	case err != nil:
		return err
	default:
		if err := s.confirmDomains(ctx, plan, &records); err != nil {
			return err
		}
	}
	if err := s.api.PutDomainRecords(ctx, s.Script, records); err != nil {
		return err
	}
	s.done.Routes = append(s.done.Routes, Triggers{Domains: s.ways.Domains}.Targets()...)
	return nil
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
