package cmd

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"paddock/internal/cfapi"
	"paddock/internal/diag"
)

type rollbackOptions struct {
	scriptOptions
	message string
	yes     bool
}

func (a *app) rollbackCommand() *cobra.Command {
	o := &rollbackOptions{scriptOptions: scriptOptions{app: a}}
	c := &cobra.Command{
		Use:   "rollback [version]",
		Short: "Put an earlier version in force again; objects stay as they are",
		Long: "Put an earlier version in force again: the one that is named by its id or number,\n" +
			"or else the one that was in force before. Objects keep what they have stored.",
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, list []string) error { return o.run(c.Context(), strings.Join(list, "")) },
	}
	o.nameFlag(c)
	o.jsonFlag(c)
	c.Flags().StringVarP(&o.message, "message", "m", "Rollback", "reason, which is kept with the deployment")
	c.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	return c
}

func (o *rollbackOptions) run(ctx context.Context, name string) error {
	client, script, err := o.target(ctx)
	if err != nil {
		return err
	}
	id, err := o.version(ctx, client, script, name)
	if err != nil {
		return err
	}
	v, err := client.Version(ctx, script, id)
	if err != nil {
		return o.unknownScript(err, script)
	}
	if ok, err := o.agreed(ctx, v); !ok || err != nil {
		return err
	}
	d, err := o.deploy(ctx, client, script, id)
	if d == nil || err != nil {
		return err
	}
	if o.json {
		return json.NewEncoder(o.io.Out).Encode(d)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Worker Version %s has been deployed to 100%% of traffic.\n\nCurrent Version ID: %[1]s\n", id)
	return o.write(&b)
}

// version returns the id of the version to go back to.
func (o *rollbackOptions) version(ctx context.Context, client *cfapi.Client, script, name string) (string, error) {
	if name != "" {
		return o.versionID(ctx, client, script, name)
	}
	list, err := client.Deployments(ctx, script)
	if err != nil {
		return "", o.unknownScript(err, script)
	}
	if id := previous(list); id != "" {
		return id, nil
	}
	return "", diag.List{diag.Errorf("no-stable-version", diag.Location{}, "Could not find stable Worker Version to rollback to. "+
		"Please try again with an explicit Version ID.").WithHint("`paddock versions list` shows the versions of %s.", script)}.Err()
}

// previous returns the version that was the last one to get all requests
// before the deployment that is in force, unless that one serves it alone.
func previous(list []cfapi.Deployment) string {
	slices.SortFunc(list, func(a, b cfapi.Deployment) int { return cmp.Compare(b.CreatedOn, a.CreatedOn) })
	for _, d := range list[min(1, len(list)):] {
		now, then := list[0].Versions, d.Versions[0]
		if then.Percentage == 100 && (len(now) > 1 || now[0].VersionID != then.VersionID) {
			return then.VersionID
		}
	}
	return ""
}

// agreed shows what is about to happen, and asks if somebody is there.
func (o *rollbackOptions) agreed(ctx context.Context, v *cfapi.Version) (bool, error) {
	if o.yes || !o.canAsk() {
		return true, nil
	}
	fmt.Fprintf(o.io.Err, "You are about to rollback to Worker Version %s.\n"+
		"This will immediately replace the current deployment.\n"+
		"Rolling back to a previous deployment will not rollback what Durable Objects have stored.\n\n", v.ID)
	showVersion(o.io.Err, v)
	fmt.Fprintln(o.io.Err)
	return o.confirmed(ctx, "Are you sure you want to deploy this Worker Version to 100% of traffic?")
}

func (o *rollbackOptions) confirmed(ctx context.Context, question string) (bool, error) {
	ok, err := o.confirm(ctx, question)
	if err == nil && !ok {
		fmt.Fprintln(o.io.Err, "Aborting rollback...")
	}
	return ok, err
}

// deploy puts a version in force; if its secrets are others than those in
// force, only when that is wanted. It returns nil if it was given up.
func (o *rollbackOptions) deploy(ctx context.Context, client *cfapi.Client, script, id string) (*cfapi.Deployment, error) {
	create := o.newDeployment([]cfapi.DeploymentVersion{{VersionID: id, Percentage: 100}}, o.message)
	d, err := createDeployment(ctx, client, script, create, o.yes)
	if !cfapi.HasCode(err, cfapi.CodeSecretsChanged) {
		return d, err
	}
	if !o.canAsk() {
		return nil, diag.List{explain(err)[0].WithHint("With --yes the secrets go back with the version.")}.Err()
	}
	ok, err := o.confirmed(ctx, explain(err)[0].Message+"\nDo you want to go back to the secrets of that version?")
	if !ok || err != nil {
		return nil, err
	}
	return client.CreateDeployment(ctx, script, create, true)
}
