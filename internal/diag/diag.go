// Package diag holds what paddock has to say about its user's files: a
// [Diagnostic] is one problem with its place, a [List] is used where an error
// would be, and the renderers in this package print lists: [WriteHuman] for
// people, [WriteJSON], [WriteSARIF] and [WriteGitHub] for programs.
//
// Code that finds a problem in a text makes a [Source] from it and asks that
// for a [Location] by byte offsets; line and column are worked out there and
// nowhere else. A nil List is an empty one.
package diag

import (
	"errors"
	"fmt"
	"slices"
)

// Severity says whether a diagnostic stops the work.
type Severity int

const (
	// Error means that the work cannot go on.
	Error Severity = iota
	// Warning means that the work goes on, but probably not as meant.
	Warning
)

// String returns "error" or "warning".
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// A Diagnostic is one problem. Message is one sentence without a full stop;
// the cause and the next step belong into Hint.
type Diagnostic struct {
	Severity Severity
	Code     string   // stable, lower-case with dashes: "unknown-field"
	Message  string   // what is wrong
	Location Location // where; the zero value means nowhere in particular
	Hint     string   // what to do; may have several lines
	Env      string   // the environment in whose resolution it was found, or ""
	Related  []Related
}

// Related is another place that explains a diagnostic, such as the first of
// two duplicates.
type Related struct {
	Message  string
	Location Location
}

// Errorf makes an error diagnostic at a place.
func Errorf(code string, at Location, format string, args ...any) Diagnostic {
	return Diagnostic{Severity: Error, Code: code, Location: at, Message: fmt.Sprintf(format, args...)}
}

// Warningf makes a warning at a place.
func Warningf(code string, at Location, format string, args ...any) Diagnostic {
	return Diagnostic{Severity: Warning, Code: code, Location: at, Message: fmt.Sprintf(format, args...)}
}

// WithHint returns d with a hint.
func (d Diagnostic) WithHint(format string, args ...any) Diagnostic {
	d.Hint = fmt.Sprintf(format, args...)
	return d
}

// WithRelated returns d with one more place that explains it.
func (d Diagnostic) WithRelated(message string, at Location) Diagnostic {
	d.Related = append(slices.Clip(d.Related), Related{Message: message, Location: at})
	return d
}

// A List is an ordered set of diagnostics. Nil is the empty list.
type List []Diagnostic

// HasErrors reports whether the list holds an error.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Severity == Error })
}

// Err returns nil if the list holds no error, and otherwise an error that
// carries the whole list through code that speaks only error. [FromError]
// gets it back.
func (l List) Err() error {
	if !l.HasErrors() {
		return nil
	}
	return &listError{list: l}
}

// Sorted returns the list in source order: by file, line, column; what has no
// place comes first. Diagnostics of one place keep their order.
func (l List) Sorted() List {
	s := slices.Clone(l)
	slices.SortStableFunc(s, func(a, b Diagnostic) int { return a.Location.compare(b.Location) })
	return s
}

// FromError returns the list that err carries, or, for any other error, a
// list of one diagnostic with the error's text. It returns nil for nil.
func FromError(err error) List {
	if err == nil {
		return nil
	}
	var le *listError
	if errors.As(err, &le) {
		return le.list
	}
	return List{{Severity: Error, Message: err.Error()}}
}

type listError struct{ list List }

// Error gives the first error and how many follow, for logs; people see the
// rendered list.
func (e *listError) Error() string {
	var first string
	n := 0
	for _, d := range e.list {
		if d.Severity != Error {
			continue
		}
		if n++; n == 1 {
			first = d.Message
			if d.Location.File != "" {
				first = d.Location.String() + ": " + first
			}
		}
	}
	if n > 1 {
		return fmt.Sprintf("%s (and %d more)", first, n-1)
	}
	return first
}
