package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fatih/color"
	"github.com/spf13/cobra"

	"paddock/internal/cfapi"
	"paddock/internal/diag"
	"paddock/migrate"
)

func (a *app) migrationsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "migrations",
		Short: "Rehearse, list and undo migrations of Durable Object classes",
		Args:  args(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.migrationsPlanCommand(), a.migrationsListCommand(), a.restoreCommand(), a.purgeCommand())
	return c
}

func (a *app) migrationsPlanCommand() *cobra.Command {
	o := &publishOptions{app: a}
	c := &cobra.Command{
		Use:   "plan",
		Short: "Show what the pending migrations would do to the stored objects",
		Long: "Works out what `publish` would do to the stored objects, and does nothing.\n" +
			"The exit code is 1 where the publish would be refused.",
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			w, built, err := o.bundle(c)
			if err != nil {
				return err
			}
			plan, err := o.rehearsed(c.Context(), w, built)
			if err != nil {
				return err
			}
			if o.json {
				err = json.NewEncoder(o.io.Out).Encode(describePlan(plan))
			} else {
				var b strings.Builder
				o.showPlan(&b, plan)
				err = o.write(&b)
			}
			return errors.Join(err, o.verdict(w, plan))
		},
	}
	o.add(c)
	c.Flags().BoolVar(&o.json, "json", false, "print the plan as JSON")
	o.migrationFlags(c)
	return c
}

func (a *app) migrationsListCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "list [script]",
		Short: "Show the applied migrations of all scripts, and the trash",
		Args:  args(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, list []string) error {
			if err := a.localOnly("Cloudflare does not tell which migrations were applied, but for the last tag: `paddock migrations plan --remote` shows it"); err != nil {
				return err
			}
			client, _, err := a.ensureClient(c.Context())
			if err != nil {
				return err
			}
			told, err := client.RuntimeMigrations(c.Context())
			if err != nil {
				return err
			}
			if len(list) == 1 {
				if told = only(told, list[0]); told == nil {
					return diag.List{diag.Errorf("unknown-script", diag.Location{}, "no script %q is published here", list[0]).
						WithHint("`paddock runtime status` shows those that are.")}.Err()
				}
			}
			if asJSON {
				return json.NewEncoder(a.io.Out).Encode(told)
			}
			return a.showMigrations(told)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the list as JSON")
	return c
}

// only returns what is told of one script, nil if there is nothing.
func only(all *cfapi.RuntimeMigrations, script string) *cfapi.RuntimeMigrations {
	one := &cfapi.RuntimeMigrations{Scripts: []cfapi.ScriptMigrations{}, Trash: []cfapi.TrashedNamespace{}}
	for _, s := range all.Scripts {
		if s.Script == script {
			one.Scripts = append(one.Scripts, s)
		}
	}
	for _, n := range all.Trash {
		if n.Script == script {
			one.Trash = append(one.Trash, n)
		}
	}
	if len(one.Scripts)+len(one.Trash) == 0 {
		return nil
	}
	return one
}

func (a *app) showMigrations(all *cfapi.RuntimeMigrations) error {
	var b strings.Builder
	if len(all.Scripts) == 0 {
		fmt.Fprintln(&b, "Nothing is published yet.")
	}
	for i, s := range all.Scripts {
		if i > 0 {
			fmt.Fprintln(&b)
		}
		a.showHistory(&b, s)
	}
	if len(all.Trash) > 0 {
		fmt.Fprintf(&b, "\n%s  %s\n\n", a.io.OutStyle(color.Bold)("Trash"),
			a.io.OutStyle(color.Faint)("`paddock migrations restore KEY` brings a class back"))
		a.trashTable(all.Trash).write(&b)
	}
	return a.write(&b)
}

func (a *app) showHistory(b *strings.Builder, s cfapi.ScriptMigrations) {
	tag := "without a migration tag"
	if s.Tag != "" {
		tag = "at " + diag.Printable(s.Tag)
	}
	fmt.Fprintf(b, "%s  %s\n", a.io.OutStyle(color.Bold)(s.Script), tag)
	var classes table
	for _, c := range s.Classes {
		kind := "key-value"
		if c.SQLite {
			kind = "SQL"
		}
		classes = append(classes, []cell{{c.Class, a.io.OutStyle(color.FgGreen)}, {kind, nil}, {holds(c.Usage), a.io.OutStyle(color.Faint)}})
	}
	if len(classes) > 0 {
		fmt.Fprintln(b)
		classes.write(b)
	}
	if len(s.Pending) > 0 {
		fmt.Fprintln(b)
		a.pendingTable(s.Pending).write(b)
	}
	if len(s.Applied) > 0 {
		fmt.Fprintln(b)
		a.historyTable(s).write(b)
	}
}

// pendingTable has a row for each transfer that one side has declared.
func (a *app) pendingTable(pending []cfapi.PendingTransfer) table {
	var t table
	for _, p := range pending {
		t = append(t, []cell{
			{"transfer " + p.From + "/" + p.Class + " -> " + p.To + "/" + p.Class, a.io.OutStyle(color.FgCyan)},
			{"waits for " + p.Waits, a.io.OutStyle(color.Faint)},
		})
	}
	return t
}

// historyTable has a row for each step of each upload.
func (a *app) historyTable(s cfapi.ScriptMigrations) table {
	faint := a.io.OutStyle(color.Faint)
	t := table{{{"APPLIED", faint}, {"TAG", faint}, {"VERSION", faint}, {"BY", faint}, {"CHANGES", faint}}}
	for _, m := range s.Applied {
		var steps []migrate.Step
		var entries []migrate.Applied
		if json.Unmarshal(m.Steps, &steps) != nil || json.Unmarshal(m.Entries, &entries) != nil || len(steps) == 0 {
			steps = []migrate.Step{{}} // of a runtime that knows more than we do
		}
		for i, step := range steps {
			row := []cell{{}, {"", nil}, {}, {}, {diag.Printable(changes(step)), nil}}
			if i == 0 {
				row[0].text, row[2].text, row[3].text = localTime(m.AppliedOn), fmt.Sprint(m.VersionNumber), m.Source
			}
			switch {
			case m.Declared:
				row[1].text = "exports"
			case i < len(entries):
				row[1].text = diag.Printable(entries[i].Tag)
			case i == len(steps)-1:
				row[1].text = orDash(diag.Printable(m.NewTag))
			}
			t = append(t, row)
		}
	}
	return t
}

// changes says in a few words what a step does.
func changes(s migrate.Step) string {
	var list []string
	for _, class := range s.DeletedClasses {
		list = append(list, "delete "+class)
	}
	for _, r := range s.RenamedClasses {
		list = append(list, "rename "+r.From+" -> "+r.To)
	}
	for _, class := range s.NewClasses {
		list = append(list, "create "+class)
	}
	for _, class := range s.NewSQLiteClasses {
		list = append(list, "create "+class+" (SQL)")
	}
	for _, t := range s.TransferredClasses {
		list = append(list, "transfer "+t.FromScript+"/"+t.From+" -> "+t.To)
	}
	if len(list) == 0 {
		return "no class"
	}
	return strings.Join(list, ", ")
}

// localTime shows a time of the API on the clock of whoever looks at it.
func localTime(stamp string) string {
	t, err := time.Parse(cfapi.TimeLayout, stamp)
	if err != nil {
		return diag.Printable(stamp)
	}
	return t.Local().Format("2006-01-02 15:04:05")
}
