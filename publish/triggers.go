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

// A TriggerError is a way to the script that could not be set.
type TriggerError struct {
	Trigger string // "Routes"
	Err     error
}

func (e TriggerError) Error() string { return e.Trigger + ": " + e.Err.Error() }
func (e TriggerError) Unwrap() error { return e.Err }

// SetTriggers tells a target how a script that was uploaded comes to run. They
// belong to the script and not to a version. What the configuration does not
// speak of is left as it is there, as Wrangler leaves it. It sets all of them,
// also if one fails: the version is in force, and the more reach it the better.
// The targets are where the script answers, as Wrangler shows them.
func SetTriggers(ctx context.Context, api *cfapi.Client, w *config.Worker, opts ShipOptions) (targets []string, failures []TriggerError) {
	all := &ways{api: api, worker: w, opts: opts}
	for _, t := range all.triggers() {
		more, err := t.set(ctx)
		targets = append(targets, more...)
		if err != nil {
			failures = append(failures, TriggerError{t.name, err})
		}
	}
	return targets, failures
}

// ways are the triggers of one script at one target.
type ways struct {
	api    *cfapi.Client
	worker *config.Worker
	opts   ShipOptions

	onlyRoutes bool // nothing at workers.dev leads to the script, now as before
}

// triggers are those that the configuration says something of. A new kind is
// another entry.
func (w *ways) triggers() []trigger {
	list := []trigger{{"workers.dev", w.setSubdomain}}
	routes, domains := w.routes()
	if len(routes) > 0 {
		list = append(list, trigger{"Routes", func(ctx context.Context) ([]string, error) { return w.setRoutes(ctx, routes) }})
	}
	if len(domains) > 0 {
		list = append(list, trigger{"Custom domains", func(ctx context.Context) ([]string, error) { return w.setDomains(ctx, domains) }})
	}
	if w.worker.Crons != nil {
		list = append(list, trigger{"Schedules", w.setSchedules})
	}
	for _, c := range w.worker.Consumers {
		list = append(list, trigger{"Queue consumers", func(ctx context.Context) ([]string, error) { return w.setConsumer(ctx, c) }})
	}
	return list
}

func (w *ways) setSubdomain(ctx context.Context) ([]string, error) {
	worker, err := w.api.Worker(ctx, w.worker.Name)
	if err != nil {
		return nil, err
	}
	wanted := workersDev(w.worker)
	w.onlyRoutes = !wanted && !worker.Subdomain.Enabled
	var targets []string
	if wanted {
		url := worker.Subdomain.URL
		if url == "" {
			name, err := w.api.AccountSubdomain(ctx)
			if err != nil {
				return nil, err
			}
			url = "https://" + w.worker.Name + "." + name + ".workers.dev"
		}
		targets = append(targets, url)
	}
	_, err = w.api.SetSubdomain(ctx, w.worker.Name, cfapi.SubdomainChange{Enabled: &wanted, PreviewsEnabled: w.worker.Cloud.PreviewURLs})
	return targets, err
}

// routes parts the routes into patterns and domains.
func (w *ways) routes() (routes, domains []config.Route) {
	for _, r := range w.worker.Routes {
		if r.CustomDomain {
			domains = append(domains, r)
		} else {
			routes = append(routes, r)
		}
	}
	return routes, domains
}

func (w *ways) setRoutes(ctx context.Context, routes []config.Route) ([]string, error) {
	var body []cfapi.Route
	for _, r := range routes {
		body = append(body, cfapi.Route{Pattern: r.Pattern, ZoneID: r.ZoneID, ZoneName: r.ZoneName})
	}
	if err := w.checkRoutes(ctx, body); err != nil {
		return nil, err
	}
	err := w.api.SetRoutes(ctx, w.worker.Name, body)
	if cfapi.HasCode(err, cfapi.CodeAuthentication) {
		err = w.setZoneRoutes(ctx, body) // the token may not see all zones
	}
	if err != nil {
		return nil, err
	}
	return shown(routes), nil
}

// checkRoutes refuses to take routes from other scripts. As in Wrangler this is
// looked at only where routes are all that leads to the script: it needs to see
// every zone.
func (w *ways) checkRoutes(ctx context.Context, routes []cfapi.Route) error {
	if !w.onlyRoutes {
		return nil
	}
	return w.eachRoute(ctx, routes, func(_, pattern, owner string) error {
		if owner != "" && owner != w.worker.Name {
			//lint:ignore ST1005 These are Wrangler's words.
			return fmt.Errorf("Can't deploy routes that are assigned to another worker: %q is already assigned to %q. "+
				"Unassign it there, and then try again", pattern, owner)
		}
		return nil
	})
}

// setZoneRoutes adds the routes zone by zone. Those that the script has beside
// them stay.
func (w *ways) setZoneRoutes(ctx context.Context, routes []cfapi.Route) error {
	return w.eachRoute(ctx, routes, func(zone, pattern, owner string) error {
		switch owner {
		case w.worker.Name:
			return nil
		case "":
			return w.api.AddZoneRoute(ctx, zone, cfapi.Route{Pattern: pattern, Script: w.worker.Name})
		}
		//lint:ignore ST1005 These are Wrangler's words.
		return fmt.Errorf("The route with pattern %q is already associated with another worker called %q", pattern, owner)
	})
}

// eachRoute calls do with the zone of each route and the script that has it
// there, "" if none does.
func (w *ways) eachRoute(ctx context.Context, routes []cfapi.Route, do func(zone, pattern, owner string) error) error {
	known := map[string][]cfapi.Route{} // by zone
	for _, r := range routes {
		zone, err := w.zone(ctx, r)
		if err != nil {
			return err
		}
		if _, asked := known[zone]; !asked {
			if known[zone], err = w.api.ZoneRoutes(ctx, zone); err != nil {
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
func (w *ways) zone(ctx context.Context, r cfapi.Route) (string, error) {
	if r.ZoneID != "" {
		return r.ZoneID, nil
	}
	host := r.ZoneName
	if host == "" {
		host, _, _ = strings.Cut(r.Pattern, "/")
		host = strings.TrimLeft(host, "*.")
	}
	for name := host; strings.Contains(name, "."); _, name, _ = strings.Cut(name, ".") {
		zones, err := w.api.Zones(ctx, name)
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
func (w *ways) setDomains(ctx context.Context, domains []config.Route) ([]string, error) {
	records := cfapi.DomainRecords{OverrideScope: true}
	for _, d := range domains {
		records.Origins = append(records.Origins, cfapi.Domain{
			Hostname: d.Pattern, ZoneID: d.ZoneID, ZoneName: d.ZoneName, Enabled: d.Enabled, PreviewsEnabled: d.PreviewsEnabled,
		})
	}
	plan, err := w.api.PlanDomains(ctx, w.worker.Name, records.Origins)
	switch {
	case w.opts.Confirm == nil:
		records.OverrideOrigin, records.OverrideDNSRecord = true, true
	case err != nil:
		return nil, err
	default:
		if err := w.confirmDomains(ctx, plan, &records); err != nil {
			return nil, err
		}
	}
	if err := w.api.SetDomains(ctx, w.worker.Name, records); err != nil {
		return nil, err
	}
	return shown(domains), nil
}

func (w *ways) confirmDomains(ctx context.Context, plan *cfapi.DomainChangeset, records *cfapi.DomainRecords) error {
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
		ok, err := w.opts.Confirm(ctx, fmt.Sprintf(ask.text, strings.Join(ask.hosts, ", "))+". Update them to point to this script instead?")
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
