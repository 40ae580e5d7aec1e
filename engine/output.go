package engine

import (
	"bytes"
	"slices"
	"strings"
	"sync"
)

// maxLine is the longest line of output that is kept whole.
const maxLine = 16 << 20

const (
	keptLastOutput = 8 << 10  // bytes of output kept for an unexpected end
	keptErrors     = 64 << 10 // bytes of stderr kept until the engine is ready
)

// A Line is one line of what the engine and its scripts print.
type Line struct {
	Stderr bool // from stderr: console.error, console.warn, the engine itself
	Text   string
}

// output takes apart what one engine process prints. Its readers do nothing
// but split lines and hand them over, because they must never fall behind: a
// full pipe puts the engine's only thread to sleep, and every request with it.
type output struct {
	token       string // starts the lines of our own modules, such as the collector
	reportToken string // starts the reports of exports; see Start for why it is another one
	onLine      func(Line)
	onEvent     func(kind byte, payload []byte)
	complete    chan struct{} // closed when every worker of awaited has reported

	mu      sync.Mutex
	awaited []string // generated workers that have not reported, in loading order
	reports map[string]Report
	last    recentLines
	errors  recentLines
	ready   bool
}

func newOutput(opts Options, reportToken string) *output {
	o := &output{
		token: opts.Token, reportToken: reportToken, onLine: opts.OnLine, onEvent: opts.OnEvent,
		complete: make(chan struct{}), reports: map[string]Report{},
		last: recentLines{limit: keptLastOutput}, errors: recentLines{limit: keptErrors},
	}
	for _, w := range opts.Config.Workers {
		if w.Generated {
			o.awaited = append(o.awaited, w.Name)
		}
	}
	if len(o.awaited) == 0 {
		close(o.complete)
	}
	return o
}

// stdoutLine takes one line, which is its own only for the call.
func (o *output) stdoutLine(line []byte) {
	if payload, ok := tagged(line, o.reportToken); ok {
		o.report(payload[2:])
		return
	}
	if payload, ok := tagged(line, o.token); ok {
		if o.onEvent != nil {
			o.onEvent(payload[0], bytes.Clone(payload[2:]))
		}
		return
	}
	o.line(Line{Text: string(line)})
}

// stderrLine is the same for stderr, where no line is ours.
func (o *output) stderrLine(line []byte) { o.line(Line{Stderr: true, Text: string(line)}) }

// tagged returns what follows the token: a letter, a blank and the payload.
func tagged(line []byte, token string) ([]byte, bool) {
	rest, ok := bytes.CutPrefix(line, []byte(token))
	if !ok || len(rest) < 3 || rest[0] != ' ' || rest[2] != ' ' {
		return nil, false
	}
	return rest[1:], true
}

func (o *output) line(l Line) {
	o.mu.Lock()
	o.last.add(l.Text)
	if l.Stderr && !o.ready {
		o.errors.add(l.Text)
	}
	o.mu.Unlock()
	if o.onLine != nil {
		o.onLine(l)
	}
}

// report keeps the first report of each worker that owes one.
func (o *output) report(payload []byte) {
	worker, r, err := parseReport(payload)
	o.mu.Lock()
	defer o.mu.Unlock()
	if err != nil {
		// The worker stays awaited, and the start fails with its name.
		o.errors.add(err.Error())
		return
	}
	i := slices.Index(o.awaited, worker)
	if i < 0 {
		return
	}
	o.reports[worker] = r
	o.awaited = slices.Delete(o.awaited, i, i+1)
	if len(o.awaited) == 0 {
		close(o.complete)
	}
}

// silent returns the first worker that has not reported, or "".
func (o *output) silent() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.awaited) == 0 {
		return ""
	}
	return o.awaited[0]
}

func (o *output) reportOf(worker string) Report {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.reports[worker]
}

// setReady ends the collection of start errors.
func (o *output) setReady() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ready = true
	o.errors = recentLines{}
}

func (o *output) lastOutput() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.last.lines, "\n")
}

func (o *output) startErrors() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.errors.lines)
}
