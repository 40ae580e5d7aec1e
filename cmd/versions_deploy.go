package cmd

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"paddock/config"
	"paddock/internal/cfapi"
	"paddock/internal/diag"
	"paddock/publish"
)

type deployOptions struct {
	scriptOptions
	ids, tags   []string
	percentages []float64
	message     string
	dryRun, yes bool
}

func (a *app) versionsDeployCommand() *cobra.Command {
	o := &deployOptions{scriptOptions: scriptOptions{app: a}}
	c := &cobra.Command{
		Use:   "deploy [version[@percentage]...]",
		Short: "Put a version in force",
		Long: "Put a version in force, by its id or number. Percentages that are left out share\n" +
			"what the others leave.",
		RunE: func(c *cobra.Command, specs []string) error { return o.run(c, specs) },
	}
	f := c.Flags()
	o.nameFlag(c)
	o.jsonFlag(c)
	f.StringArrayVar(&o.ids, "version-id", nil, "version to deploy; may be repeated")
	f.StringArrayVar(&o.tags, "version-tag", nil, "tag of the version to deploy, with its percentage as in tag@50; may be repeated")
	f.Float64SliceVar(&o.percentages, "percentage", nil, "percentage of the version at the same place among --version-id; may be repeated")
	f.StringVar(&o.message, "message", "", "remark that is kept with the deployment")
	f.BoolVar(&o.dryRun, "dry-run", false, "show what would be deployed, and do not")
	f.BoolVarP(&o.yes, "yes", "y", false, "also if that goes back to other secrets")
	return c
}

// A spec is a version as it is named on the command line, with its share of
// the requests; share is negative if none was given.
type spec struct {
	version string
	byTag   bool
	share   float64
}

func (o *deployOptions) run(c *cobra.Command, given []string) error {
	specs, err := o.specs(given)
	if err != nil {
		return usage(c, err)
	}
	ctx := c.Context()
	client, script, err := o.target(ctx)
	if err != nil {
		return err
	}
	shares, err := o.resolve(ctx, client, script, specs)
	if err != nil {
		return err
	}
	if o.dryRun {
		fmt.Fprintf(o.io.Err, "Would deploy %s %s.\n--dry-run: exiting now.\n", script, summary(shares))
		return nil
	}
	return o.deploy(ctx, client, script, shares)
}

