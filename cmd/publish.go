package cmd

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/fatih/color"
	"github.com/spf13/cobra"

	"paddock/bundle"
	"paddock/config"
	"paddock/internal/cfapi"
	"paddock/internal/diag"
	"paddock/local"
	"paddock/migrate"
	"paddock/publish"
)

type publishOptions struct {
	*app
	overrideFlags
	message, tag, outdir string
	minify, keepVars     bool
	dryRun, yes, json    bool
	adhoc                migrate.Adhoc
	given                map[string]string // variables of the command line, whose values are not shown
}

func (a *app) publishCommand() *cobra.Command {
	o := &publishOptions{app: a}
	c := &cobra.Command{
		Use:     "publish",
		Aliases: []string{"deploy"},
		Short:   "Ship the worker with its migrations, to the local runtime or with --remote to Cloudflare",
		Args:    args(cobra.NoArgs),
		RunE:    func(c *cobra.Command, _ []string) error { return o.run(c) },
	}
	o.uploadFlags(c)
	c.Flags().BoolVar(&o.dryRun, "dry-run", false, "show what would be done, and send nothing")
	o.migrationFlags(c)
	return c
}

// uploadFlags are the flags of everything that uploads.
func (o *publishOptions) uploadFlags(c *cobra.Command) {
	o.add(c)
	c.Flags().StringVar(&o.message, "message", "", "remark that is kept with the version")
	c.Flags().StringVar(&o.tag, "tag", "", "tag that is kept with the version")
	c.Flags().StringVar(&o.outdir, "outdir", "", "folder that the bundled code is written to as well")
	c.Flags().BoolVar(&o.minify, "minify", false, "minify the code")
	c.Flags().BoolVar(&o.keepVars, "keep-vars", false, "keep the variables of the version before that the configuration does not name")
	c.Flags().BoolVar(&o.json, "json", false, "print the result as JSON")
}

// migrationFlags adds what decides about the migrations of an upload.
func (o *publishOptions) migrationFlags(c *cobra.Command) {
	c.Flags().BoolVar(&o.yes, "yes", false, "do not ask: delete classes although other scripts bind to them, or for good with --remote")
	adhocFlags(c, &o.adhoc)
}

// published is the result of a publish, as --json prints it.
type published struct {
	Script        string          `json:"script"`
	VersionID     string          `json:"version_id"`
	URL           string          `json:"url"`
	Targets       []string        `json:"targets,omitempty"` // where it answers: the URL, routes, domains
	MigrationTag  string          `json:"migration_tag,omitempty"`
	StartupTimeMS int             `json:"startup_time_ms"`
	Size          int64           `json:"size"`
	GzipSize      int64           `json:"gzip_size"`
	Bindings      []cfapi.Binding `json:"bindings"`
	Assets        *assetsResult   `json:"assets,omitempty"`
	Migrations    *migrationPlan  `json:"migrations,omitempty"` // what was done to namespaces

	ExportsReconciliation *cfapi.ExportsReconciliation `json:"exports_reconciliation,omitempty"`

	uploadTime time.Duration
	failures   []publish.TriggerError // of what follows an upload
}

func (o *publishOptions) run(c *cobra.Command) error {
	ctx := c.Context()
	w, built, err := o.bundle(c)
	if err != nil {
		return err
	}
	if o.dryRun {
		return o.rehearse(ctx, w, built)
	}
	client, status, err := o.ensureClient(ctx)
	if err != nil {
		return err
	}
	var result *published
	if o.remote {
		result, err = o.shipRemote(ctx, client, w, built)
	} else {
		result, err = o.ship(ctx, client, status, w, built)
	}
	if err != nil {
		return err
	}
	hide(result.Bindings, o.given)
	show := o.show
	if o.json {
		show = func(p *published) error { return json.NewEncoder(o.io.Out).Encode(p) }
	}
	if err := show(result); err != nil {
		return err
	}
	return o.partly(result)
}

