// Package publish ships a worker: [NewPlan] compares a bundled project with
// what a target runs and says what would happen, and [Plan.Apply] makes it
// happen. The target is whatever speaks Cloudflare's API: the local runtime,
// or Cloudflare.
package publish

import (
	"context"
	"fmt"

	"paddock/bundle"
	"paddock/config"
	"paddock/internal/cfapi"
	"paddock/internal/diag"
	"paddock/migrate"
)

// A Target is where scripts are published. [*cfapi.Client] is one. Service
// fails with an [*cfapi.APIError] of one of the not-found codes for a script
// that does not exist there.
type Target interface {
	Service(ctx context.Context, script string) (*cfapi.Service, error)
	PutScript(ctx context.Context, script string, form cfapi.Form) (*cfapi.ScriptUpload, error)
}

// A Plan is an upload that has been thought through and not yet sent.
type Plan struct {
	Script     string
	New        bool            // the target does not have the script
	Tag        string          // applied migration tag at the target
	Migrations *migrate.Upload // pending, nil if nothing is
	Declared   bool            // the classes are declared by exports, in place of migrations
	Form       cfapi.Form

	// Namespaces is what will happen to namespaces, nil if the target was not
	// asked because no migration is pending and nothing is declared.
	Namespaces *cfapi.MigrationPlan
	// Refused is why the target would refuse the upload, as far as that can be
	// said without the code; nil if it would not.
	Refused *cfapi.APIError

	kept         map[string]cfapi.Binding // bindings that the upload inherits, by name
	names        map[string]string        // what the configuration calls the resources of bindings
	tags         []string                 // of the script at the target
	deployedFrom string                   // what has deployed it last
}

// Options are what a plan may be made with.
type Options struct {
	Adhoc migrate.Adhoc // replaces the list of the configuration, if it is given
	// Rehearse asks the target in any case whether it would take the upload.
	Rehearse bool
}

// NewPlan asks the target for the script's state and works out what is to be
// sent. It changes nothing.
func NewPlan(ctx context.Context, target Target, w *config.Worker, built *bundle.Result, opts Options) (*Plan, diag.List, error) {
	p := &Plan{Script: w.Name, Declared: len(w.Exports) > 0, names: names(w)}
	service, err := target.Service(ctx, w.Name)
	switch {
	case isNotFound(err):
		p.New = true
	case err != nil:
		return nil, nil, err
	case service.DefaultEnvironment.Script != nil:
		script := service.DefaultEnvironment.Script
		p.Tag, p.tags, p.deployedFrom = script.MigrationTag, script.Tags, script.LastDeployedFrom
	}
	var applied []migrate.Applied
	if p.Tag != "" && !p.Declared && !opts.Adhoc.Given() {
		if applied, err = history(ctx, target, w.Name); err != nil {
			return nil, nil, err
		}
	}
	diags := p.pending(w, applied, opts.Adhoc)
	if diags.HasErrors() {
		return nil, diags, nil
	}
	if p.Form, err = NewForm(w, built, p.Migrations); err != nil {
		return nil, nil, err
	}
	if _, cloud := target.(Cloud); cloud {
		p.forCloud(w)
	}
	if p.Migrations != nil || p.Declared || opts.Rehearse {
		if err := p.rehearse(ctx, target, built); err != nil {
			return nil, nil, err
		}
	}
	return p, diags, nil
}

func isNotFound(err error) bool {
	return cfapi.HasCode(err, cfapi.CodeScriptNotFound, cfapi.CodeServiceNotFound, cfapi.CodeEnvironmentNotFound)
}

// Apply sends the plan. When it returns without an error, the target serves
// the new version.
func (p *Plan) Apply(ctx context.Context, target Target) (*cfapi.ScriptUpload, error) {
	result, err := target.PutScript(ctx, p.Script, p.Form)
	if err != nil {
		return nil, fmt.Errorf("publish %s: %w", p.Script, err)
	}
	return result, nil
}

// Annotate adds a message and a tag, which are kept with the version.
func (p *Plan) Annotate(message, tag string) {
	notes := map[string]string{}
	if message != "" {
		notes[cfapi.AnnotationMessage] = message
	}
	if tag != "" {
		notes[cfapi.AnnotationTag] = tag
	}
	p.Form.Metadata.Annotations = notes
}

// KeepVars has the upload keep the variables of the version before that the
// configuration does not name. Secrets are always kept.
func (p *Plan) KeepVars() {
	p.Form.Metadata.KeepBindings = []string{cfapi.BindingPlainText, cfapi.BindingJSON, "secret_text", "secret_key"}
}
