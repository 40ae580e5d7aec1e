package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"paddock/internal/cfapi"
	"paddock/internal/diag"
)

type deleteOptions struct {
	scriptOptions
	yes, force, dryRun bool
}

func (a *app) deleteCommand() *cobra.Command {
	o := &deleteOptions{scriptOptions: scriptOptions{app: a}}
	c := &cobra.Command{
		Use:   "delete [script]",
		Short: "Delete a script; its objects go to the trash",
		Long: "Delete a script with its versions and secrets. Its objects go to the trash of the\n" +
			"runtime. It is refused while other scripts bind to its classes.\n\n" +
			"With --remote there is no trash: the objects and what they have stored are gone.",
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, list []string) error {
			if len(list) == 1 && o.name != "" {
				return usage(c, fmt.Errorf("the script is named twice, as %q and by --name", list[0]))
			}
			if len(list) == 1 {
				o.name = list[0]
			}
			return o.run(c.Context())
		},
	}
	o.nameFlag(c)
	c.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	c.Flags().BoolVar(&o.force, "force", false, "do not ask, and delete it although other scripts depend on it")
	c.Flags().BoolVar(&o.dryRun, "dry-run", false, "show what would be deleted, and do not")
	return c
}

func (o *deleteOptions) run(ctx context.Context) error {
	client, script, err := o.target(ctx)
	if err != nil {
		return err
	}
	if o.remote {
		return o.runRemote(ctx, client, script)
	}
	owned, err := o.classes(ctx, client, script)
	if err != nil {
		return err
	}
	if o.dryRun {
		fmt.Fprintf(o.io.Err, "Would delete %s%s.\n--dry-run: exiting now.\n", script, owned)
		return nil
	}
	if ok, err := o.agreed(ctx, script, owned); !ok || err != nil {
		return err
	}
	return o.remove(ctx, client, script, o.force)
}

func (o *deleteOptions) remove(ctx context.Context, client *cfapi.Client, script string, force bool) error {
	progress := o.io.Progress("Deleting " + script)
	err := client.DeleteService(ctx, script, force)
	progress.Done()
	if cfapi.HasCode(err, cfapi.CodeClassStillInUse) {
		return diag.List{explain(err)[0].WithHint("--force deletes it all the same; the bindings of the others are null from then on.")}.Err()
	}
	if err != nil {
		return o.unknownScript(err, script)
	}
	_, err = fmt.Fprintf(o.io.Out, "Successfully deleted %s\n", script)
	return err
}

// agreed asks, unless that was answered on the command line.
func (o *deleteOptions) agreed(ctx context.Context, script, owned string) (bool, error) {
	if o.yes || o.force {
		return true, nil
	}
	if !o.canAsk() {
		return false, diag.List{diag.Errorf("not-confirmed", diag.Location{}, "nobody is here to confirm that %s shall be deleted", script).
			WithHint("--yes says so.")}.Err()
	}
	ok, err := o.confirmBy(ctx, fmt.Sprintf("This deletes %s%s.", script, owned), script)
	if err == nil && !ok {
		fmt.Fprintf(o.io.Err, "Nothing was deleted.\n")
	}
	return ok, err
}

// classes says at the end of a sentence which classes a script takes with it.
func (o *deleteOptions) classes(ctx context.Context, client *cfapi.Client, script string) (string, error) {
	status, err := client.RuntimeStatus(ctx)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(status.Scripts, func(s cfapi.RuntimeScript) bool { return s.Name == script })
	if i < 0 {
		return "", o.unknownScript(&cfapi.APIError{Errors: []cfapi.Error{{Code: cfapi.CodeScriptNotFound}}}, script)
	}
	var names []string
	for _, n := range status.Scripts[i].Namespaces {
		names = append(names, n.Class)
	}
	switch len(names) {
	case 0:
		return "", nil
	case 1:
		return ", and moves all objects of its class " + names[0] + " to the trash", nil
	}
	return ", and moves all objects of its classes " + strings.Join(names, ", ") + " to the trash", nil
}
