package control

import (
	"net/http"

	"paddock/internal/cfapi"
	"paddock/local"
)

// getSettings answers what Wrangler asks for before an upload, to find
// resources that it made for a binding without an id.
func (a *API) getSettings(r *http.Request) (any, error) {
	d, err := a.rt.Script(r.Context(), r.PathValue("script"))
	if err != nil {
		return nil, notFound(err)
	}
	return cfapi.Settings{
		Bindings: describeBindings(d.Version.Bindings), MigrationTag: d.Script.MigrationTag, UsageModel: "standard",
		CompatibilityDate: d.Version.CompatibilityDate, CompatibilityFlags: d.Version.CompatibilityFlags,
		Observability: &cfapi.Observability{Enabled: d.Script.Observability}, Tags: d.Script.Tags,
	}, nil
}

func (a *API) getScriptSettings(r *http.Request) (any, error) {
	d, err := a.rt.Script(r.Context(), r.PathValue("script"))
	if err != nil {
		return nil, notFound(err)
	}
	return describeSettings(d), nil
}

// patchScriptSettings drops what the runtime has no use for: logpush and tail
// consumers.
func (a *API) patchScriptSettings(r *http.Request) (any, error) {
	body, err := readJSON[cfapi.ScriptSettings](r)
	if err != nil {
		return nil, err
	}
	set := local.Settings{Tags: body.Tags}
	if body.Observability != nil {
		set.Observability = &body.Observability.Enabled
	}
	d, err := a.rt.SetScript(r.Context(), r.PathValue("script"), set)
	if err != nil {
		return nil, notFound(err)
	}
	return describeSettings(d), nil
}

func describeSettings(d local.Deployed) cfapi.ScriptSettings {
	return cfapi.ScriptSettings{
		Logpush: new(bool), Observability: &cfapi.Observability{Enabled: d.Script.Observability}, Tags: d.Script.Tags,
	}
}
