// Package errorpage shows people and programs why a script does not answer:
// an exception that nobody caught, or saved code that cannot run.
//
// Fill in a [Report] and ask for its [Report.Answer]: browsers get a page that
// reloads itself when there is something new, programs that ask for it JSON,
// everybody else, curl above all, plain text. What was thrown and what clients
// sent is shown as text wherever it appears.
package errorpage

import (
	"cmp"
	"slices"
	"strings"

	"paddock/internal/diag"
	"paddock/internal/sourcemap"
)

// Report is one thing to show: an exception, or problems.
type Report struct {
	Script    string // names of the scripts that it is about
	Exception *Exception
	Problems  []Problem // of the code that was saved last
	Previous  bool      // the version before it still runs; only with Problems

	// Edition names the state of the session in which this was true. A page
	// reloads as soon as Events says another one.
	Edition string
	Events  string // path of the event stream that tells editions
	Dismiss string // path that takes the form which leads to the previous version

	Request *Request
	Ray     string // id of the request
}

// Exception is what was thrown.
type Exception struct {
	Name, Message string
	Object        string // class of the Durable Object in which it was thrown; "" for the Worker
	Calls         []sourcemap.Call
	Top           sourcemap.Frame   // the topmost place in a source; zero if there is none
	Code          sourcemap.Excerpt // around it
}

// Headline returns what stands first in a JavaScript stack trace.
func (e *Exception) Headline() string {
	if e.Message == "" {
		return e.Name
	}
	return e.Name + ": " + e.Message
}

// Stack returns the headline with the calls below.
func (e *Exception) Stack() string {
	lines := []string{e.Headline()}
	for _, c := range e.Calls {
		lines = append(lines, c.Text)
	}
	return strings.Join(lines, "\n")
}

// Problem is a diagnostic with the code around its place.
type Problem struct {
	diag.Diagnostic
	Around sourcemap.Excerpt
}

// Errors counts the problems that are not only warnings.
func (r *Report) Errors() int {
	n := 0
	for _, p := range r.Problems {
		if p.Severity == diag.Error {
			n++
		}
	}
	return n
}

// first returns the first error, which a short form has to be content with.
func (r *Report) first() Problem {
	for _, p := range r.Problems {
		if p.Severity == diag.Error {
			return p
		}
	}
	return Problem{}
}

// Request is the request that was not answered, without credentials.
type Request struct {
	Method, URL string
	Headers     []Header
}

// Header is one header of a request.
type Header struct{ Name, Value string }

// Headers returns headers in the order of their names.
func Headers(headers map[string]string) []Header {
	var list []Header
	for name, value := range headers {
		list = append(list, Header{name, value})
	}
	slices.SortFunc(list, func(a, b Header) int { return cmp.Compare(a.Name, b.Name) })
	return list
}
