package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"paddock/internal/cfapi"
	"paddock/migrate"
)

// Empty is a target on which nothing is published. It is what a local runtime
// would be that has never run, for plans that shall not start one.
type Empty struct{}

// Service finds no script.
func (Empty) Service(context.Context, string) (*cfapi.Service, error) {
	return nil, refusal(cfapi.CodeServiceNotFound, "This Worker does not exist on this runtime.")
}

// ScriptMigrations finds no script.
func (e Empty) ScriptMigrations(ctx context.Context, script string) (*cfapi.ScriptMigrations, error) {
	_, err := e.Service(ctx, script)
	return nil, err
}

// PutScript always fails: there is no place for the upload.
func (Empty) PutScript(context.Context, string, cfapi.Form) (*cfapi.ScriptUpload, error) {
	return nil, errors.New("there is no runtime to publish to")
}

// PlanScript plans a first upload.
func (Empty) PlanScript(_ context.Context, script string, plan cfapi.PlanRequest) (*cfapi.MigrationPlan, error) {
	n := 0
	state := migrate.State{Script: script, Exports: plan.Exports, NewKey: func() string { n++; return fmt.Sprint(n) }}
	for _, b := range plan.Bindings {
		if b.Type == cfapi.BindingService {
			if b.Service != script {
				return nil, refusal(cfapi.CodeServiceTarget, fmt.Sprintf(
					"Could not resolve service binding '%s'. Target script '%s' not found.", b.Name, b.Service))
			}
			continue
		}
		if b.ScriptName != "" && b.ScriptName != script {
			return nil, refusal(cfapi.CodeBindingClass, fmt.Sprintf(
				"binding %q names the script %q, which does not exist here: publish it first, or correct script_name", b.Name, b.ScriptName))
		}
		state.Bound = append(state.Bound, b.ClassName)
	}
	change, err := firstChange(state, plan)
	var refused *migrate.Refusal
	if errors.As(err, &refused) {
		failed := refusal(refused.Code, refused.Message)
		failed.Errors[0].Meta = cfapi.ExportsMeta(notes(refused.Details))
		return nil, failed
	}
	if err != nil {
		return nil, err
	}
	out := &cfapi.MigrationPlan{Script: script, NewTag: change.Tag, Effects: []cfapi.PlanEffect{}, Reconciliation: reconciliation(change)}
	for _, e := range change.Effects {
		out.Effects = append(out.Effects, cfapi.PlanEffect{
			Kind: e.Kind, Step: e.Step, Class: e.Class, To: e.To, FromScript: e.FromScript, SQLite: e.SQLite,
		})
	}
	return out, nil
}

func firstChange(state migrate.State, plan cfapi.PlanRequest) (migrate.Change, error) {
	declared, err := migrate.ParseExports(plan.Declared)
	if err != nil {
		return migrate.Change{}, err
	}
	if len(declared) > 0 {
		return migrate.Reconcile(state, declared)
	}
	up, err := decodeMigrations(plan.Migrations)
	if err != nil {
		return migrate.Change{}, err
	}
	return migrate.Apply(state, up)
}

// reconciliation returns what is said of a first declaration, nil if there is
// none. There is nothing to be renamed, deleted or transferred yet.
func reconciliation(c migrate.Change) *cfapi.ExportsReconciliation {
	r := c.Reconciliation
	if r == nil {
		return nil
	}
	return &cfapi.ExportsReconciliation{
		Created: append([]string{}, r.Created...), Updated: []string{}, Deleted: []string{},
		Renamed: []cfapi.ExportsRename{}, Transferred: []cfapi.ExportsTransfer{}, TransferPending: []cfapi.ExportsTransferAwait{},
		Warnings: notes(r.Warnings), Info: notes(r.Info), RemovableEntries: append([]string{}, r.Removable...),
	}
}

func notes(list []migrate.Note) []cfapi.ExportsNote {
	out := []cfapi.ExportsNote{}
	for _, n := range list {
		out = append(out, cfapi.ExportsNote{Class: n.Class, Scenario: n.Scenario, Message: n.Message, Suggestion: n.Suggestion})
	}
	return out
}

func refusal(code int, message string) *cfapi.APIError {
	return &cfapi.APIError{Status: cfapi.StatusOf(code), Errors: []cfapi.Error{{Code: code, Message: message}}}
}

func decodeMigrations(m *cfapi.Migrations) (*migrate.Upload, error) {
	if m == nil {
		return nil, nil
	}
	up := &migrate.Upload{OldTag: m.OldTag, NewTag: m.NewTag}
	if err := json.Unmarshal(m.Steps, &up.Steps); err != nil {
		return nil, fmt.Errorf("read the migrations of the plan: %w", err)
	}
	return up, nil
}
