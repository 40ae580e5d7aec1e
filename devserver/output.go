package devserver

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fatih/color"

	"paddock/gateway"
	"paddock/internal/diag"
	"paddock/internal/iostreams"
	"paddock/local"
	"paddock/tail"
)

// stackMapper leads stacks back to sources. [*local.Runtime] is one.
type stackMapper interface {
	ExplainStack(version, stack string) local.Explained
}

// output prints what happens in a session. What belongs to the session's
// purpose - the address, requests, console lines - goes to stdout, what went
// wrong to stderr. Its methods may be called concurrently.
type output struct {
	io     *iostreams.Streams
	stacks stackMapper
	pretty *tail.Pretty

	mu sync.Mutex
}

func newOutput(streams *iostreams.Streams) *output {
	locked := *streams
	o := &output{io: &locked}
	// The printers write whole pieces; the lock keeps those of all apart.
	locked.Out, locked.Err = lockedWriter{&o.mu, streams.Out}, lockedWriter{&o.mu, streams.Err}
	o.pretty = tail.NewPretty(o.io, tail.PrettyOptions{LogsOnly: true, LoggedStacks: true, MapStack: o.explain})
	return o
}

type lockedWriter struct {
	mu *sync.Mutex
	w  io.Writer
}

func (l lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (o *output) print(w io.Writer, format string, args ...any) {
	io.WriteString(w, fmt.Sprintf(format, args...))
}

func (o *output) notice(format string, args ...any) {
	o.print(o.io.Out, "%s\n", o.io.OutStyle(color.Faint)(fmt.Sprintf(format, args...)))
}

// secrets names the files of variables that a worker was given.
func (o *output) secrets(dir string, files []string) {
	for _, file := range files {
		if rel, err := filepath.Rel(dir, file); err == nil {
			file = rel
		}
		o.notice("Using secrets defined in %s", file)
	}
}

// report prints diagnostics; if there is an error among them it returns
// [ErrReported].
func (o *output) report(list diag.List) error {
	var b strings.Builder
	diag.WriteHuman(&b, list, diag.HumanOptions{Color: o.io.ErrColor()})
	io.WriteString(o.io.Err, b.String())
	if list.HasErrors() {
		return ErrReported
	}
	return nil
}

// access prints the line of a request.
func (o *output) access(a gateway.Access) {
	paint := o.io.OutStyle(statusColor(a.Status))
	status := paint(strings.TrimSpace(fmt.Sprintf("%d %s", a.Status, http.StatusText(a.Status))))
	took := a.Duration.Round(time.Millisecond)
	line := fmt.Sprintf("%s %s %s %s", a.Method, diag.Printable(a.Path), status, o.io.OutStyle(color.Faint)(fmt.Sprintf("(%dms)", took.Milliseconds())))
	if a.Err != "" {
		line += " " + diag.Printable(a.Err)
	}
	o.print(o.io.Out, "%s\n", line)
}

func statusColor(status int) color.Attribute {
	switch {
	case status >= 500:
		return color.FgRed
	case status >= 400:
		return color.FgYellow
	}
	return color.FgGreen
}

// item prints the console lines and exceptions of an invocation.
func (o *output) item(it tail.Item) { o.pretty.PrintItem(it) }

func (o *output) explain(it tail.Item, stack string) string {
	if it.ScriptVersion == nil || o.stacks == nil {
		return stack
	}
	explained := o.stacks.ExplainStack(it.ScriptVersion.ID, stack)
	mapped, frame := explained.Stack(), explained.Code.String()
	// What was only logged, maybe again and again, need not show the source.
	thrown := slices.ContainsFunc(it.Exceptions, func(e tail.Exception) bool { return e.Stack == stack })
	if thrown && frame != "" {
		mapped += "\n\n" + strings.TrimRight(frame, "\n")
	}
	return mapped
}

// raw prints a line of the engine that no trace item tells of.
func (o *output) raw(l local.Output) {
	w := o.io.Out
	if l.Stderr {
		w = o.io.Err
	}
	o.print(w, "%s\n", diag.Printable(l.Text))
}

// crash tells that the engine ended, and why.
func (o *output) crash(c local.Crash) {
	reason := c.Err.Error()
	d := diag.Diagnostic{Message: strings.ToUpper(reason[:1]) + reason[1:]}
	if last := strings.TrimSpace(c.Output); last != "" {
		d.Hint = "The last lines it printed:\n" + last
	}
	o.report(diag.List{d})
}
