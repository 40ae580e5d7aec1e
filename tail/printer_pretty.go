package tail

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/fatih/color"

	"paddock/internal/iostreams"
)

// PrettyOptions adjust Pretty; the zero value prints as Wrangler does.
type PrettyOptions struct {
	// Zone is the time zone of what is printed; nil means the local one.
	Zone *time.Location
	// MapStack leads the frames of a stack back to the sources. It gets the
	// item for its script and version. nil leaves stacks as they are.
	MapStack func(it Item, stack string) string
	// LoggedStacks prints below a log line the stacks of the errors in it.
	LoggedStacks bool
	// LogsOnly leaves out the line that names the event, for those who hear of
	// events in another way.
	LogsOnly bool
}

// Pretty prints items for people: events and log lines to Out, exceptions to
// Err. Colors are used if the streams allow them. It may be used from several
// goroutines.
type Pretty struct {
	io   *iostreams.Streams
	opts PrettyOptions

	mu sync.Mutex
	// shown counts the exceptions that early parts of an invocation have
	// brought, which its last part repeats.
	shown map[string]int
}

// NewPretty returns a printer to the streams.
func NewPretty(streams *iostreams.Streams, opts PrettyOptions) *Pretty {
	if opts.Zone == nil {
		opts.Zone = time.Local
	}
	return &Pretty{io: streams, opts: opts, shown: map[string]int{}}
}

// Print prints one message of a tail.
func (p *Pretty) Print(message []byte) error {
	var it Item
	if err := json.Unmarshal(message, &it); err != nil {
		return fmt.Errorf("read tail message: %w", err)
	}
	return p.PrintItem(it)
}

// PrintItem prints one item. Of an invocation that comes in parts, each
// exception is printed once.
func (p *Pretty) PrintItem(it Item) error {
	var out, errOut strings.Builder
	if notice := p.notice(it); notice != "" {
		out.WriteString(notice + "\n")
	} else if line := headline(it, p.outcome(it.Outcome), p.opts.Zone); line != "" && !p.opts.LogsOnly {
		out.WriteString(line + "\n")
	}
	for _, log := range it.Logs {
		p.log(&out, it, log)
	}

	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.unseen(it) {
		p.exception(&errOut, it, e)
	}
	// One write each, so that lines of other writers do not come in between.
	if err := write(p.io.Out, out.String()); err != nil {
		return err
	}
	return write(p.io.Err, errOut.String())
}

func write(w io.Writer, s string) error {
	if s == "" {
		return nil
	}
	if _, err := io.WriteString(w, s); err != nil {
		return fmt.Errorf("print tail message: %w", err)
	}
	return nil
}

// unseen returns the exceptions that were not printed before.
func (p *Pretty) unseen(it Item) []Exception {
	if it.Paddock == nil {
		return it.Exceptions
	}
	id := it.Paddock.InvocationID
	if it.Paddock.Final {
		done := min(p.shown[id], len(it.Exceptions))
		delete(p.shown, id)
		return it.Exceptions[done:]
	}
	if len(it.Exceptions) > 0 {
		p.shown[id] += len(it.Exceptions)
	}
	return it.Exceptions
}

// notice returns the text of an item in which the tail speaks about itself.
func (p *Pretty) notice(it Item) string {
	if it.Event == nil || it.Event.Type == nil || it.Event.Message == nil {
		return ""
	}
	message := visible(*it.Event.Message)
	switch *it.Event.Type {
	case NoticeOverload:
		return p.io.OutStyle(color.FgRed, color.Bold)(message)
	case NoticeOverloadStop:
		return p.io.OutStyle(color.FgYellow, color.Bold)(message)
	default:
		return ""
	}
}

// outcome words an outcome.
func (p *Pretty) outcome(outcome string) string {
	name := outcomeName(outcome)
	switch outcome {
	case "ok":
		return p.io.OutStyle(color.FgGreen)(name)
	case "canceled", "responseStreamDisconnected": // somebody left, nothing broke
		return p.io.OutStyle(color.FgYellow)(name)
	default:
		return p.io.OutStyle(color.FgRed)(name)
	}
}

func (p *Pretty) log(b *strings.Builder, it Item, log Log) {
	b.WriteString("  " + p.level(log.Level))
	for _, value := range log.Message {
		b.WriteByte(' ')
		if strings.HasPrefix(string(value), `"`) {
			b.WriteString(visible(text(value)))
		} else {
			b.WriteString(inspect(value))
		}
	}
	b.WriteByte('\n')
	if !p.opts.LoggedStacks {
		return
	}
	for _, info := range log.ErrorInfo {
		var e struct{ Stack string }
		if json.Unmarshal(info, &e) == nil && e.Stack != "" {
			b.WriteString(visible(p.mapStack(it, e.Stack)) + "\n")
		}
	}
}

func (p *Pretty) level(level string) string {
	label := "(" + visible(level) + ")"
	switch level {
	case "debug":
		return p.io.OutStyle(color.Faint)(label)
	case "warn":
		return p.io.OutStyle(color.FgYellow)(label)
	case "error":
		return p.io.OutStyle(color.FgRed)(label)
	default:
		return label
	}
}

// exception prints an exception with the look of an error of Wrangler's: the
// first line as the headline, an empty line, the rest indented, empty lines.
func (p *Pretty) exception(b *strings.Builder, it Item, e Exception) {
	lines := e.Name + ": " + e.Text()
	if e.Stack != "" {
		lines += "\n" + p.mapStack(it, e.Stack)
	}
	first, rest, found := strings.Cut(visible(lines), "\n")
	fmt.Fprintf(b, "%s %s\n\n", p.io.ErrStyle(color.FgRed, color.Bold)("✘ [ERROR]"), p.io.ErrStyle(color.Bold)(first))
	if found {
		for line := range strings.SplitSeq(rest, "\n") {
			if line != "" {
				line = "  " + line
			}
			b.WriteString(line + "\n")
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
}

func (p *Pretty) mapStack(it Item, stack string) string {
	if p.opts.MapStack == nil {
		return stack
	}
	return p.opts.MapStack(it, stack)
}
