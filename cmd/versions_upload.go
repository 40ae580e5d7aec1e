package cmd

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"paddock/internal/cfapi"
	"paddock/internal/diag"
)

func (a *app) versionsUploadCommand() *cobra.Command {
	o := &publishOptions{app: a}
	c := &cobra.Command{
		Use:   "upload",
		Short: "Upload the worker as a new version, without deploying it",
		Args:  args(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return o.uploadVersion(c) },
	}
	o.uploadFlags(c)
	return c
}

func (o *publishOptions) uploadVersion(c *cobra.Command) error {
	ctx := c.Context()
	w, built, err := o.bundle(c)
	if err != nil {
		return err
	}
	client, _, err := o.client(ctx)
	if err != nil {
		return err
	}
	plan, err := o.plan(ctx, o.destination(client), w, built)
	if err != nil {
		return err
	}
	plan.ForVersion()
	if plan.New {
		return diag.List{diag.Errorf("unknown-script", diag.Location{}, "no script %q is published here, so it cannot get another version", w.Name).
			WithHint("`paddock publish` makes the first one.")}.Err()
	}
	if err := o.provision(ctx, client, plan); err != nil {
		return err
	}
	assets, err := o.shipAssets(ctx, client, plan, w)
	if err != nil {
		return err
	}
	done := o.uploading("Uploading "+w.Name, client)
	start := time.Now()
	version, err := client.UploadVersion(ctx, w.Name, plan.Form)
	done()
	if err != nil {
		return located(w, err)
	}
	bindings := uploadedBindings(version, plan.Bindings())
	hide(bindings, o.given)
	if o.json {
		return json.NewEncoder(o.io.Out).Encode(version)
	}
	var b strings.Builder
	o.showUpload(&b, &published{
		Script: w.Name, StartupTimeMS: version.StartupTimeMS, Size: built.Size, GzipSize: built.GzipSize, Assets: assets,
		Bindings: bindings, uploadTime: time.Since(start),
	})
	if plan.Declared && len(plan.Namespaces.Effects) > 0 && plan.Refused == nil {
		fmt.Fprintf(&b, "What `exports` declares is done when the version is deployed:\n\n")
		o.showEffects(&b, plan)
	}
	there := ""
	if o.remote {
		there = " --remote"
	}
	fmt.Fprintf(&b, "Worker Version ID: %s\n\nTo deploy this version to production traffic use the command `paddock versions deploy %[1]s%s`\n", version.ID, there)
	return o.write(&b)
}

// uploadedBindings returns what a version has, which may be more than was sent:
// secrets are kept. A server need not tell.
func uploadedBindings(v *cfapi.Version, sent []cfapi.Binding) []cfapi.Binding {
	if v.Resources == nil || v.Resources.Bindings == nil {
		return sent
	}
	return v.Resources.Bindings
}
