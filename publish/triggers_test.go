package publish_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"paddock/config"
	"paddock/internal/cfapi"
	"paddock/publish"
)

// router notes what it is told.
type router struct {
	calls []string
	err   error // of the routes
}

func (r *router) note(what string, v any) {
	text, _ := json.Marshal(v)
	r.calls = append(r.calls, fmt.Sprintf("%s %s", what, text))
}

func (r *router) SetSubdomain(_ context.Context, script string, change cfapi.SubdomainChange) (*cfapi.Subdomain, error) {
	r.note(script, change)
	return nil, nil
}

func (r *router) SetRoutes(_ context.Context, _ string, routes []cfapi.Route) error {
	r.note("routes", routes)
	return r.err
}

func (r *router) SetDomains(_ context.Context, _ string, domains []cfapi.Domain) error {
	r.note("domains", domains)
	return nil
}

func TestTriggers(t *testing.T) {
	on, off := true, false
	routes := []config.Route{
		{Pattern: "a.example/*"}, {Pattern: "b.example/x", ZoneName: "b.example"}, {Pattern: "c.example/", ZoneID: "17"},
		{Pattern: "d.example", CustomDomain: true}, {Pattern: "e.example", CustomDomain: true, ZoneName: "e.example"},
	}
	for _, tt := range []struct {
		worker         config.Worker
		calls, targets string
	}{
		{worker: config.Worker{Name: "w"}, calls: `w {"enabled":true}`},
		{worker: config.Worker{Name: "w", WorkersDev: &off}, calls: `w {"enabled":false}`},
		{worker: config.Worker{Name: "w", WorkersDev: &on, Routes: routes[:1]}, calls: `w {"enabled":true}; routes [{"pattern":"a.example/*"}]`, targets: "a.example/*"},
		{
			worker: config.Worker{Name: "w", Routes: routes},
			calls: `w {"enabled":false}; routes [{"pattern":"a.example/*"},{"pattern":"b.example/x","zone_name":"b.example"},{"pattern":"c.example/","zone_id":"17"}]; ` +
				`domains [{"hostname":"d.example"},{"hostname":"e.example","zone_name":"e.example"}]`,
			targets: "a.example/*; b.example/x (zone name: b.example); c.example/ (zone id: 17); d.example (custom domain); e.example (custom domain - zone name: e.example)",
		},
	} {
		triggers, target := publish.NewTriggers(&tt.worker), &router{}
		if err := triggers.Apply(t.Context(), target); err != nil {
			t.Error(err)
		}
		if got := strings.Join(target.calls, "; "); got != tt.calls {
			t.Errorf("calls %s\nwant  %s", got, tt.calls)
		}
		if got := strings.Join(triggers.Targets(), "; "); got != tt.targets {
			t.Errorf("targets %s\nwant    %s", got, tt.targets)
		}
	}
}

// A route that is refused does not keep the domains from being set.
func TestTriggersThatFail(t *testing.T) {
	refused := errors.New("taken")
	target := &router{err: refused}
	triggers := publish.NewTriggers(&config.Worker{Name: "w", Routes: []config.Route{{Pattern: "a.example/*"}, {Pattern: "b.example", CustomDomain: true}}})
	if err := triggers.Apply(t.Context(), target); !errors.Is(err, refused) {
		t.Errorf("got %v", err)
	}
	if len(target.calls) != 3 {
		t.Errorf("calls %q", target.calls)
	}
}
