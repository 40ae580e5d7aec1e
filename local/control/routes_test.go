package control

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"paddock/internal/cfapi"
)

// at asks the public side for a URL without its scheme.
func (h *house) at(url string) string {
	h.t.Helper()
	host, path, _ := strings.Cut(url, "/")
	r := h.request("GET", "/", nil)
	u, err := r.URL.Parse(h.public.URL + "/" + path)
	if err != nil {
		h.t.Fatal(err)
	}
	r.URL, r.Host = u, host
	resp, err := h.public.Client().Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", resp.StatusCode, body)
}

func saying(text string) cfapi.Form {
	return form(fmt.Sprintf(`export default { fetch: () => new Response(%q) }`, text))
}

func TestRoutes(t *testing.T) {
	h := newHouse(t)
	one, two := account+"/workers/scripts/one", account+"/workers/scripts/two"
	h.call("PUT", one+"/routes", `[{"pattern":"example.com/*"}]`).want(t, 404, cfapi.CodeScriptNotFound)
	h.publish("one", saying("one"))
	h.publish("two", saying("two"))
	if got := h.at("example.com/"); !strings.HasPrefix(got, "404 ") {
		t.Errorf("without a route: %s", got)
	}
	a := h.call("PUT", one+"/routes", `[{"pattern":"example.com/*"},{"pattern":"*.example.com/api/*","zone_name":"example.com"},{"pattern":"example.com/*"}]`).want(t, 200, 0)
	var list []cfapi.Route
	if a.into(t, &list); len(list) != 2 || len(list[0].ID) != 32 || list[0].Pattern != "*.example.com/api/*" || list[0].ZoneName != "example.com" || list[1].Script != "one" {
		t.Errorf("routes %+v", list)
	}
	kept := list[1].ID
	h.call("PUT", two+"/routes", `[{"pattern":"example.com/two"}]`).want(t, 200, 0)
	for url, want := range map[string]string{
		"example.com/": "200 one", "example.com/two": "200 two", "example.com/two?x": "200 one", "a.example.com/api/1": "200 one", "one.localhost/": "200 one",
	} {
		if got := h.at(url); got != want {
			t.Errorf("%s answers %s, want %s", url, got, want)
		}
	}
	// Refused as a whole, with what was there still in force.
	if a := h.call("PUT", two+"/routes", `[{"pattern":"two.example/*"},{"pattern":"example.com/*"}]`).want(t, 409, cfapi.CodeRouteTaken); !strings.Contains(a.String(), `"example.com/*" is already assigned to the script "one"`) {
		t.Errorf("taken: %v", a)
	}
	h.call("PUT", two+"/routes", `[{"pattern":"two.example/*"},{"pattern":"*.*/"}]`).want(t, 400, cfapi.CodeInvalidRoute)
	h.call("PUT", two+"/routes", `{"pattern":"two.example/*"}`).want(t, 400, cfapi.CodeMalformedBody)
	if got := h.at("example.com/two"); got != "200 two" {
		t.Errorf("after refusals: %s", got)
	}
	// Another upload keeps them, another list replaces them.
	h.publish("one", saying("uno"))
	if got := h.at("example.com/"); got != "200 uno" {
		t.Errorf("after an upload: %s", got)
	}
	h.call("PUT", one+"/routes", `[{"pattern":"example.com/*"}]`).want(t, 200, 0).into(t, &list)
	if len(list) != 1 || list[0].ID != kept {
		t.Errorf("routes %+v, want the one with the id %s", list, kept)
	}
	if got := h.at("a.example.com/api/1"); !strings.HasPrefix(got, "404 ") {
		t.Errorf("a route that was removed: %s", got)
	}
	// Without its script a route leads nowhere.
	h.call("DELETE", one, "").want(t, 200, 0)
	if got := h.at("example.com/"); !strings.HasPrefix(got, "404 ") {
		t.Errorf("a route of a deleted script: %s", got)
	}
	h.call("PUT", two+"/routes", `[{"pattern":"example.com/*"}]`).want(t, 200, 0)
}

