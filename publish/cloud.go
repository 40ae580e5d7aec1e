package publish

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"paddock/config"
	"paddock/internal/cfapi"
	"paddock/migrate"
)

// Cloud is Cloudflare as a target, or whatever answers as it does. It cannot
// tell what a migration would do to stored objects: all that it knows is the
// applied tag.
type Cloud struct{ API *cfapi.Client }

// Service asks for what is known of a script.
func (c Cloud) Service(ctx context.Context, script string) (*cfapi.Service, error) {
	return c.API.Service(ctx, script)
}

// PutScript uploads a script and deploys it. [Plan.Ship] does more.
func (c Cloud) PutScript(ctx context.Context, script string, form cfapi.Form) (*cfapi.ScriptUpload, error) {
	return c.API.PutScript(ctx, script, form)
}

// forCloud gives the form what means something at Cloudflare only, and takes
// from it what means something to a local runtime only.
func (p *Plan) forCloud(w *config.Worker) {
	m, c := &p.Form.Metadata, w.Cloud
	if w.Bundling == config.NoCode { // static files have no settings but their own
		*m = cfapi.Metadata{CompatibilityDate: m.CompatibilityDate, CompatibilityFlags: m.CompatibilityFlags}
		return
	}
	m.Observability, m.Logpush = nil, c.Logpush
	m.Limits, m.Placement = c.Limits, c.Placement
	m.TailConsumers, m.StreamingTailConsumers = c.TailConsumers, c.StreamingTailConsumers
	m.More = map[string]json.RawMessage{}
	for name, value := range map[string]json.RawMessage{"observability": c.Observability, "cache_options": c.Cache} {
		if value != nil {
			m.More[name] = value
		}
	}
	if c.KeepVars {
		p.KeepVars()
	}
	for _, name := range c.RequiredSecrets {
		if !slices.ContainsFunc(m.Bindings, func(b cfapi.Binding) bool { return b.Name == name }) {
			m.Bindings = append(m.Bindings, cfapi.Binding{Name: name, Type: cfapi.BindingInherit})
		}
	}
	if c.NoSourceMaps {
		p.Form.Parts = slices.DeleteFunc(p.Form.Parts, func(part cfapi.Part) bool { return part.ContentType == cfapi.TypeSourceMap })
	}
}

// declaredDeletes adds the classes to the plan that a declaration of exports
// deletes and that are still there, so that somebody can be asked: entries stay
// in a configuration after they were carried out.
func (p *Plan) declaredDeletes(ctx context.Context, c Cloud) error {
	declared, err := migrate.ParseExports(p.Form.Metadata.Exports)
	if err != nil {
		return err
	}
	declared = slices.DeleteFunc(declared, func(e migrate.Export) bool { return e.State != migrate.StateDeleted })
	if len(declared) == 0 || p.New {
		return nil
	}
	there, err := c.API.Namespaces(ctx)
	if err != nil {
		return fmt.Errorf("look which classes of %s are there: %w", p.Script, err)
	}
	for _, e := range declared {
		if slices.ContainsFunc(there, func(n cfapi.Namespace) bool { return n.Script == p.Script && n.Class == e.Class }) {
			p.Namespaces.Effects = append(p.Namespaces.Effects, cfapi.PlanEffect{Kind: "delete", Class: e.Class})
		}
	}
	return nil
}

// ForVersion makes the form that of an upload that is not deployed: what
// belongs to no version stays as it is.
func (p *Plan) ForVersion() {
	m := &p.Form.Metadata
	m.Logpush = nil
	delete(m.More, "observability")
	if len(m.Annotations) == 0 && m.More != nil {
		m.More["annotations"] = json.RawMessage("{}")
	}
}

// UpdateStrategy says when running objects take up new code; without a word in
// the configuration, Wrangler gives them five minutes.
func UpdateStrategy(c config.Cloud) *cfapi.CodeUpdateStrategy {
	s := &cfapi.CodeUpdateStrategy{}
	if json.Unmarshal(c.CodeUpdate, s) == nil && s.Mode == "immediate" {
		return &cfapi.CodeUpdateStrategy{Mode: s.Mode}
	}
	s.Mode = "deferred"
	if s.MaxDelay == nil {
		delay := 300.0
		s.MaxDelay = &delay
	}
	return s
}

// Settings are what the configuration says that belongs to no version.
func Settings(c config.Cloud) map[string]any {
	settings := map[string]any{}
	for name, value := range map[string]json.RawMessage{
		"observability": c.Observability, "tail_consumers": c.TailConsumers, "streaming_tail_consumers": c.StreamingTailConsumers,
	} {
		if value != nil {
			settings[name] = value
		}
	}
	if c.Logpush != nil {
		settings["logpush"] = *c.Logpush
	}
	return settings
}

// replaces reports whether the upload has to replace the script as a whole: only
// so can it bring classes into being, or itself.
func (p *Plan) replaces() bool {
	return p.New || p.Migrations != nil || declaresObjects(p.Form.Metadata.Exports)
}

func declaresObjects(exports json.RawMessage) bool {
	var declared map[string]struct {
		Type string `json:"type"`
	}
	if exports == nil || json.Unmarshal(exports, &declared) != nil {
		return false
	}
	for _, e := range declared {
		if e.Type == "durable-object" {
			return true
		}
	}
	return false
}

// workersDev reports whether a script shall answer at workers.dev.
func workersDev(w *config.Worker) bool {
	if w.WorkersDev != nil {
		return *w.WorkersDev
	}
	return len(w.Routes) == 0
}
