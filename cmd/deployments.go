package cmd

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/fatih/color"
	"github.com/spf13/cobra"

	"paddock/internal/cfapi"
	"paddock/internal/diag"
)

func (a *app) deploymentsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "deployments",
		Short: "Show which versions of a script have been in force",
		Args:  args(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		a.deploymentsShowCommand("list", "List the last ten deployments of a script", (*deploymentsOptions).list),
		a.deploymentsShowCommand("status", "Show the deployment that is in force", (*deploymentsOptions).status))
	return c
}

type deploymentsOptions struct{ scriptOptions }

func (a *app) deploymentsShowCommand(use, short string, run func(*deploymentsOptions, context.Context) error) *cobra.Command {
	o := &deploymentsOptions{scriptOptions{app: a}}
	c := &cobra.Command{
		Use: use, Short: short, Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return run(o, c.Context()) },
	}
	o.nameFlag(c)
	o.jsonFlag(c)
	return c
}

func (o *deploymentsOptions) list(ctx context.Context) error {
	client, script, err := o.target(ctx)
	if err != nil {
		return err
	}
	list, err := client.Deployments(ctx, script)
	if err != nil {
		return o.unknownScript(err, script)
	}
	slices.SortFunc(list, func(a, b cfapi.Deployment) int { return cmp.Compare(a.CreatedOn, b.CreatedOn) })
	if o.json {
		return json.NewEncoder(o.io.Out).Encode(list)
	}
	return o.showDeployments(ctx, client, script, list)
}

func (o *deploymentsOptions) status(ctx context.Context) error {
	client, script, err := o.target(ctx)
	if err != nil {
		return err
	}
	d, err := o.inForce(ctx, client, script)
	if err != nil {
		return err
	}
	if o.json {
		return json.NewEncoder(o.io.Out).Encode(d)
	}
	return o.showDeployments(ctx, client, script, []cfapi.Deployment{d})
}

// inForce returns the deployment of a script that is in force.
func (o *scriptOptions) inForce(ctx context.Context, client *cfapi.Client, script string) (cfapi.Deployment, error) {
	list, err := client.Deployments(ctx, script)
	if err != nil {
		return cfapi.Deployment{}, o.unknownScript(err, script)
	}
	if len(list) == 0 {
		return cfapi.Deployment{}, fmt.Errorf("no version of %s is deployed", script)
	}
	return list[0], nil
}

func (o *deploymentsOptions) showDeployments(ctx context.Context, client *cfapi.Client, script string, list []cfapi.Deployment) error {
	versions, err := client.Versions(ctx, script)
	if err != nil {
		return err
	}
	byID := map[string]cfapi.Version{}
	for _, v := range versions {
		byID[v.ID] = v
	}
	var b strings.Builder
	for i, d := range list {
		if i > 0 {
			fmt.Fprintln(&b)
		}
		var parts []string
		for _, share := range d.Versions {
			parts = append(parts, o.versionShare(share, byID[share.VersionID]))
		}
		writeFields(&b,
			field{"Created", isoTime(d.CreatedOn)},
			field{"Author", orDash(diag.Printable(d.AuthorEmail))},
			field{"Source", madeBy(d.Source, d.Annotations)},
			field{"Message", note(d.Annotations, cfapi.AnnotationMessage)},
			field{"Version(s)", strings.Join(parts, "\n\n")},
		)
	}
	return o.write(&b)
}

// versionShare describes a version of a deployment.
func (o *scriptOptions) versionShare(share cfapi.DeploymentVersion, v cfapi.Version) string {
	gray := o.io.OutStyle(color.Faint)
	created := "-"
	if v.ID != "" {
		created = isoTime(v.Metadata.CreatedOn)
	}
	return fmt.Sprintf("%s %s\n%s\n%s\n%s",
		o.io.OutStyle(color.FgCyan)(fmt.Sprintf("(%s)", percent(share.Percentage))), share.VersionID,
		gray("    Created:  "+created),
		gray("        Tag:  "+note(v.Annotations, cfapi.AnnotationTag)),
		gray("    Message:  "+note(v.Annotations, cfapi.AnnotationMessage)))
}

// percent writes a share with as many digits as it needs.
func percent(p float64) string {
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.3f", p), "0"), ".") + "%"
}
