package cmd

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"paddock/internal/cfapi"
	"paddock/internal/diag"
)

func (a *app) versionsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "versions",
		Short: "List, view, upload and deploy the versions of a script",
		Args:  args(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.versionsListCommand(), a.versionsViewCommand(), a.versionsUploadCommand(), a.versionsDeployCommand())
	return c
}

// shownVersions is how many versions a list shows.
const shownVersions = 10

func (a *app) versionsListCommand() *cobra.Command {
	o := &scriptOptions{app: a}
	c := &cobra.Command{
		Use:   "list",
		Short: "List the last ten versions of a script; with --json all of them",
		Args:  args(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return o.listVersions(c.Context()) },
	}
	o.nameFlag(c)
	o.jsonFlag(c)
	return c
}

func (o *scriptOptions) listVersions(ctx context.Context) error {
	client, script, err := o.target(ctx)
	if err != nil {
		return err
	}
	list, err := client.Versions(ctx, script)
	if err != nil {
		return o.unknownScript(err, script)
	}
	slices.SortFunc(list, func(a, b cfapi.Version) int { return cmp.Compare(a.Metadata.CreatedOn, b.Metadata.CreatedOn) })
	if o.json {
		return json.NewEncoder(o.io.Out).Encode(list)
	}
	var b strings.Builder
	for _, v := range list[max(0, len(list)-shownVersions):] {
		showVersion(&b, &v)
		fmt.Fprintln(&b)
	}
	return o.write(&b)
}

func showVersion(w io.Writer, v *cfapi.Version) {
	fields := []field{{"Version ID", v.ID}}
	if v.Number > 0 {
		fields = append(fields, field{"Number", strconv.Itoa(v.Number)})
	}
	writeFields(w, append(fields,
		field{"Created", isoTime(v.Metadata.CreatedOn)},
		field{"Author", orDash(diag.Printable(v.Metadata.AuthorEmail))},
		field{"Source", madeBy(v.Metadata.Source, v.Annotations)},
		field{"Tag", note(v.Annotations, cfapi.AnnotationTag)},
		field{"Message", note(v.Annotations, cfapi.AnnotationMessage)},
	)...)
}

func (a *app) versionsViewCommand() *cobra.Command {
	o := &scriptOptions{app: a}
	c := &cobra.Command{
		Use:   "view <version>",
		Short: "Show a version, by its id or number",
		Args:  args(cobra.ExactArgs(1)),
		RunE:  func(c *cobra.Command, list []string) error { return o.viewVersion(c.Context(), list[0]) },
	}
	o.nameFlag(c)
	o.jsonFlag(c)
	return c
}

func (o *scriptOptions) viewVersion(ctx context.Context, name string) error {
	client, script, err := o.target(ctx)
	if err != nil {
		return err
	}
	id, err := o.versionID(ctx, client, script, name)
	if err != nil {
		return err
	}
	v, err := client.Version(ctx, script, id)
	if err != nil {
		return o.unknownScript(err, script)
	}
	if o.json {
		return json.NewEncoder(o.io.Out).Encode(v)
	}
	var b strings.Builder
	showVersion(&b, v)
	if v.Resources != nil {
		fmt.Fprintln(&b)
		showResources(&b, v.Resources)
	}
	return o.write(&b)
}

// showResources shows what a version consists of.
func showResources(w io.Writer, r *cfapi.VersionResources) {
	fields := []field{{"Handlers", orDash(diag.Printable(strings.Join(r.Script.Handlers, ", ")))}}
	var classes []string
	for _, h := range r.Script.NamedHandlers {
		classes = append(classes, h.Name)
	}
	if len(classes) > 0 {
		fields = append(fields, field{"Classes", diag.Printable(strings.Join(classes, ", "))})
	}
	fields = append(fields, field{"Compatibility Date", orDash(r.ScriptRuntime.CompatibilityDate)})
	if flags := r.ScriptRuntime.CompatibilityFlags; len(flags) > 0 {
		fields = append(fields, field{"Compatibility Flags", diag.Printable(strings.Join(flags, ", "))})
	}
	if tag := r.ScriptRuntime.MigrationTag; tag != "" {
		fields = append(fields, field{"Migration tag", diag.Printable(tag)})
	}
	writeFields(w, fields...)
	fmt.Fprintln(w)
	showBindings(w, r.Bindings)
}

// versionID returns the id of a version that is named by its id or number.
func (o *scriptOptions) versionID(ctx context.Context, client *cfapi.Client, script, name string) (string, error) {
	number, err := strconv.Atoi(name)
	if err != nil {
		return name, nil
	}
	list, err := client.Versions(ctx, script)
	if err != nil {
		return "", o.unknownScript(err, script)
	}
	i := slices.IndexFunc(list, func(v cfapi.Version) bool { return v.Number == number })
	if i < 0 {
		return "", diag.List{diag.Errorf("unknown-version", diag.Location{}, "script %q has no version number %d", script, number).
			WithHint("`paddock versions list` shows those that it has.")}.Err()
	}
	return list[i].ID, nil
}