// partly reports the triggers of a publish that could not be set.
func (o *publishOptions) partly(p *published) error {
	if len(p.failures) == 0 {
		return nil
	}
	var list diag.List
	for _, f := range p.failures {
		for _, d := range o.hinted(explain(f.Err), f.Err) {
			d.Message = f.Trigger + ": " + d.Message
			list = append(list, d)
		}
	}
	return o.failed(append(list, diag.Errorf("partly-updated", diag.Location{},
		"Trigger configuration for %q was only partially updated", p.Script).
		WithHint("The new version is in force, and what could be set was not rolled back.")))
}

// bundle reads the project and bundles it.
func (o *publishOptions) bundle(c *cobra.Command) (*config.Worker, *bundle.Result, error) {
	overrides, err := o.overrides(c)
	if err != nil {
		return nil, nil, err
	}
	o.given = overrides.Vars
	w, err := o.worker(overrides, c.Flags().Changed("env"))
	if err != nil {
		return nil, nil, err
	}
	if w.Name == "" {
		return nil, nil, diag.List{diag.Errorf("name-missing", diag.Location{}, "You need to provide the name of your worker").
			WithHint(`Set "name" in the configuration, or use --name.`)}.Err()
	}
	if err := o.failed(publish.CheckAssets(w)); err != nil {
		return nil, nil, err
	}
	if o.adhoc.Given() {
		o.report(deprecated(w, o.adhoc))
	}
	built, err := o.build(c.Context(), w, bundle.Options{Minify: o.minify})
	if err == nil && o.outdir != "" {
		err = writeBundle(o.outdir, built)
	}
	return w, built, err
}

// ship plans the upload, shows what it does to namespaces, sends it and waits
// until it serves.
func (o *publishOptions) ship(ctx context.Context, client *cfapi.Client, status *cfapi.RuntimeStatus, w *config.Worker, built *bundle.Result) (*published, error) {
	plan, err := o.plan(ctx, client, w, built)
	if err != nil {
		return nil, err
	}
	assets, err := o.before(ctx, client, plan, w)
	if err != nil {
		return nil, err
	}
	progress := o.io.Progress("Publishing " + w.Name)
	defer progress.Done()
	start := time.Now()
	upload, err := plan.Apply(ctx, client)
	if err != nil && ctx.Err() != nil {
		return nil, diag.List{diag.Errorf("interrupted", diag.Location{}, "publish %s: interrupted", w.Name).
			WithHint("The upload may have been applied all the same: `paddock runtime status` shows the version in force.")}.Err()
	}
	if err != nil {
		return nil, located(w, err)
	}
	plan.Refused = nil // it was mistaken, as it did not know the code
	result := &published{
		Script: w.Name, VersionID: upload.DeploymentID, URL: local.ScriptURL(status.Public, w.Name),
		MigrationTag: upload.MigrationTag, StartupTimeMS: upload.StartupTimeMS,
		Size: built.Size, GzipSize: built.GzipSize, uploadTime: time.Since(start),
		Assets:     assets,
		Bindings:   plan.Bindings(),
		Migrations: describePlan(plan), ExportsReconciliation: upload.ExportsReconciliation,
	}
	result.Targets, result.failures = publish.SetTriggers(ctx, client, w, publish.ShipOptions{MakeQueues: true})
	if !slices.Contains(result.Targets, result.URL) { // which leads to it in any case
		result.Targets = append([]string{result.URL}, result.Targets...)
	}
	return result, nil
}

// before shows what an upload will do, and does what has to be done before it:
// its resources and static files must be there.
func (o *publishOptions) before(ctx context.Context, client *cfapi.Client, plan *publish.Plan, w *config.Worker) (*assetsResult, error) {
	if err := o.announce(ctx, plan); err != nil {
		return nil, err
	}
	if err := o.provision(ctx, client, plan); err != nil {
		return nil, err
	}
	return o.shipAssets(ctx, client, plan, w)
}

