package diag

import (
	"fmt"
	"io"
	"strings"
)

// WriteGitHub writes a list as workflow commands of GitHub Actions, which
// shows them beside the lines of a pull request:
//
//	::error file=wrangler.toml,line=3,endLine=3,col=22,endColumn=28,title=bad-date::message
//
// Files must be named relative to the root of the repository.
func WriteGitHub(w io.Writer, list List) error {
	var b strings.Builder
	for _, d := range list {
		b.WriteString("::" + d.Severity.String())
		sep := " "
		property := func(name, value string) {
			b.WriteString(sep + name + "=" + gitHubProperty.Replace(value))
			sep = ","
		}
		number := func(name string, n int) {
			if n > 0 {
				property(name, fmt.Sprint(n))
			}
		}
		if l := d.Location; l.File != "" {
			property("file", slashed(l.File))
			number("line", l.Line)
			number("endLine", l.EndLine)
			if l.EndLine == l.Line { // columns of different lines are refused
				number("col", l.Column)
				number("endColumn", l.EndColumn)
			}
		}
		if title := d.title(); title != "" {
			property("title", title)
		}
		b.WriteString("::" + gitHubData.Replace(PrintableLines(d.text())) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

var (
	gitHubData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	gitHubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// title is the code, with the environment if it is about one.
func (d Diagnostic) title() string {
	if d.Env == "" {
		return d.Code
	}
	return strings.TrimSpace(d.Code + " (env." + d.Env + ")")
}

// text is message, related places and hint as plain lines, for formats that
// have one text.
func (d Diagnostic) text() string {
	lines := []string{d.Message}
	for _, r := range d.Related {
		line := r.Message
		if r.Location.File != "" {
			line += ": " + r.Location.String()
		}
		lines = append(lines, line)
	}
	if d.Hint != "" {
		lines = append(lines, strings.TrimRight(d.Hint, "\n"))
	}
	return strings.Join(lines, "\n")
}
