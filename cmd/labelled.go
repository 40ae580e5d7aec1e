package cmd

import (
	"fmt"
	"io"
	"strings"
	"time"

	"paddock/internal/cfapi"
	"paddock/internal/diag"
)

// field is a line "label: value" of a labelled block, as Wrangler prints
// versions and deployments.
type field struct{ label, value string }

// writeFields writes fields with their values in one column. Further lines of
// a value begin there too.
func writeFields(w io.Writer, fields ...field) {
	width := 0
	for _, f := range fields {
		width = max(width, len(f.label))
	}
	for _, f := range fields {
		indent := "\n" + strings.Repeat(" ", width+3)
		value := strings.ReplaceAll(strings.ReplaceAll(f.value, "\n", indent), indent+"\n", "\n\n") // no blanks in empty lines
		fmt.Fprintf(w, "%-*s%s\n", width+3, f.label+":", value)
	}
}

// isoTime turns a time of the API into what JavaScript's toISOString gives.
func isoTime(stamp string) string {
	t, err := time.Parse(time.RFC3339, stamp)
	if err != nil {
		return diag.Printable(stamp)
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

func note(notes map[string]string, key string) string { return orDash(diag.Printable(notes[key])) }

// madeBy tells what made a version or deployment, in Wrangler's words.
func madeBy(source string, notes map[string]string) string {
	names := map[string]string{
		"api": "API", "dash": "Dashboard", "wrangler": "Wrangler", "terraform": "Terraform", "paddock": "paddock",
		"upload": "Upload", "secret": "Secret Change", "rollback": "Rollback", "promotion": "Promotion",
	}
	trigger, kind := notes[cfapi.AnnotationTriggeredBy], "Unknown"
	if trigger == "" {
		trigger, kind = source, "Other"
	}
	if name, ok := names[trigger]; ok {
		return name
	}
	return fmt.Sprintf("%s (%s)", kind, diag.Printable(trigger))
}
