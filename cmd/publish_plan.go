package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"paddock/bundle"
	"paddock/config"
	"paddock/internal/cfapi"
	"paddock/internal/diag"
	"paddock/local"
	"paddock/publish"
)

// rehearsal is the result of a dry run, as --json prints it.
type rehearsal struct {
	Script     string          `json:"script"`
	DryRun     bool            `json:"dry_run"`
	Size       int64           `json:"size"`
	GzipSize   int64           `json:"gzip_size"`
	Bindings   []cfapi.Binding `json:"bindings"`
	Assets     *assetsResult   `json:"assets,omitempty"`
	Migrations *migrationPlan  `json:"migrations"`
}

// plan works out what is to be sent, and prints what is wrong with it.
func (o *publishOptions) plan(ctx context.Context, target publish.Target, w *config.Worker, built *bundle.Result) (*publish.Plan, error) {
	plan, diags, err := publish.NewPlan(ctx, target, w, built, publish.Options{Adhoc: o.adhoc, Rehearse: o.dryRun})
	if err != nil {
		return nil, err
	}
	if err := o.failed(diags); err != nil {
		return nil, err
	}
	plan.Annotate(o.message, o.tag)
	if o.keepVars {
		plan.KeepVars()
	}
	return plan, nil
}

// announce shows what an upload is about to do to namespaces, and asks where
// that takes something away from other scripts. Of what would be refused it
// shows the steps, so that it can be seen what was about to be done; the verdict
// is left to the upload itself, which knows the code as well.
func (o *publishOptions) announce(ctx context.Context, plan *publish.Plan) error {
	if !eventful(plan) {
		return nil
	}
	if !o.json {
		var b strings.Builder
		o.showPlan(&b, plan)
		if err := o.write(&b); err != nil {
			return err
		}
	}
	if o.remote {
		return o.confirmDeletes(ctx, plan)
	}
	bound := plan.BoundDeletes()
	if len(bound) == 0 {
		return nil
	}
	if !o.yes {
		if err := o.mustConfirm(ctx, stillBound(plan, bound), plan.Script); err != nil {
			return err
		}
	}
	plan.DeleteBound()
	return nil
}

// provision finds or makes what bindings without an id are to, and says what it
// has made.
func (o *publishOptions) provision(ctx context.Context, target publish.Target, plan *publish.Plan) error {
	made, err := plan.Provision(ctx, target)
	for _, m := range made {
		id := ""
		if m.ID != m.Name {
			id = " (" + diag.Printable(m.ID) + ")"
		}
		fmt.Fprintf(o.io.Err, "Created the %s %s%s for env.%s\n", m.Label, diag.Printable(m.Name), id, m.Binding)
	}
	return err
}

// eventful reports whether there is anything to say of what an upload does to
// namespaces.
func eventful(plan *publish.Plan) bool {
	if plan.Declared {
		return len(plan.Namespaces.Effects) > 0 || hasNotes(plan.Namespaces.Reconciliation)
	}
	return plan.Migrations != nil
}

// stillBound says who loses a class, in the words in which the runtime would
// refuse to delete it.
func stillBound(plan *publish.Plan, deletes []cfapi.PlanEffect) string {
	var lines []string
	for _, e := range deletes {
		if plan.Declared {
			lines = append(lines, fmt.Sprintf("Other scripts still bind to the namespace of class '%s' that would be deleted: %s",
				e.Class, strings.Join(e.BoundBy, ", ")))
			continue
		}
		lines = append(lines, fmt.Sprintf("Cannot apply --delete-class migration to class %s without also removing the binding that references it: %s %s to it",
			e.Class, strings.Join(e.BoundBy, ", "), verb(len(e.BoundBy), "binds", "bind")))
	}
	return strings.Join(lines, "\n")
}

// rehearse is --dry-run: everything but the upload. It fails where that would
// be refused.
func (o *publishOptions) rehearse(ctx context.Context, w *config.Worker, built *bundle.Result) error {
	plan, err := o.rehearsed(ctx, w, built)
	if err != nil {
		return err
	}
	assets, err := plannedAssets(w)
	if err != nil {
		return err
	}
	if o.json {
		err = json.NewEncoder(o.io.Out).Encode(rehearsal{
			Script: w.Name, DryRun: true, Size: built.Size, GzipSize: built.GzipSize, Assets: assets,
			Bindings: append([]cfapi.Binding{}, plan.Form.Metadata.Bindings...), Migrations: describePlan(plan),
		})
	} else {
		var b strings.Builder
		o.showAssets(&b, assets)
		o.showSize(&b, built.Size, built.GzipSize)
		showBindings(&b, plan.Form.Metadata.Bindings)
		if len(plan.Form.Metadata.Bindings) == 0 {
			b.WriteString("\n")
		}
		o.showPlan(&b, plan)
		b.WriteString("--dry-run: exiting now.\n")
		err = o.write(&b)
	}
	return errors.Join(err, o.verdict(w, plan))
}

// rehearsed plans the upload without sending it. A runtime that has never run
// is not started for it.
func (o *publishOptions) rehearsed(ctx context.Context, w *config.Worker, built *bundle.Result) (*publish.Plan, error) {
	o.dryRun = true
	if o.remote {
		client, err := o.cloud(ctx)
		if err != nil {
			return nil, err
		}
		return o.plan(ctx, o.destination(client), w, built)
	}
	if err := o.needState(); err != nil {
		return nil, err
	}
	if !local.HasState(o.stateDir) {
		return o.plan(ctx, publish.Empty{}, w, built)
	}
	client, _, err := o.ensureClient(ctx)
	if err != nil {
		return nil, err
	}
	return o.plan(ctx, client, w, built)
}

// verdict is the error with which the upload would end, nil if it would not.
func (o *publishOptions) verdict(w *config.Worker, plan *publish.Plan) error {
	if plan.Refused != nil {
		return located(w, plan.Refused)
	}
	if bound := plan.BoundDeletes(); len(bound) > 0 && !o.yes {
		return diag.List{diag.Errorf("not-confirmed", diag.Location{}, "%s", stillBound(plan, bound)).
			WithHint("`publish` asks at a terminal, and wants --yes elsewhere.")}.Err()
	}
	return nil
}
