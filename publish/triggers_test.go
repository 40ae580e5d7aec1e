package publish_test

import (
	"strings"
	"testing"

	"paddock/config"
	"paddock/internal/cfapi"
	"paddock/internal/testcloud"
	"paddock/publish"
)

// told returns what the cloud was told of a script's triggers.
func (r *remote) told() []string {
	var list []string
	for _, request := range r.cloud.Requests() {
		if request.Method != "GET" {
			path, _, _ := strings.Cut(request.Path[strings.Index(request.Path, "/scripts/w/")+len("/scripts/w/"):], "?")
			list = append(list, request.Method+" "+path+" "+string(request.Body))
		}
	}
	return list
}

// upload makes the script w there.
func (r *remote) upload() {
	r.t.Helper()
	form := cfapi.Form{Metadata: cfapi.Metadata{MainModule: "i.js"}, Parts: []cfapi.Part{{Name: "i.js", ContentType: cfapi.TypeESModule}}}
	if _, err := r.api.PutScript(r.t.Context(), "w", form); err != nil {
		r.t.Fatal(err)
	}
	r.cloud.Requests()
}

func TestTriggers(t *testing.T) {
	on, off := true, false
	routes := []config.Route{
		{Pattern: "a.example/*"}, {Pattern: "b.example/x", ZoneName: "b.example"}, {Pattern: "c.example/", ZoneID: "17"},
		{Pattern: "d.example", CustomDomain: true}, {Pattern: "e.example", CustomDomain: true, ZoneName: "e.example"},
	}
	for _, tt := range []struct {
		worker        config.Worker
		told, targets string
	}{
		{
			worker: config.Worker{Name: "w"}, told: `POST subdomain {"enabled":true}`,
			targets: "https://w.sub.workers.dev",
		},
		{worker: config.Worker{Name: "w", WorkersDev: &off}, told: `POST subdomain {"enabled":false}`},
		{
			worker: config.Worker{Name: "w", WorkersDev: &on, Routes: routes[:1]},
			told:   `POST subdomain {"enabled":true}; PUT routes [{"pattern":"a.example/*"}]`, targets: "https://w.sub.workers.dev; a.example/*",
		},
		{
			worker: config.Worker{Name: "w", Routes: routes},
			told: `POST subdomain {"enabled":false}; ` +
				`PUT routes [{"pattern":"a.example/*"},{"pattern":"b.example/x","zone_name":"b.example"},{"pattern":"c.example/","zone_id":"17"}]; ` +
				`POST domains/changeset [{"hostname":"d.example"},{"hostname":"e.example","zone_name":"e.example"}]; ` +
				`PUT domains/records {"override_scope":true,"override_existing_origin":true,"override_existing_dns_record":true,` +
				`"origins":[{"hostname":"d.example"},{"hostname":"e.example","zone_name":"e.example"}]}`,
			targets: "a.example/*; b.example/x (zone name: b.example); c.example/ (zone id: 17); d.example (custom domain); e.example (custom domain - zone name: e.example)",
		},
		{
			worker: config.Worker{Name: "w", WorkersDev: &off, Crons: []string{"*/5 * * * *", "0 0 L * *"}},
			told:   `POST subdomain {"enabled":false}; PUT schedules [{"cron":"*/5 * * * *"},{"cron":"0 0 L * *"}]`, targets: "schedule: */5 * * * *; schedule: 0 0 L * *",
		},
		{
			worker: config.Worker{Name: "w", WorkersDev: &off, Crons: []string{}},
			told:   `POST subdomain {"enabled":false}; PUT schedules []`,
		},
	} {
		r := newRemote(t)
		r.upload()
		targets, failures := publish.SetTriggers(t.Context(), r.api, &tt.worker, publish.ShipOptions{})
		if len(failures) > 0 {
			t.Error(failures)
		}
		if got := strings.Join(r.told(), "; "); got != tt.told {
			t.Errorf("told %s\nwant %s", got, tt.told)
		}
		if got := strings.Join(targets, "; "); got != tt.targets {
			t.Errorf("targets %s\nwant    %s", got, tt.targets)
		}
	}
}

// A route that is refused does not keep the domains from being set.
func TestTriggersThatFail(t *testing.T) {
	r := newRemote(t)
	r.upload()
	r.cloud.Fail(testcloud.Fault{Path: "/scripts/w/routes", Status: 400, Code: 10020})
	w := &config.Worker{Name: "w", Routes: []config.Route{{Pattern: "a.example/*"}, {Pattern: "b.example", CustomDomain: true}}}
	targets, failures := publish.SetTriggers(t.Context(), r.api, w, publish.ShipOptions{})
	if len(failures) != 1 || failures[0].Trigger != "Routes" || !cfapi.HasCode(failures[0], 10020) {
		t.Errorf("failures %v", failures)
	}
	told := r.told()
	if len(told) != 4 || strings.Join(targets, "; ") != "b.example (custom domain)" {
		t.Errorf("told %q, targets %q", told, targets)
	}
}
