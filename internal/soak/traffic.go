package soak

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// A kind is one way to use the worker.
type kind struct {
	name  string
	takes time.Duration // however fast the runtime is
	do    func(n int) error
}

// What slow requests do. Together they take a fraction of the shortest drain
// deadline, the second that a dev session gives them.
const (
	slowAnswer  = 150 * time.Millisecond
	streamLines = 6
	streamPause = 20 * time.Millisecond
	bodyParts   = 5
	bodyPause   = 20 * time.Millisecond
)

// kinds lists what is done in turn.
func (l *Load) kinds() []kind {
	asks := []kind{
		{"ask, kept connection", 0, l.asks(l.kept, "/version")},
		{"ask, new connection", 0, l.asks(l.fresh, "/version")},
		{"slow answer", slowAnswer, l.expects(l.kept, http.MethodGet, fmt.Sprintf("/slow?ms=%d", slowAnswer.Milliseconds()), nothing, "awake")},
		{"stream", streamLines * streamPause, l.expects(l.fresh, http.MethodGet,
			fmt.Sprintf("/stream?lines=%d&ms=%d", streamLines, streamPause.Milliseconds()), nothing, allLines())},
		{"echo of a slow body", bodyParts * bodyPause, l.expects(l.kept, http.MethodPost, "/echo", slow, text)},
	}
	if l.opts.Stateless {
		return asks
	}
	return append(asks,
		kind{"count by GET, kept connection", 0, l.counts(l.kept, http.MethodGet, nothing)},
		kind{"count by GET, new connection", 0, l.counts(l.fresh, http.MethodGet, nothing)},
		kind{"count by POST, kept connection", 0, l.counts(l.kept, http.MethodPost, quick)},
		kind{"count by POST, new connection", 0, l.counts(l.fresh, http.MethodPost, quick)},
		kind{"count by DELETE, kept connection", 0, l.counts(l.kept, http.MethodDelete, nothing)},
		kind{"count by PUT with a slow body", bodyParts * bodyPause, l.counts(l.fresh, http.MethodPut, slow)},
	)
}

// run does one request and notes what came of it.
func (l *Load) run(k kind, n int) {
	start := time.Now()
	err := k.do(n)
	l.tally.note(k.name, time.Since(start)-k.takes, err, l.opts.Lossy)
}

// asks is a request whose answer is not known.
func (l *Load) asks(c *http.Client, path string) func(int) error {
	return func(int) error {
		_, err := l.ask(c, http.MethodGet, path, nothing)
		return err
	}
}

// expects is a request with a certain answer.
func (l *Load) expects(c *http.Client, method, path string, body body, want string) func(int) error {
	return func(int) error {
		got, err := l.ask(c, method, path, body)
		if err == nil && got != want {
			err = &wrongAnswer{got: got, want: want}
		}
		return err
	}
}

// counts increments one counter after the other.
func (l *Load) counts(c *http.Client, method string, body body) func(int) error {
	return func(n int) error {
		counter := n % counters
		answer, err := l.ask(c, method, "/count/"+l.counter(counter), body)
		if err != nil {
			if !unsent(err) {
				l.ledger.doubt(counter)
			}
			return err
		}
		count, size, err := parseCount(answer)
		if err == nil && size != len(body.text) {
			err = &wrongAnswer{got: answer, want: fmt.Sprintf("all %d bytes to arrive", len(body.text))}
		}
		l.ledger.acknowledge(counter, count)
		return err
	}
}

// parseCount reads an answer of a counter: its value, and how long the body of
// the request was that it got.
func parseCount(answer string) (count, size int, err error) {
	if _, err := fmt.Sscanf(answer, "%d after %d bytes", &count, &size); err != nil {
		return 0, 0, &wrongAnswer{got: answer, want: "a count"}
	}
	return count, size, nil
}

func allLines() string {
	var b strings.Builder
	for n := range streamLines {
		fmt.Fprintf(&b, "line %d\n", n+1)
	}
	return b.String()
}

// A body is what a request uploads.
type body struct {
	text string
	slow bool // it comes in parts
}

// text is long enough for its parts to be read one by one.
var text = strings.Repeat("0123456789abcdef", 320)

var (
	nothing = body{}
	quick   = body{text: text}
	slow    = body{text: text, slow: true}
)

// open returns a reader of the body.
func (b body) open() io.Reader {
	if b.slow {
		return &slowReader{rest: b.text, part: len(b.text) / bodyParts}
	}
	return strings.NewReader(b.text)
}

// slowReader is a client that sends its body bit by bit.
type slowReader struct {
	rest string
	part int
}

// Read implements io.Reader.
func (r *slowReader) Read(p []byte) (int, error) {
	if r.rest == "" {
		return 0, io.EOF
	}
	time.Sleep(bodyPause) // nothing to wait for: this is the slowness itself
	n := copy(p, r.rest[:min(len(r.rest), r.part)])
	r.rest = r.rest[n:]
	return n, nil
}