// show prints what Wrangler prints, in its order and words.
func (o *publishOptions) show(p *published) error {
	var b strings.Builder
	o.showUpload(&b, p)
	if p.MigrationTag != "" {
		fmt.Fprintf(&b, "Migration tag: %s\n", diag.Printable(p.MigrationTag))
	}
	if o.remote { // a runtime has told before the upload
		o.showNotes(&b, p.ExportsReconciliation)
	}
	fmt.Fprintf(&b, "Published %s\n", p.Script)
	for _, target := range p.Targets {
		fmt.Fprintf(&b, "  %s\n", o.io.OutStyle(color.FgCyan)(diag.Printable(target)))
	}
	fmt.Fprintf(&b, "Current Version ID: %s\n", p.VersionID)
	return o.write(&b)
}

// showUpload prints what all uploads have in common.
func (o *publishOptions) showUpload(w io.Writer, p *published) {
	o.showAssets(w, p.Assets)
	o.showSize(w, p.Size, p.GzipSize)
	fmt.Fprintf(w, "Worker Startup Time: %d ms\n", p.StartupTimeMS)
	showBindings(w, p.Bindings)
	fmt.Fprintf(w, "Uploaded %s (%.2f sec)\n", p.Script, p.uploadTime.Seconds())
}

func (o *publishOptions) showSize(w io.Writer, size, gzip int64) {
	bold := o.io.OutStyle(color.Bold)
	fmt.Fprintf(w, "Total Upload: %s / gzip: %s\n", bold(kib(size)), bold(kib(gzip)))
}

// showBindings prints the table of bindings. Values of variables are cut: the
// table is for the names.
func showBindings(w io.Writer, bindings []cfapi.Binding) {
	if len(bindings) == 0 {
		fmt.Fprintln(w, "No bindings found.")
		return
	}
	fmt.Fprintln(w, "Your Worker has access to the following bindings:")
	tw := tabwriter.NewWriter(w, 0, 0, 6, ' ', 0)
	fmt.Fprintln(tw, "Binding\tResource")
	for _, b := range bindings {
		name := "env." + b.Name
		if target := bindingTarget(b); target != "" {
			name += " (" + target + ")"
		}
		fmt.Fprintf(tw, "%s\t%s\n", name, bindingKind(b))
	}
	tw.Flush()
	fmt.Fprintln(w)
}

// hide covers the values of variables that were given by flags, as Wrangler
// does: whoever gives them so does not want them in a repository.
func hide(bindings []cfapi.Binding, vars map[string]string) {
	for i := range bindings {
		if _, given := vars[bindings[i].Name]; given {
			bindings[i].Text = "(hidden)"
		}
	}
}

// bindingTarget says what a binding is to, "" if there is nothing to say: a
// resource that is yet to be made has no id.
func bindingTarget(b cfapi.Binding) string {
	const longest = 40
	var text string
	switch b.Type {
	case cfapi.BindingKVNamespace, cfapi.BindingD1, cfapi.BindingQueue:
		return diag.Printable(b.ResourceID())
	case cfapi.BindingService:
		if b.Entrypoint != "" {
			return diag.Printable(b.Service + "#" + b.Entrypoint)
		}
		return diag.Printable(b.Service)
	case cfapi.BindingVersion, cfapi.BindingAssets:
		return ""
	case cfapi.BindingDurableObject:
		if b.ScriptName != "" {
			return b.ClassName + ", defined in " + b.ScriptName
		}
		return b.ClassName
	case cfapi.BindingJSON:
		text = string(b.JSON)
	case cfapi.BindingSecretText:
		text = `"(hidden)"`
	default:
		text = strconv.Quote(b.Text)
	}
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest-1]) + "…"
	}
	return diag.Printable(strings.Join(strings.Fields(text), " "))
}

func bindingKind(b cfapi.Binding) string {
	switch b.Type {
	case cfapi.BindingDurableObject:
		return "Durable Object"
	case cfapi.BindingSecretText:
		return "Secret"
	case cfapi.BindingAssets:
		return "Assets"
	case cfapi.BindingKVNamespace:
		return "KV Namespace"
	case cfapi.BindingD1:
		return "D1 Database"
	case cfapi.BindingQueue:
		return "Queue"
	case cfapi.BindingService:
		return "Worker"
	case cfapi.BindingVersion:
		return "Worker Version Metadata"
	}
	return "Environment Variable"
}
