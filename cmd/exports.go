package cmd

import (
	"errors"
	"fmt"
	"strings"

	"github.com/fatih/color"

	"paddock/config"
	"paddock/internal/cfapi"
	"paddock/internal/diag"
)

// showNotes prints what a declaration of exports has to be told of, beside
// what it does: in Wrangler's words, as people look for them.
func (a *app) showNotes(b *strings.Builder, r *cfapi.ExportsReconciliation) {
	if r == nil {
		return
	}
	yellow, faint := a.io.OutStyle(color.FgYellow), a.io.OutStyle(color.Faint)
	notes := func(list []cfapi.ExportsNote, style func(string) string) {
		for _, n := range list {
			line := fmt.Sprintf("[%s] %s: %s", n.Scenario, n.Class, n.Message)
			if len(n.ReferencingScripts) > 0 {
				line += " (referenced by: " + strings.Join(n.ReferencingScripts, ", ") + ")"
			}
			fmt.Fprintf(b, "  %s\n", style(diag.Printable(line)))
		}
	}
	notes(r.Warnings, yellow)
	notes(r.Info, faint)
	if len(r.RemovableEntries) > 0 {
		fmt.Fprintf(b, "  %s\n", faint(diag.Printable("Safe to remove from `exports`: "+strings.Join(r.RemovableEntries, ", "))))
	}
	if len(r.Warnings)+len(r.Info)+len(r.RemovableEntries) > 0 {
		fmt.Fprintln(b)
	}
}

// hasNotes reports whether showNotes prints something.
func hasNotes(r *cfapi.ExportsReconciliation) bool {
	return r != nil && len(r.Warnings)+len(r.Info)+len(r.RemovableEntries) > 0
}

// located gives what a target says against a declaration of exports its places
// in the configuration. Other errors are returned as they are.
func located(w *config.Worker, err error) error {
	var api *cfapi.APIError
	if !errors.As(err, &api) {
		return err
	}
	var list diag.List
	for _, e := range api.Errors {
		for _, n := range e.ExportsDetails() {
			d := diag.Errorf(n.Scenario, diag.Location{}, "Durable Object exports reconciliation failed: class '%s': %s", n.Class, n.Message)
			hint := n.Suggestion
			if len(n.ReferencingScripts) > 0 {
				hint += "\nReferencing scripts: " + strings.Join(n.ReferencingScripts, ", ")
			}
			d = d.WithHint("%s", strings.TrimPrefix(hint, "\n"))
			for _, export := range w.Exports {
				if export.Class == n.Class {
					d.Location = export.Location
				}
			}
			list = append(list, d)
		}
	}
	if len(list) == 0 {
		return err
	}
	return list.Err()
}
