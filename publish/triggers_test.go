package publish_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"paddock/config"
	"paddock/internal/cfapi"
	"paddock/publish"
)

// cloud answers as Cloudflare does, as far as triggers go, and notes what it is
// told. refused is the path that is none of the client's business.
func cloud(t *testing.T, refused string) (*cfapi.Client, *[]string) {
	var told []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		path := strings.TrimPrefix(r.URL.Path, "/accounts/a/workers/")
		if r.Method != http.MethodGet {
			told = append(told, strings.TrimSpace(fmt.Sprintf("%s %s %s", r.Method, path, body)))
		}
		switch {
		case refused != "" && strings.HasSuffix(path, refused):
			w.WriteHeader(http.StatusConflict)
			fmt.Fprint(w, `{"success":false,"errors":[{"code":10020,"message":"taken"}]}`)
		case path == "subdomain":
			fmt.Fprint(w, `{"success":true,"result":{"subdomain":"me"}}`)
		case strings.HasPrefix(path, "/zones"):
			fmt.Fprint(w, `{"success":true,"result":[]}`)
		default:
			fmt.Fprint(w, `{"success":true,"result":{"subdomain":{"enabled":true}}}`)
		}
	}))
	t.Cleanup(server.Close)
	return &cfapi.Client{BaseURL: server.URL, AccountID: "a"}, &told
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
			worker: config.Worker{Name: "w"}, told: `POST scripts/w/subdomain {"enabled":true}`,
			targets: "https://w.me.workers.dev",
		},
		{worker: config.Worker{Name: "w", WorkersDev: &off}, told: `POST scripts/w/subdomain {"enabled":false}`},
		{
			worker: config.Worker{Name: "w", WorkersDev: &on, Routes: routes[:1]},
			told:   `POST scripts/w/subdomain {"enabled":true}; PUT scripts/w/routes [{"pattern":"a.example/*"}]`, targets: "https://w.me.workers.dev; a.example/*",
		},
		{
			worker: config.Worker{Name: "w", Routes: routes},
			told: `POST scripts/w/subdomain {"enabled":false}; ` +
				`PUT scripts/w/routes [{"pattern":"a.example/*"},{"pattern":"b.example/x","zone_name":"b.example"},{"pattern":"c.example/","zone_id":"17"}]; ` +
				`POST scripts/w/domains/changeset [{"hostname":"d.example"},{"hostname":"e.example","zone_name":"e.example"}]; ` +
				`PUT scripts/w/domains/records {"override_scope":true,"override_existing_origin":true,"override_existing_dns_record":true,` +
				`"origins":[{"hostname":"d.example"},{"hostname":"e.example","zone_name":"e.example"}]}`,
			targets: "a.example/*; b.example/x (zone name: b.example); c.example/ (zone id: 17); d.example (custom domain); e.example (custom domain - zone name: e.example)",
		},
	} {
		api, told := cloud(t, "")
		targets, failures := publish.SetTriggers(t.Context(), api, &tt.worker, publish.ShipOptions{})
		if len(failures) > 0 {
			t.Error(failures)
		}
		if got := strings.Join(*told, "; "); got != tt.told {
			t.Errorf("told %s\nwant %s", got, tt.told)
		}
		if got := strings.Join(targets, "; "); got != tt.targets {
			t.Errorf("targets %s\nwant    %s", got, tt.targets)
		}
	}
}

// A route that is refused does not keep the domains from being set.
func TestTriggersThatFail(t *testing.T) {
	api, told := cloud(t, "/routes")
	w := &config.Worker{Name: "w", Routes: []config.Route{{Pattern: "a.example/*"}, {Pattern: "b.example", CustomDomain: true}}}
	targets, failures := publish.SetTriggers(t.Context(), api, w, publish.ShipOptions{})
	if len(failures) != 1 || failures[0].Trigger != "Routes" || !cfapi.HasCode(failures[0], 10020) {
		t.Errorf("failures %v", failures)
	}
	if len(*told) != 4 || strings.Join(targets, "; ") != "b.example (custom domain)" {
		t.Errorf("told %q, targets %q", *told, targets)
	}
}