// Wrangler looks for a zone label by label, and for the routes in it.
func TestZones(t *testing.T) {
	h := newHouse(t)
	h.publish("one", saying("one"))
	h.publish("two", saying("two"))
	if a := h.call("GET", Prefix+"/zones", "").want(t, 200, 0); string(a.result) != "[]" {
		t.Errorf("zones without a name: %s", a.result)
	}
	zone := func(name string) cfapi.Zone {
		var zones []cfapi.Zone
		h.call("GET", Prefix+"/zones?name="+name+"&account.id=abc", "").want(t, 200, 0).into(t, &zones)
		if len(zones) != 1 || zones[0].Name != name || len(zones[0].ID) != 32 {
			t.Fatalf("zones of %s: %+v", name, zones)
		}
		return zones[0]
	}
	example := Prefix + "/zones/" + zone("example.com").ID + "/workers/routes"
	var route cfapi.Route
	h.call("POST", example, `{"pattern":"a.example.com/*","script":"one"}`).want(t, 200, 0).into(t, &route)
	if got := h.at("a.example.com/x"); got != "200 one" {
		t.Errorf("a route of a zone: %s", got)
	}
	h.call("POST", example, `{"pattern":"a.example.com/*","script":"two"}`).want(t, 409, cfapi.CodeRouteTaken)
	h.call("POST", example, `{"pattern":"b.example.com/*","script":"three"}`).want(t, 400, cfapi.CodeRouteScript)
	h.call("POST", example, `{"pattern":"b.example.com/*"}`).want(t, 400, cfapi.CodeInvalidRoute)
	h.call("PUT", account+"/workers/scripts/two/routes", `[{"pattern":"https://b.example.com/"},{"pattern":"other.org/*"},{"pattern":"x.org/*","zone_name":"example.com"}]`).want(t, 200, 0)

	for name, want := range map[string]string{
		"example.com": "a.example.com/* https://b.example.com/ x.org/*", "b.example.com": "https://b.example.com/", "other.org": "other.org/*", "org": "other.org/*",
	} {
		var list []cfapi.Route
		h.call("GET", Prefix+"/zones/"+zone(name).ID+"/workers/routes", "").want(t, 200, 0).into(t, &list)
		var patterns []string
		for _, r := range list {
			patterns = append(patterns, r.Pattern)
		}
		if got := strings.Join(patterns, " "); got != want {
			t.Errorf("routes of %s: %s, want %s", name, got, want)
		}
	}
	h.call("GET", example+"/"+route.ID, "").want(t, 200, 0)
	h.call("GET", Prefix+"/zones/"+zone("other.org").ID+"/workers/routes/"+route.ID, "").want(t, 404, cfapi.CodeRouteNotFound)
	h.call("DELETE", example+"/"+route.ID, "").want(t, 200, 0)
	h.call("DELETE", example+"/"+route.ID, "").want(t, 404, cfapi.CodeRouteNotFound)
	if got := h.at("a.example.com/x"); !strings.HasPrefix(got, "404 ") {
		t.Errorf("a route that was deleted: %s", got)
	}
}

func TestDomains(t *testing.T) {
	h := newHouse(t)
	one, two := account+"/workers/scripts/one/domains", account+"/workers/scripts/two/domains"
	h.call("POST", one+"/changeset?replace_state=true", `[]`).want(t, 404, cfapi.CodeScriptNotFound)
	h.call("PUT", one+"/records", `{"origins":[{"hostname":"app.example.com"}]}`).want(t, 404, cfapi.CodeScriptNotFound)
	h.publish("one", saying("one"))
	h.publish("two", saying("two"))
	if a := h.call("POST", one+"/changeset?replace_state=true", `[{"hostname":"app.example.com"}]`).want(t, 200, 0); string(a.result) !=
		`{"added":[{"hostname":"app.example.com"}],"removed":[],"updated":[],"conflicting":[]}` {
		t.Errorf("changeset %s", a.result)
	}
	h.call("PUT", one+"/records", `{"override_scope":true,"origins":[{"hostname":"app.example.com"},{"hostname":"old.example.com"}]}`).want(t, 200, 0)
	if got := h.at("app.example.com/any/path"); got != "200 one" {
		t.Errorf("a domain: %s", got)
	}
	// A route on the same host goes first.
	h.call("PUT", account+"/workers/scripts/two/routes", `[{"pattern":"app.example.com/api/*"}]`).want(t, 200, 0)
	if got := h.at("app.example.com/api/x"); got != "200 two" {
		t.Errorf("a route on a domain: %s", got)
	}
	var set cfapi.DomainChangeset
	h.call("POST", two+"/changeset?replace_state=true", `[{"hostname":"app.example.com"}]`).want(t, 200, 0).into(t, &set)
	if len(set.Updated) != 1 || !set.Updated[0].Modified || set.Updated[0].Service != "one" || len(set.Removed) != 0 {
		t.Errorf("changeset %+v", set)
	}
	var domain cfapi.Domain
	h.call("GET", account+"/workers/domains/records/"+set.Updated[0].ID, "").want(t, 200, 0).into(t, &domain)
	if domain.Hostname != "app.example.com" || domain.Service != "one" {
		t.Errorf("domain %+v", domain)
	}
	h.call("GET", account+"/workers/domains/records/none", "").want(t, 404, cfapi.CodeRouteNotFound)
	h.call("PUT", two+"/records", `{"origins":[{"hostname":"app.example.com"}]}`).want(t, 409, cfapi.CodeRouteTaken)
	h.call("PUT", two+"/records", `{"origins":[{"hostname":"*.example.com"}]}`).want(t, 400, cfapi.CodeInvalidRoute)
	h.call("PUT", two+"/records", `{"override_existing_origin":true,"origins":[{"hostname":"app.example.com"}]}`).want(t, 200, 0)
	if got := h.at("app.example.com/"); got != "200 two" {
		t.Errorf("a domain that was taken over: %s", got)
	}
	h.call("POST", one+"/changeset?replace_state=true", `[]`).want(t, 200, 0).into(t, &set)
	if len(set.Removed) != 1 || set.Removed[0].Hostname != "old.example.com" {
		t.Errorf("changeset %+v", set)
	}
	var list []cfapi.Domain
	h.call("GET", account+"/workers/domains/records?page=0&per_page=5&service=two&environment=production", "").want(t, 200, 0).into(t, &list)
	if len(list) != 1 || list[0].Hostname != "app.example.com" {
		t.Errorf("domains %+v", list)
	}
}