func (o *deployOptions) deploy(ctx context.Context, client *cfapi.Client, script string, shares []cfapi.DeploymentVersion) error {
	progress := o.io.Progress("Deploying " + script)
	start := time.Now()
	d, err := createDeployment(ctx, client, script, o.newDeployment(shares, o.message), o.yes)
	progress.Done()
	if cfapi.HasCode(err, cfapi.CodeSecretsChanged) {
		return diag.List{explain(err)[0].WithHint("With --yes the secrets go back with the version.")}.Err()
	}
	if err != nil {
		return o.unknownScript(err, script)
	}
	if err := o.applySettings(ctx, client, script); err != nil {
		return fmt.Errorf("the deployment is in force, but not the settings of the configuration: %w", err)
	}
	if o.json {
		return json.NewEncoder(o.io.Out).Encode(d)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Deployed %s %s (%.2f sec)\n", script, summary(shares), time.Since(start).Seconds())
	return o.write(&b)
}

// createDeployment puts versions in force; if that goes back to other secrets,
// only with yes.
func createDeployment(ctx context.Context, client *cfapi.Client, script string, create cfapi.DeploymentCreate, yes bool) (*cfapi.Deployment, error) {
	d, err := client.CreateDeployment(ctx, script, create, false)
	if yes && cfapi.HasCode(err, cfapi.CodeSecretsChanged) {
		return client.CreateDeployment(ctx, script, create, true)
	}
	return d, err
}

func (a *app) newDeployment(shares []cfapi.DeploymentVersion, message string) cfapi.DeploymentCreate {
	create := cfapi.DeploymentCreate{
		Strategy: "percentage", Versions: shares, Annotations: map[string]string{cfapi.AnnotationMessage: message},
	}
	if a.remote { // a local runtime knows one way only
		var c config.Cloud
		if a.configured != nil {
			c = *a.configured
		}
		create.CodeUpdateStrategy = publish.UpdateStrategy(c)
	}
	return create
}

// applySettings brings to Cloudflare what of the configuration belongs to no
// version, if there is any.
func (o *deployOptions) applySettings(ctx context.Context, client *cfapi.Client, script string) error {
	if !o.remote || o.configured == nil {
		return nil
	}
	settings := publish.Settings(*o.configured)
	if len(settings) == 0 {
		return nil
	}
	return client.PatchScriptSettings(ctx, script, settings)
}

// specs reads all the ways to name versions, and shares out what is left of
// the requests among those without a percentage.
func (o *deployOptions) specs(given []string) ([]spec, error) {
	var specs []spec
	add := func(text string, byTag bool) error {
		s, err := parseSpec(text)
		if err == nil && slices.ContainsFunc(specs, func(o spec) bool { return o.version == s.version && o.byTag == byTag }) {
			err = fmt.Errorf("version %q is named twice", s.version)
		}
		s.byTag = byTag
		specs = append(specs, s)
		return err
	}
	for _, text := range given {
		if err := add(text, false); err != nil {
			return nil, err
		}
	}
	if len(o.percentages) > len(o.ids) {
		return nil, fmt.Errorf("there are more --percentage than --version-id")
	}
	for i, id := range o.ids {
		if i < len(o.percentages) {
			id += "@" + strconv.FormatFloat(o.percentages[i], 'f', -1, 64)
		}
		if err := add(id, false); err != nil {
			return nil, err
		}
	}
	for _, tag := range o.tags {
		if err := add(tag, true); err != nil {
			return nil, err
		}
	}
	switch n := len(specs); {
	case n == 0:
		//lint:ignore ST1005 These are Wrangler's words.
		return nil, fmt.Errorf("You must select at least 1 version to deploy.")
	case n > 2:
		//lint:ignore ST1005 These are Wrangler's words.
		return nil, fmt.Errorf("You must select at most 2 versions to deploy.")
	}
	return specs, shareOut(specs)
}

// parseSpec reads VERSION or VERSION@PERCENTAGE, with or without a "%".
func parseSpec(text string) (spec, error) {
	s := spec{version: text, share: -1}
	at := strings.LastIndex(text, "@")
	if at < 0 {
		return s, nil
	}
	share, err := strconv.ParseFloat(strings.TrimSuffix(text[at+1:], "%"), 64)
	if err != nil || !(share >= 0 && share <= 100) {
		return s, fmt.Errorf("the percentage of %q must be a number between 0 and 100", text[:at])
	}
	s.version, s.share = text[:at], share
	return s, nil
}

func shareOut(specs []spec) error {
	left, open := 100.0, 0
	for _, s := range specs {
		if s.share < 0 {
			open++
		} else {
			left -= s.share
		}
	}
	const epsilon = 0.001
	if left < -epsilon || open == 0 && math.Abs(left) > epsilon {
		return fmt.Errorf("the percentages add up to %s, not to 100%%", percent(100-left))
	}
	for i := range specs {
		if specs[i].share < 0 {
			specs[i].share = max(0, left/float64(open))
		}
	}
	return nil
}

// resolve turns what stands on the command line into version ids.
func (o *scriptOptions) resolve(ctx context.Context, client *cfapi.Client, script string, specs []spec) ([]cfapi.DeploymentVersion, error) {
	var shares []cfapi.DeploymentVersion
	for _, s := range specs {
		find := o.versionID
		if s.byTag {
			find = o.taggedVersion
		}
		id, err := find(ctx, client, script, s.version)
		if err != nil {
			return nil, err
		}
		shares = append(shares, cfapi.DeploymentVersion{VersionID: id, Percentage: s.share})
	}
	return shares, nil
}

// taggedVersion returns the id of the newest version with a tag.
func (o *scriptOptions) taggedVersion(ctx context.Context, client *cfapi.Client, script, tag string) (string, error) {
	list, err := client.Versions(ctx, script)
	if err != nil {
		return "", o.unknownScript(err, script)
	}
	id, newest := "", ""
	for _, v := range list {
		if v.Annotations[cfapi.AnnotationTag] == tag && v.Metadata.CreatedOn > newest {
			id, newest = v.ID, v.Metadata.CreatedOn
		}
	}
	if id == "" {
		return "", diag.List{diag.Errorf("unknown-version", diag.Location{}, "no version of script %q has the tag %q", script, tag).
			WithHint("`paddock versions list` shows those that it has.")}.Err()
	}
	return id, nil
}

// summary says which versions get which share.
func summary(shares []cfapi.DeploymentVersion) string {
	var parts []string
	for _, s := range shares {
		parts = append(parts, fmt.Sprintf("version %s at %s", s.VersionID, percent(s.Percentage)))
	}
	return strings.Join(parts, " and ")
}
