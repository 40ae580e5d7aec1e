package cmd

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/fatih/color"

	"paddock/internal/cfapi"
	"paddock/internal/diag"
	"paddock/publish"
)

// migrationPlan is a plan as --json prints it.
type migrationPlan struct {
	*cfapi.MigrationPlan
	Pending []string     `json:"pending"` // tags of the entries that are still to be applied
	Refusal *planRefusal `json:"refusal,omitempty"`
}

// planRefusal is why an upload would be refused.
type planRefusal struct {
	Code    int                 `json:"code"`
	Message string              `json:"message"`
	Details []cfapi.ExportsNote `json:"details,omitempty"` // of a declaration of exports
}

func describePlan(p *publish.Plan) *migrationPlan {
	if p.Namespaces == nil {
		return nil
	}
	out := &migrationPlan{MigrationPlan: p.Namespaces, Pending: []string{}}
	if p.Migrations != nil {
		out.Pending = append(out.Pending, p.Migrations.Tags...)
	}
	if p.Refused != nil {
		out.Refusal = &planRefusal{Message: p.Refused.Error()}
		if len(p.Refused.Errors) > 0 {
			first := p.Refused.Errors[0]
			out.Refusal = &planRefusal{Code: first.Code, Message: first.Message, Details: first.ExportsDetails()}
		}
	}
	return out
}

// showPlan prints what an upload does to namespaces, a line for each effect.
func (a *app) showPlan(b *strings.Builder, p *publish.Plan) {
	bold := a.io.OutStyle(color.Bold)
	plan := p.Namespaces
	if p.Declared {
		a.showDeclared(b, p)
		return
	}
	if p.Migrations == nil {
		at := "without a migration tag"
		if p.Tag != "" {
			at = "at " + diag.Printable(p.Tag)
		}
		fmt.Fprintf(b, "No migrations are pending: %s is %s.\n", bold(p.Script), at)
		return
	}
	from := cmp.Or(plan.OldTag, "no tag")
	if p.New {
		from = "a new script"
	}
	fmt.Fprintf(b, "Migrations of %s, %s -> %s\n\n", bold(p.Script), diag.Printable(from), bold(diag.Printable(cmp.Or(plan.NewTag, "no tag"))))
	if len(plan.Effects) == 0 {
		fmt.Fprintln(b, "  No class changes.")
	}
	a.showEffects(b, p)
}

// showDeclared is showPlan for classes that are declared by exports.
func (a *app) showDeclared(b *strings.Builder, p *publish.Plan) {
	script := a.io.OutStyle(color.Bold)(p.Script)
	if !eventful(p) {
		if p.Refused == nil {
			fmt.Fprintf(b, "The classes of %s are as `exports` declares them.\n", script)
		}
		return
	}
	fmt.Fprintf(b, "Exports of %s\n\n", script)
	if len(p.Namespaces.Effects) > 0 {
		a.showEffects(b, p)
	}
	a.showNotes(b, p.Namespaces.Reconciliation)
}

// showEffects prints a line for each effect.
func (a *app) showEffects(b *strings.Builder, p *publish.Plan) {
	plan := p.Namespaces
	var rows table
	last := ""
	for _, e := range plan.Effects {
		tag := diag.Printable(e.Tag)
		if tag == last {
			tag = ""
		} else {
			last = tag
		}
		rows = append(rows, []cell{
			{tag, a.io.OutStyle(color.Bold)}, {effectMark(e) + " " + e.Kind, a.effectStyle(e)},
			{diag.Printable(effectClass(e)), nil}, {effectData(e, p.Refused == nil && e.Namespace != ""), a.io.OutStyle(color.Faint)},
		})
		for _, note := range effectNotes(e, p.Script) {
			rows = append(rows, []cell{{}, {}, {}, {diag.Printable(note), a.effectNoteStyle(e)}})
		}
	}
	rows.write(b)
	fmt.Fprintln(b)
}

func effectMark(e cfapi.PlanEffect) string {
	return map[string]string{"create": "+", "delete": "-", "rename": "~", "transfer": ">", "pending": "."}[e.Kind]
}

