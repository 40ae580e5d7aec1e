package publish

import (
	"encoding/json"
	"fmt"

	"paddock/bundle"
	"paddock/config"
	"paddock/internal/cfapi"
	"paddock/migrate"
)

// NewForm makes the upload of a bundled worker. up are the migration steps
// that go with it, nil for none.
func NewForm(w *config.Worker, built *bundle.Result, up *migrate.Upload) (cfapi.Form, error) {
	observability := &cfapi.Observability{Enabled: w.Observability}
	form := cfapi.Form{Metadata: cfapi.Metadata{
		MainModule: built.Main, CompatibilityDate: w.CompatibilityDate, CompatibilityFlags: w.CompatibilityFlags,
		Observability: observability, KeepBindings: []string{"secret_text", "secret_key"}, Exports: w.RawExports,
	}}
	for _, v := range w.Vars {
		b, err := variable(v)
		if err != nil {
			return form, err
		}
		form.Metadata.Bindings = append(form.Metadata.Bindings, b)
	}
	for _, d := range w.DurableObjects {
		form.Metadata.Bindings = append(form.Metadata.Bindings, cfapi.Binding{
			Name: d.Name, Type: cfapi.BindingDurableObject, ClassName: d.Class, ScriptName: d.Script,
		})
	}
	if err := addBindings(&form.Metadata, w); err != nil {
		return form, err
	}
	if up != nil {
		steps, err := json.Marshal(up.Steps)
		if err != nil {
			return form, fmt.Errorf("encode migrations: %w", err)
		}
		form.Metadata.Migrations = &cfapi.Migrations{OldTag: up.OldTag, NewTag: up.NewTag, Steps: steps}
	}
	for _, m := range built.Modules {
		form.Parts = append(form.Parts, cfapi.Part{Name: m.Name, ContentType: string(m.Type), Content: m.Content})
	}
	return form, nil
}

// variable makes the binding of a variable: text for a string, JSON for
// everything else.
func variable(v config.Var) (cfapi.Binding, error) {
	if text, ok := v.Value.(string); ok {
		return cfapi.Binding{Name: v.Name, Type: cfapi.BindingPlainText, Text: text}, nil
	}
	value, err := json.Marshal(v.Value)
	if err != nil {
		return cfapi.Binding{}, fmt.Errorf("variable %s: %w", v.Name, err)
	}
	return cfapi.Binding{Name: v.Name, Type: cfapi.BindingJSON, JSON: value}, nil
}
