package control

import (
	"encoding/json"
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
	settings := describeSettings(d)
	return cfapi.Settings{
		Bindings: describeBindings(d.Version.Bindings), MigrationTag: d.Script.MigrationTag, UsageModel: "standard",
		CompatibilityDate: d.Version.CompatibilityDate, CompatibilityFlags: d.Version.CompatibilityFlags,
		Logpush: *settings.Logpush, Observability: settings.Observability, Tags: d.Script.Tags, TailConsumers: settings.TailConsumers,
	}, nil
}

func (a *API) getScriptSettings(r *http.Request) (any, error) {
	d, err := a.rt.Script(r.Context(), r.PathValue("script"))
	if err != nil {
		return nil, notFound(err)
	}
	return describeSettings(d), nil
}

// patchScriptSettings acts on observability and keeps the rest.
func (a *API) patchScriptSettings(r *http.Request) (any, error) {
	body, err := readJSON[cfapi.ScriptSettings](r)
	if err != nil {
		return nil, err
	}
	set := local.Settings{Tags: body.Tags, Kept: local.Kept{
		Logpush: body.Logpush, TailConsumers: body.TailConsumers, StreamingTailConsumers: body.StreamingTailConsumers,
	}}
	if o := body.Observability; o != nil {
		set.Observability = &o.Enabled
		if set.Kept.Observability, err = json.Marshal(o); err != nil {
			return nil, err
		}
	}
	d, err := a.rt.SetScript(r.Context(), r.PathValue("script"), set)
	if err != nil {
		return nil, notFound(err)
	}
	return describeSettings(d), nil
}

func describeSettings(d local.Deployed) cfapi.ScriptSettings {
	kept := d.Script.Kept
	logpush := isTrue(kept.Logpush)
	out := cfapi.ScriptSettings{
		Logpush: &logpush, Observability: &cfapi.Observability{}, Tags: d.Script.Tags,
		TailConsumers: orEmptyList(kept.TailConsumers), StreamingTailConsumers: kept.StreamingTailConsumers,
	}
	if kept.Observability != nil {
		// What was kept can be read: it was written here.
		_ = json.Unmarshal(kept.Observability, out.Observability)
	}
	out.Observability.Enabled = d.Script.Observability
	return out
}

func orEmptyList(raw json.RawMessage) json.RawMessage {
	if raw == nil || string(raw) == "null" {
		return json.RawMessage("[]")
	}
	return raw
}
