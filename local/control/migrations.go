package control

import (
	"encoding/json"
	"net/http"

	"paddock/internal/cfapi"
	"paddock/local"
	"paddock/migrate"
)

func (a *API) handleMigrations(account string) {
	a.handle("GET "+account+"/paddock/migrations", a.listMigrations)
	a.handle("GET "+account+"/paddock/scripts/{script}/migrations", a.scriptMigrations)
	a.handleFor(local.ScopeRead, "POST "+account+"/paddock/scripts/{script}/plan", a.planScript)
	a.handle("POST "+account+"/paddock/trash/{namespace}/restore", a.restoreNamespace)
	a.handle("POST "+account+"/paddock/trash/purge", a.purgeNamespaces)
}

func (a *API) planScript(r *http.Request) (any, error) {
	var body cfapi.PlanRequest
	if err := decodeBody(r, &body); err != nil {
		return nil, err
	}
	up := local.Upload{Script: r.PathValue("script")}
	up.Form.Metadata.Migrations, up.Form.Metadata.Bindings, up.Form.Metadata.Exports = body.Migrations, body.Bindings, body.Declared
	plan, err := a.rt.Plan(r.Context(), up, body.Exports)
	if err != nil {
		return nil, err
	}
	out := cfapi.MigrationPlan{Script: up.Script, OldTag: plan.Tag, NewTag: plan.NewTag, Effects: []cfapi.PlanEffect{},
		Reconciliation: describeReconciliation(plan.Reconciliation)}
	for _, e := range plan.Effects {
		effect := cfapi.PlanEffect{
			Kind: e.Kind, Step: e.Step, Class: e.Class, To: e.To, FromScript: e.FromScript, ToScript: e.ToScript,
			SQLite: e.SQLite, Usage: cfapi.Usage(e.Usage), BoundBy: e.BoundBy,
		}
		if !e.New {
			effect.Namespace = e.Key
		}
		out.Effects = append(out.Effects, effect)
	}
	return out, nil
}

func (a *API) scriptMigrations(r *http.Request) (any, error) {
	h, err := a.rt.History(r.Context(), r.PathValue("script"))
	if err != nil {
		return nil, notFound(err)
	}
	return describeHistory(h), nil
}

func (a *API) listMigrations(r *http.Request) (any, error) {
	histories, err := a.rt.Histories(r.Context())
	if err != nil {
		return nil, err
	}
	trash, err := a.rt.Trash(r.Context())
	if err != nil {
		return nil, err
	}
	out := cfapi.RuntimeMigrations{Scripts: []cfapi.ScriptMigrations{}, Trash: []cfapi.TrashedNamespace{}}
	for _, h := range histories {
		out.Scripts = append(out.Scripts, describeHistory(h))
	}
	for _, n := range trash {
		out.Trash = append(out.Trash, cfapi.TrashedNamespace{
			NamespaceUsage: describeUsage(n), Script: n.Script,
			DeletedOn: stamp(n.DeletedOn), ExpiresOn: stamp(n.DeletedOn.Add(local.TrashAge)),
		})
	}
	return out, nil
}

func (a *API) restoreNamespace(r *http.Request) (any, error) {
	var body cfapi.Restore
	if err := decodeBody(r, &body); err != nil {
		return nil, err
	}
	n, err := a.rt.Restore(r.Context(), local.RestoreRequest{Key: r.PathValue("namespace"), Class: body.Class, Replace: body.Replace})
	if err != nil {
		return nil, err
	}
	return cfapi.RestoredNamespace{RuntimeNamespace: describeNamespace(n.Namespace), Script: n.Script, Replaced: n.Replaced}, nil
}

func (a *API) purgeNamespaces(r *http.Request) (any, error) {
	var body cfapi.Purge
	if err := decodeBody(r, &body); err != nil {
		return nil, err
	}
	return nil, a.rt.Purge(r.Context(), body.Namespaces)
}

// decodeBody reads a JSON body. None at all is an empty one.
func decodeBody[T any](r *http.Request, into *T) (err error) {
	if r.ContentLength != 0 {
		*into, err = readJSON[T](r)
	}
	return err
}

func describeHistory(h local.History) cfapi.ScriptMigrations {
	out := cfapi.ScriptMigrations{
		Script: h.Script.Name, Tag: h.Script.MigrationTag, Applied: []cfapi.AppliedMigration{}, History: []cfapi.AppliedEntry{},
	}
	for _, e := range h.Entries {
		out.History = append(out.History, describeEntry(e))
	}
	for _, m := range h.Uploads {
		out.Applied = append(out.Applied, cfapi.AppliedMigration{
			Number: m.Number, VersionID: m.Version, VersionNumber: m.VersionNumber, Source: m.Source,
			OldTag: m.OldTag, NewTag: m.NewTag, Steps: m.Steps, Entries: m.Entries, Declared: m.Declared, AppliedOn: stamp(m.AppliedOn),
		})
	}
	for _, p := range h.Pending {
		from, to := p.Script, p.Other
		if p.Incoming {
			from, to = to, from
		}
		out.Pending = append(out.Pending, cfapi.PendingTransfer{Class: p.Class, From: from, To: to, Waits: p.Other})
	}
	for _, c := range h.Classes {
		out.Classes = append(out.Classes, describeUsage(c))
	}
	return out
}

func describeEntry(e migrate.Applied) cfapi.AppliedEntry {
	out := cfapi.AppliedEntry{Tag: e.Tag, Digest: e.Digest}
	if e.Step != nil {
		step, err := json.Marshal(e.Step)
		if err != nil {
			panic(err) // lists of strings
		}
		out.Step = step
	}
	return out
}

func describeUsage(c local.ClassUsage) cfapi.NamespaceUsage {
	return cfapi.NamespaceUsage{RuntimeNamespace: describeNamespace(c.Namespace), Usage: cfapi.Usage(c.Usage)}
}

func describeNamespace(n local.Namespace) cfapi.RuntimeNamespace {
	return cfapi.RuntimeNamespace{ID: n.Key, Class: n.Class, SQLite: n.SQLite}
}
