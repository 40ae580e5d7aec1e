package control

import (
	"net/http"

	"paddock/internal/cfapi"
	"paddock/local"
)

func (a *API) status(r *http.Request) (any, error) {
	s, err := a.rt.Status(r.Context())
	if err != nil {
		return nil, err
	}
	routes, err := a.rt.Routes(r.Context())
	if err != nil {
		return nil, err
	}
	return describeStatus(s, routes), nil
}

// stopRuntime ends the runtime once this answer is under way.
func (a *API) stopRuntime(*http.Request) (any, error) {
	a.stop()
	return nil, nil
}

// describeStatus puts a runtime's status into the form of the wire.
func describeStatus(s local.Status, routes []local.Route) cfapi.RuntimeStatus {
	out := cfapi.RuntimeStatus{
		PID: s.PID, Version: s.Version, StateDir: s.Dir, Public: s.Public, API: s.API,
		Groups: []cfapi.RuntimeGroup{}, Scripts: []cfapi.RuntimeScript{},
	}
	for _, g := range s.Groups {
		group := cfapi.RuntimeGroup{Scripts: g.Scripts, EnginePID: g.PID, Restarts: g.Restarts.Count, Traced: g.Traced, Error: g.Error}
		if !g.Since.IsZero() {
			group.Since = stamp(g.Since)
		}
		if last := g.Restarts; last.Count > 0 {
			group.LastRestart = &cfapi.RuntimeRestart{On: stamp(last.Last), Reason: last.Reason}
		}
		out.Groups = append(out.Groups, group)
	}
	for _, d := range s.Scripts {
		script := cfapi.RuntimeScript{
			Name: d.Script.Name, VersionID: d.Version.ID, VersionNumber: d.Version.Number,
			MigrationTag: d.Script.MigrationTag, ModifiedOn: stamp(d.Script.ModifiedOn),
			Handlers: d.Version.Handlers, Namespaces: []cfapi.RuntimeNamespace{},
		}
		if s.Public != "" {
			script.URL = local.ScriptURL(s.Public, d.Script.Name)
		}
		for _, n := range d.Classes {
			script.Namespaces = append(script.Namespaces, cfapi.RuntimeNamespace{ID: n.Key, Class: n.Class, SQLite: n.SQLite})
		}
		for _, route := range routes {
			if route.Script == d.Script.Name {
				script.Routes = append(script.Routes, route.Pattern)
			}
		}
		for _, schedule := range d.Script.Schedules {
			script.Schedules = append(script.Schedules, schedule.Cron)
		}
		if d.Other != nil {
			script.Split = []cfapi.RuntimeShare{
				{VersionNumber: d.Version.Number, Percentage: d.Deployment.Percentage},
				{VersionNumber: d.Other.Number, Percentage: 100 - d.Deployment.Percentage},
			}
		}
		out.Scripts = append(out.Scripts, script)
	}
	return out
}
