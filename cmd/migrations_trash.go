package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/fatih/color"
	"github.com/spf13/cobra"

	"paddock/internal/cfapi"
	"paddock/internal/diag"
)

// shownKey is how much of a namespace's key lists show. Any beginning that
// only one key has names it.
const shownKey = 8

func (a *app) trashTable(trash []cfapi.TrashedNamespace) table {
	faint := a.io.OutStyle(color.Faint)
	t := table{{{"KEY", faint}, {"CLASS", faint}, {"DELETED", faint}, {"KEPT FOR", faint}, {"HOLDS", faint}}}
	for _, n := range trash {
		t = append(t, []cell{
			{n.ID[:min(shownKey, len(n.ID))], a.io.OutStyle(color.FgYellow)}, {n.Script + "/" + n.Class, nil},
			{localTime(n.DeletedOn), nil}, {remaining(n.ExpiresOn), nil}, {holds(n.Usage), faint},
		})
	}
	return t
}

// remaining says how long something is still kept.
func remaining(expires string) string {
	t, err := time.Parse(cfapi.TimeLayout, expires)
	if err != nil {
		return diag.Printable(expires)
	}
	left := time.Until(t)
	if days := int(left.Round(time.Hour).Hours() / 24); days > 0 {
		return strconv.Itoa(days) + verb(days, " day", " days")
	}
	return "less than a day"
}

func (a *app) restoreCommand() *cobra.Command {
	var (
		request     cfapi.Restore
		yes, asJSON bool
	)
	c := &cobra.Command{
		Use:   "restore [key | script/class]",
		Short: "Bring a deleted class back from the trash, with its objects",
		Args:  args(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, list []string) error {
			ctx := c.Context()
			client, trash, err := a.trash(ctx)
			if err != nil {
				return err
			}
			n, err := a.choose(ctx, trash, list, yes)
			if err != nil {
				return err
			}
			restored, err := client.RestoreNamespace(ctx, n.ID, request)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(a.io.Out).Encode(restored)
			}
			instead := ""
			if restored.Replaced != "" {
				instead = " The class that had this name is in the trash instead."
			}
			_, err = fmt.Fprintf(a.io.Out, "Restored %s/%s: %s.%s\n", restored.Script, restored.Class, holds(n.Usage), instead)
			return err
		},
	}
	c.Flags().StringVar(&request.Class, "as", "", "class that the objects shall belong to, when it is not the one that was deleted")
	c.Flags().BoolVar(&request.Replace, "replace", false, "send the class that has the name now to the trash in its place")
	c.Flags().BoolVar(&yes, "yes", false, "restore what is in the trash without a question, when it is not named")
	c.Flags().BoolVar(&asJSON, "json", false, "print what was restored as JSON")
	return c
}

// choose finds the one that is meant. Without a word about it, it is the only
// one that there is.
func (a *app) choose(ctx context.Context, trash []cfapi.TrashedNamespace, list []string, yes bool) (cfapi.TrashedNamespace, error) {
	if len(list) == 1 {
		return a.pick(trash, list[0])
	}
	if len(trash) != 1 {
		return cfapi.TrashedNamespace{}, a.several(trash, "say which of the deleted classes is meant")
	}
	n := trash[0]
	if yes {
		return n, nil
	}
	name := n.Script + "/" + n.Class
	return n, a.mustConfirm(ctx, fmt.Sprintf("%s is the only class in the trash: %s.", name, holds(n.Usage)), name)
}

