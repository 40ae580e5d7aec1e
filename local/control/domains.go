package control

import (
	"net/http"

	"paddock/internal/cfapi"
	"paddock/local"
)

// handleDomains answers about the host names that belong to a script alone,
// which Wrangler calls custom domains.
func (a *API) handleDomains(account string) {
	script := account + "/workers/scripts/{script}"
	a.handle("POST "+script+"/domains/changeset", a.postDomainChangeset)
	a.handle("PUT "+script+"/domains/records", a.putDomainRecords)
	a.handle("GET "+account+"/workers/domains/records", a.listDomains)
	a.handle("GET "+account+"/workers/domains/records/{domain}", a.getDomain)
	a.handle("GET "+account+"/workers/domains", a.listDomains)
}

func (a *API) domains(r *http.Request) ([]cfapi.Domain, error) {
	list, err := a.rt.Routes(r.Context())
	if err != nil {
		return nil, err
	}
	out := []cfapi.Domain{}
	for _, route := range list {
		if route.Domain {
			out = append(out, cfapi.Domain{
				ID: route.ID, Hostname: route.Pattern, Service: route.Script, Environment: production, ZoneID: route.ZoneID, ZoneName: route.ZoneName,
			})
		}
	}
	return out, nil
}

// listDomains lists all domains, or those of a script or with a host name that
// the query asks for.
func (a *API) listDomains(r *http.Request) (any, error) {
	all, err := a.domains(r)
	if err != nil {
		return nil, err
	}
	service, host := r.URL.Query().Get("service"), r.URL.Query().Get("hostname")
	list := []cfapi.Domain{}
	for _, d := range all {
		if (service == "" || service == d.Service) && (host == "" || host == d.Hostname) {
			list = append(list, d)
		}
	}
	return list, nil
}

func (a *API) getDomain(r *http.Request) (any, error) {
	all, err := a.domains(r)
	if err != nil {
		return nil, err
	}
	for _, d := range all {
		if d.ID == r.PathValue("domain") {
			return d, nil
		}
	}
	return nil, &local.Refusal{Code: cfapi.CodeRouteNotFound, Message: "there is no such domain"}
}

// postDomainChangeset says what putDomainRecords would do. There is no DNS here
// that could be in its way.
func (a *API) postDomainChangeset(r *http.Request) (any, error) {
	wanted, err := readJSON[[]cfapi.Domain](r)
	if err != nil {
		return nil, err
	}
	script := r.PathValue("script")
	if _, err := a.rt.Script(r.Context(), script); err != nil {
		return nil, notFound(err)
	}
	all, err := a.domains(r)
	if err != nil {
		return nil, err
	}
	have := map[string]cfapi.Domain{}
	for _, d := range all {
		have[d.Hostname] = d
	}
	set := cfapi.DomainChangeset{Added: []cfapi.Domain{}, Removed: []cfapi.Domain{}, Updated: []cfapi.Domain{}, Conflicting: []cfapi.Domain{}}
	stays := map[string]bool{}
	for _, d := range wanted {
		stays[d.Hostname] = true
		if old, ok := have[d.Hostname]; ok {
			old.Modified = old.Service != script
			set.Updated = append(set.Updated, old)
		} else {
			set.Added = append(set.Added, d)
		}
	}
	for _, d := range all {
		if d.Service == script && !stays[d.Hostname] {
			set.Removed = append(set.Removed, d)
		}
	}
	return set, nil
}

func (a *API) putDomainRecords(r *http.Request) (any, error) {
	body, err := readJSON[cfapi.DomainRecords](r)
	if err != nil {
		return nil, err
	}
	var list []local.Route
	for _, d := range body.Origins {
		list = append(list, local.Route{Pattern: d.Hostname, ZoneID: d.ZoneID, ZoneName: d.ZoneName})
	}
	return nil, notFound(a.rt.SetDomains(r.Context(), r.PathValue("script"), list, body.OverrideOrigin))
}
