package cmd

import (
	"context"
	"fmt"
	"strings"
	"time"

	"paddock/bundle"
	"paddock/config"
	"paddock/internal/cfapi"
	"paddock/internal/diag"
	"paddock/publish"
)

// destination is what a plan is made for.
func (o *publishOptions) destination(client *cfapi.Client) publish.Target {
	if o.remote {
		return publish.Cloud{API: client}
	}
	return client
}

// shipRemote is ship for Cloudflare, whose scripts need more than an upload.
func (o *publishOptions) shipRemote(ctx context.Context, client *cfapi.Client, w *config.Worker, built *bundle.Result) (*published, error) {
	plan, err := o.plan(ctx, o.destination(client), w, built)
	if err != nil {
		return nil, err
	}
	doubts, err := plan.Survey(ctx, client, w)
	if err != nil {
		return nil, err
	}
	if err := o.settleDoubts(ctx, doubts); err != nil {
		return nil, err
	}
	assets, err := o.before(ctx, client, plan, w)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	var opts publish.ShipOptions
	if o.canAsk() && !o.yes {
		opts.Confirm = o.confirm
	}
	done := o.uploading("Publishing "+w.Name, client)
	shipped, err := plan.Ship(ctx, client, w, opts)
	done()
	if err != nil {
		if ctx.Err() != nil {
			return nil, diag.List{diag.Errorf("interrupted", diag.Location{}, "publish %s: interrupted", w.Name).
				WithHint("The upload may have been applied all the same: `paddock versions list --remote` shows what there is.")}.Err()
		}
		return nil, located(w, err)
	}
	o.report(shipped.Warnings)
	result := &published{
		Script: w.Name, VersionID: shipped.VersionID, Targets: append([]string{}, shipped.Targets...),
		MigrationTag: shipped.MigrationTag, StartupTimeMS: shipped.StartupTimeMS,
		Size: built.Size, GzipSize: built.GzipSize, uploadTime: time.Since(start),
		Assets: assets, Bindings: plan.Bindings(), Migrations: describePlan(plan),
		ExportsReconciliation: shipped.Reconciliation, failures: shipped.Failures,
	}
	if len(shipped.Targets) > 0 {
		result.URL = shipped.Targets[0]
	}
	return result, nil
}

// settleDoubts says what a person should know before the upload, and asks
// whether to go on where a person is. As with Wrangler, a CI goes on.
func (o *publishOptions) settleDoubts(ctx context.Context, doubts diag.List) error {
	o.report(doubts)
	if len(doubts) == 0 || o.yes || !o.canAsk() {
		return nil
	}
	ok, err := o.confirm(ctx, "Would you like to continue?")
	if err == nil && !ok {
		err = diag.List{diag.Errorf("not-confirmed", diag.Location{}, "not confirmed: nothing was changed")}.Err()
	}
	return err
}

// confirmDeletes asks before classes are deleted where nothing brings them back.
func (o *publishOptions) confirmDeletes(ctx context.Context, plan *publish.Plan) error {
	var classes []string
	for _, e := range plan.Namespaces.Effects {
		if e.Kind == "delete" {
			classes = append(classes, e.Class)
		}
	}
	if len(classes) == 0 || o.yes {
		return nil
	}
	return o.mustConfirm(ctx, fmt.Sprintf("This deletes %s of %s at Cloudflare, with all objects and what they have stored. There is no trash.",
		strings.Join(classes, ", "), plan.Script), plan.Script)
}

// uploading shows how far the uploads of a client are, until the function that
// it returns is called.
func (a *app) uploading(label string, client *cfapi.Client) (done func()) {
	progress := a.io.Progress(label)
	client.OnUpload = func(sent, total int64) {
		if sent == total {
			sent, total = 0, 0 // from now on it is the other side's time
		}
		progress.Set(sent, total)
	}
	return progress.Done
}