// pick finds a namespace by its key, by the beginning of it, or by its name.
func (a *app) pick(trash []cfapi.TrashedNamespace, name string) (cfapi.TrashedNamespace, error) {
	var found []cfapi.TrashedNamespace
	for _, n := range trash {
		if n.Script+"/"+n.Class == name || (len(name) >= 4 && strings.HasPrefix(n.ID, strings.ToLower(name))) {
			found = append(found, n)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return cfapi.TrashedNamespace{}, a.several(trash, "there is no %q in the trash", name)
	}
	return cfapi.TrashedNamespace{}, a.several(found, "%q is in the trash %d times: name it by its key", name, len(found))
}

// several is an error that shows what there is to choose from.
func (a *app) several(trash []cfapi.TrashedNamespace, format string, args ...any) error {
	d := diag.Errorf("not-in-trash", diag.Location{}, format, args...)
	if len(trash) == 0 {
		return diag.List{d.WithHint("The trash is empty.")}.Err()
	}
	var b strings.Builder
	t := (&app{io: a.io.Plain()}).trashTable(trash)
	t.write(&b)
	return diag.List{d.WithHint("%s", b.String())}.Err()
}

func (a *app) trash(ctx context.Context) (*cfapi.Client, []cfapi.TrashedNamespace, error) {
	if err := a.localOnly("Cloudflare has no trash: what a migration has deleted is gone"); err != nil {
		return nil, nil, err
	}
	client, _, err := a.ensureClient(ctx)
	if err != nil {
		return nil, nil, err
	}
	told, err := client.RuntimeMigrations(ctx)
	if err != nil {
		return nil, nil, err
	}
	return client, told.Trash, nil
}

type purgeOptions struct {
	*app
	all, yes, json bool
	olderThan      string
}

func (a *app) purgeCommand() *cobra.Command {
	o := &purgeOptions{app: a}
	c := &cobra.Command{
		Use:   "purge [key | script/class]",
		Short: "Remove deleted classes and their objects for good",
		Args:  args(cobra.MaximumNArgs(1)),
		RunE:  o.run,
	}
	c.Flags().BoolVar(&o.all, "all", false, "everything in the trash")
	c.Flags().StringVar(&o.olderThan, "older-than", "", `what was deleted longer ago than this: "7d", "12h"`)
	c.Flags().BoolVar(&o.yes, "yes", false, "do not ask")
	c.Flags().BoolVar(&o.json, "json", false, "print what was removed as JSON")
	return c
}

func (o *purgeOptions) run(c *cobra.Command, list []string) error {
	many := o.all || o.olderThan != ""
	if many == (len(list) == 1) || (o.all && o.olderThan != "") {
		return usage(c, errors.New("name one deleted class, or use --all or --older-than"))
	}
	age, err := parseAge(o.olderThan)
	if err != nil {
		return usage(c, err)
	}
	ctx := c.Context()
	client, trash, err := o.trash(ctx)
	if err != nil {
		return err
	}
	chosen := []cfapi.TrashedNamespace{}
	word := "purge"
	if many {
		chosen = append(chosen, deletedBefore(trash, time.Now().Add(-age))...)
	} else {
		n, err := o.pick(trash, list[0])
		if err != nil {
			return err
		}
		chosen, word = append(chosen, n), n.Script+"/"+n.Class
	}
	if len(chosen) > 0 {
		if err := o.purge(ctx, client, chosen, word); err != nil {
			return err
		}
	}
	if o.json {
		return json.NewEncoder(o.io.Out).Encode(map[string]any{"purged": chosen})
	}
	if len(chosen) == 0 {
		_, err := fmt.Fprintln(o.io.Out, "Nothing to remove.")
		return err
	}
	var b strings.Builder
	for _, n := range chosen {
		fmt.Fprintf(&b, "Removed %s/%s: %s.\n", n.Script, n.Class, holds(n.Usage))
	}
	return o.write(&b)
}

// purge asks, and has the runtime remove the objects.
func (o *purgeOptions) purge(ctx context.Context, client *cfapi.Client, chosen []cfapi.TrashedNamespace, word string) error {
	var keys []string
	var sum cfapi.Usage
	for _, n := range chosen {
		keys = append(keys, n.ID)
		sum = cfapi.Usage{Objects: sum.Objects + n.Objects, Bytes: sum.Bytes + n.Bytes, Estimated: sum.Estimated || n.Estimated}
	}
	if !o.yes {
		what := fmt.Sprintf("This removes %d deleted %s for good: %s.", len(chosen), verb(len(chosen), "class", "classes"), holds(sum))
		if err := o.mustConfirm(ctx, what, word); err != nil {
			return err
		}
	}
	progress := o.io.Progress("Removing objects")
	defer progress.Done()
	return client.PurgeNamespaces(ctx, keys)
}

func deletedBefore(trash []cfapi.TrashedNamespace, limit time.Time) []cfapi.TrashedNamespace {
	var list []cfapi.TrashedNamespace
	for _, n := range trash {
		if t, err := time.Parse(cfapi.TimeLayout, n.DeletedOn); err == nil && !t.After(limit) {
			list = append(list, n)
		}
	}
	return list
}

// parseAge reads a duration that may be in days.
func parseAge(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err == nil {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	age, err := time.ParseDuration(text)
	if err != nil || age < 0 {
		return 0, fmt.Errorf(`--older-than %q is no age: write it as "7d" or "12h"`, text)
	}
	return age, nil
}
