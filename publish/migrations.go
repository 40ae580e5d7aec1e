package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"paddock/bundle"
	"paddock/config"
	"paddock/internal/cfapi"
	"paddock/internal/diag"
	"paddock/migrate"
)

// A Rehearser is a target that can say what was applied to a script and what
// an upload would do, as a local runtime does. A [*cfapi.Client] of any other
// target fails with [cfapi.CodeNoRoute].
type Rehearser interface {
	ScriptMigrations(ctx context.Context, script string) (*cfapi.ScriptMigrations, error)
	PlanScript(ctx context.Context, script string, plan cfapi.PlanRequest) (*cfapi.MigrationPlan, error)
}

// history returns what the target says was applied to the script, nil if it
// does not say.
func history(ctx context.Context, target Target, script string) ([]migrate.Applied, error) {
	r, ok := target.(Rehearser)
	if !ok {
		return nil, nil
	}
	told, err := r.ScriptMigrations(ctx, script)
	if isNotFound(err) || cfapi.HasCode(err, cfapi.CodeNoRoute) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []migrate.Applied
	for _, e := range told.History {
		applied := migrate.Applied{Tag: e.Tag, Digest: e.Digest, Step: new(migrate.Step)}
		if e.Digest != "" {
			if err := json.Unmarshal(e.Step, applied.Step); err != nil {
				return nil, fmt.Errorf("read what was applied to %s as %q: %w", script, e.Tag, err)
			}
		}
		list = append(list, applied)
	}
	return list, nil
}

// pending works out the migrations that go with the upload.
func (p *Plan) pending(w *config.Worker, history []migrate.Applied, adhoc migrate.Adhoc) diag.List {
	if p.Declared {
		return p.declared(w, adhoc)
	}
	var diags diag.List
	if adhoc.Given() {
		p.Migrations, diags = adhoc.Upload(!p.New, p.Tag)
	} else {
		p.Migrations, diags = migrate.Pending(w.Migrations, p.Tag, history)
	}
	if p.Migrations != nil {
		diags = append(diags, stillBound(w, p.Migrations.Deletes())...)
	}
	return diags
}

// declared looks at what exports say of classes, in place of migrations.
func (p *Plan) declared(w *config.Worker, adhoc migrate.Adhoc) diag.List {
	var gone []string
	for _, e := range w.Exports {
		if e.State == migrate.StateDeleted {
			gone = append(gone, e.Class)
		}
	}
	diags := stillBound(w, gone)
	if adhoc.Given() {
		diags = append(diags, diag.Errorf("exclusive-fields", w.Exports[0].Location,
			"migrations on the command line and `exports` in the configuration are mutually exclusive").
			WithHint("Declare in `exports` what shall become of the classes."))
	}
	return diags
}

// stillBound reports the bindings of the script itself to classes that the
// upload deletes. The target would refuse them too, without their place.
func stillBound(w *config.Worker, gone []string) diag.List {
	var diags diag.List
	for _, b := range w.DurableObjects {
		if b.Script == "" && slices.Contains(gone, b.Class) {
			diags = append(diags, diag.Errorf("delete-bound", b.Location,
				"Cannot apply --delete-class migration to class %s without also removing the binding that references it", b.Class).
				WithHint("Remove the binding %q under durable_objects before the migration is applied.", b.Name))
		}
	}
	return diags
}

// rehearse asks the target what the upload would do to namespaces. One that
// cannot tell leaves Namespaces as the steps alone have it.
func (p *Plan) rehearse(ctx context.Context, target Target, built *bundle.Result) error {
	p.Namespaces = p.directives()
	if cloud, ok := target.(Cloud); ok && p.Declared {
		return p.declaredDeletes(ctx, cloud)
	}
	r, ok := target.(Rehearser)
	if !ok {
		return nil
	}
	request := cfapi.PlanRequest{Migrations: p.Form.Metadata.Migrations, Declared: p.Form.Metadata.Exports, Exports: built.Exports}
	for _, b := range p.Form.Metadata.Bindings {
		if b.Type == cfapi.BindingDurableObject || b.Type == cfapi.BindingService {
			request.Bindings = append(request.Bindings, b)
		}
	}
	told, err := r.PlanScript(ctx, p.Script, request)
	var refused *cfapi.APIError
	switch {
	case cfapi.HasCode(err, cfapi.CodeNoRoute):
		return nil
	case errors.As(err, &refused) && refused.Status < http.StatusInternalServerError:
		p.Refused = refused
	case err != nil:
		return err
	default:
		p.Namespaces = told
		p.tagEffects()
	}
	p.tell()
	return nil
}

// tell adds what only a local runtime understands to the upload.
func (p *Plan) tell() {
	if p.Migrations == nil || len(p.Migrations.Tags) == 0 {
		return
	}
	extras := p.extras()
	for _, e := range p.Migrations.Entries() {
		extras.Entries = append(extras.Entries, cfapi.MigrationEntry{Tag: e.Tag, Digest: e.Digest})
	}
}

func (p *Plan) extras() *cfapi.UploadExtras {
	if p.Form.Metadata.Paddock == nil {
		p.Form.Metadata.Paddock = &cfapi.UploadExtras{}
	}
	return p.Form.Metadata.Paddock
}

// DeleteBound lets the upload delete classes that other scripts bind.
func (p *Plan) DeleteBound() { p.extras().DeleteBound = true }

// BoundDeletes returns the effects that delete a class which other scripts
// bind. They need [Plan.DeleteBound].
func (p *Plan) BoundDeletes() []cfapi.PlanEffect {
	var list []cfapi.PlanEffect
	if p.Namespaces == nil {
		return nil
	}
	for _, e := range p.Namespaces.Effects {
		if e.Kind == "delete" && len(e.BoundBy) > 0 {
			list = append(list, e)
		}
	}
	return list
}

// directives is the plan as far as the steps alone tell: no objects, and no
// word of whether the target can do it.
func (p *Plan) directives() *cfapi.MigrationPlan {
	plan := &cfapi.MigrationPlan{Script: p.Script, OldTag: p.Tag, NewTag: p.Tag, Effects: []cfapi.PlanEffect{}}
	if p.Migrations == nil {
		return plan
	}
	plan.NewTag = p.Migrations.NewTag
	for i, s := range p.Migrations.Steps {
		add := func(e cfapi.PlanEffect) {
			e.Step = i
			plan.Effects = append(plan.Effects, e)
		}
		for _, class := range s.DeletedClasses {
			add(cfapi.PlanEffect{Kind: "delete", Class: class})
		}
		for _, r := range s.RenamedClasses {
			add(cfapi.PlanEffect{Kind: "rename", Class: r.From, To: r.To})
		}
		for _, class := range s.NewClasses {
			add(cfapi.PlanEffect{Kind: "create", Class: class})
		}
		for _, class := range s.NewSQLiteClasses {
			add(cfapi.PlanEffect{Kind: "create", Class: class, SQLite: true})
		}
		for _, t := range s.TransferredClasses {
			add(cfapi.PlanEffect{Kind: "transfer", Class: t.From, FromScript: t.FromScript, To: t.To})
		}
	}
	p.Namespaces = plan
	p.tagEffects()
	return plan
}

// tagEffects names the entry of the list that each effect comes from.
func (p *Plan) tagEffects() {
	for i := range p.Namespaces.Effects {
		e := &p.Namespaces.Effects[i]
		if p.Migrations != nil && e.Step < len(p.Migrations.Tags) {
			e.Tag = p.Migrations.Tags[e.Step]
		}
	}
}
