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
	plan, err := o.plan(ctx, client, w, built)
	if err != nil {
		return err
	}
	if plan.New {
		return diag.List{diag.Errorf("unknown-script", diag.Location{}, "no script %q is published here, so it cannot get another version", w.Name).
			WithHint("`paddock publish` makes the first one.")}.Err()
	}
	assets, err := o.shipAssets(ctx, client, plan, w)
	if err != nil {
		return err
	}
	progress := o.io.Progress("Uploading " + w.Name)
	start := time.Now()
	version, err := client.UploadVersion(ctx, w.Name, plan.Form)
	progress.Done()
	if err != nil {
		return err
	}
	bindings := uploadedBindings(version, plan.Form.Metadata.Bindings)
	hide(bindings, o.given)
	if o.json {
		return json.NewEncoder(o.io.Out).Encode(version)
	}
	var b strings.Builder
	o.showUpload(&b, &published{
		Script: w.Name, StartupTimeMS: version.StartupTimeMS, Size: built.Size, GzipSize: built.GzipSize, Assets: assets,
		Bindings: bindings, uploadTime: time.Since(start),
	})
	fmt.Fprintf(&b, "Worker Version ID: %s\n\nTo deploy this version to production traffic use the command `paddock versions deploy %[1]s`\n", version.ID)
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