func (a *app) effectStyle(e cfapi.PlanEffect) func(string) string {
	return a.io.OutStyle(map[string]color.Attribute{
		"create": color.FgGreen, "delete": color.FgRed, "rename": color.FgYellow, "transfer": color.FgCyan, "pending": color.FgCyan,
	}[e.Kind])
}

func (a *app) effectNoteStyle(e cfapi.PlanEffect) func(string) string {
	if e.Kind == "delete" {
		return a.io.OutStyle(color.FgRed)
	}
	return a.io.OutStyle(color.Faint)
}

func effectClass(e cfapi.PlanEffect) string {
	if e.ToScript != "" {
		return e.FromScript + "/" + e.Class + " -> " + e.ToScript + "/" + e.Class
	}
	class := e.Class
	if e.FromScript != "" {
		class = e.FromScript + "/" + class
	}
	if e.To != "" {
		class += " -> " + e.To
	}
	return class
}

// effectData says what becomes of the objects. Only a target that counts them
// has an old namespace to tell of.
func effectData(e cfapi.PlanEffect, counted bool) string {
	switch {
	case e.Kind == "create" && e.SQLite:
		return "with SQL storage"
	case e.Kind == "create":
		return "with key-value storage"
	case !counted:
		return ""
	case e.Objects == 0 && e.Kind == "delete":
		return "no objects; the class goes to the trash for 30 days"
	case e.Objects == 0:
		return "no objects yet"
	case e.Kind == "delete":
		return holds(e.Usage) + verb(e.Objects, " goes", " go") + " to the trash for 30 days"
	}
	return holds(e.Usage) + verb(e.Objects, " stays where it is", " stay where they are")
}

func effectNotes(e cfapi.PlanEffect, script string) []string {
	switch {
	case e.Kind == "pending" && e.ToScript == script:
		return []string{"waits until " + e.FromScript + " declares it as transferred"}
	case e.Kind == "pending":
		return []string{"waits until " + e.ToScript + " declares it as expecting-transfer"}
	case len(e.BoundBy) == 0:
		return nil
	}
	who := strings.Join(e.BoundBy, ", ") + verb(len(e.BoundBy), " binds", " bind") + " to it"
	if e.Kind == "delete" {
		return []string{who + ": " + verb(len(e.BoundBy), "its binding", "their bindings") + " will be null"}
	}
	return []string{who + verb(len(e.BoundBy), ", and follows", ", and follow") + " until the next upload"}
}

// holds says what is stored. A class without objects has files all the same.
func holds(u cfapi.Usage) string {
	if u.Objects == 0 {
		return "no objects"
	}
	text := thousands(u.Objects) + verb(u.Objects, " object, ", " objects, ")
	if u.Estimated {
		text += "about "
	}
	return text + size(u.Bytes)
}

// verb chooses between one and many.
func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// thousands writes a number as 1,204.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// size writes a number of bytes as 3.1 MB.
func size(bytes int64) string {
	value, unit := float64(bytes), 0
	for value >= 999.95 && unit < 4 {
		value, unit = value/1000, unit+1
	}
	if unit == 0 {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("%.1f %s", value, []string{"", "kB", "MB", "GB", "TB"}[unit])
}

// A table is printed with aligned columns. text/tabwriter counts the escapes
// of colors as text.
type table [][]cell

type cell struct {
	text  string
	style func(string) string // nil: as it is
}

func (t table) write(b *strings.Builder) {
	var widths []int
	for _, row := range t {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c.text))
		}
	}
	for _, row := range t {
		var line strings.Builder
		pad := 2
		for i, c := range row {
			if widths[i] == 0 {
				continue
			}
			if c.text != "" {
				line.WriteString(strings.Repeat(" ", pad))
				pad = 0
				if c.style != nil {
					line.WriteString(c.style(c.text))
				} else {
					line.WriteString(c.text)
				}
			}
			pad += widths[i] - utf8.RuneCountInString(c.text) + 3
		}
		b.WriteString(line.String() + "\n")
	}
}
