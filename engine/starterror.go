package engine

import (
	"fmt"
	"slices"
	"strings"
)

// A StartError says why the engine did not start. Everything that was wrong
// with any worker is in it, as the engine checks all before it gives up.
type StartError struct {
	Problems []Problem
	Output   string // the last lines of stdout and stderr
	Timeout  bool   // not ready in time; Problems names who was loading
}

// A Problem is one reason.
type Problem struct {
	Service string // the worker, or "" if it is none in particular
	Message string // such as "Uncaught SyntaxError: Unexpected token ';'"
	Stack   string // lines "  at index.js:1:7", with positions in the modules as the engine got them
}

// Error gives all problems, each in lines of its own.
func (e *StartError) Error() string {
	var b strings.Builder
	b.WriteString("start engine: ")
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteString("\n")
		}
		if p.Service != "" {
			b.WriteString(p.Service + ": ")
		}
		b.WriteString(p.Message)
		if p.Stack != "" {
			b.WriteString("\n" + p.Stack)
		}
	}
	return b.String()
}

// newStartError makes an error from what the engine printed to stderr before
// it ended, or from how it ended if that was without a word.
func newStartError(stderr, services []string, lastOutput string, exit error) *StartError {
	problems := parseProblems(stderr, services)
	if len(problems) == 0 {
		message := "the engine ended before it was ready"
		if exit != nil {
			message += ": " + exit.Error()
		}
		if len(stderr) > 0 {
			message += "\n" + strings.Join(stderr[max(0, len(stderr)-10):], "\n")
		}
		problems = []Problem{{Message: message}}
	}
	return &StartError{Problems: problems, Output: lastOutput}
}

// parseProblems reads the engine's messages:
//
//	service main: Uncaught Error: No such module "nope.js".
//	  imported from "main"
//	service other: Uncaught Error: the script's own text,
//	which may have several lines
//	  at main:1:7
//	Worker "main"'s binding "S" refers to a service "zzz", but no such service is defined.
//
// Between them may stand whatever the scripts printed while they loaded.
func parseProblems(lines, services []string) []Problem {
	p := problemParser{services: slices.Clone(services)}
	// A service's name may hold the start of another's.
	slices.SortFunc(p.services, func(a, b string) int { return len(b) - len(a) })
	for _, line := range lines {
		p.line(line)
	}
	return p.problems
}

type problemParser struct {
	services []string
	problems []Problem
	pending  []string // lines that are part of the message if a stack follows
}

func (p *problemParser) line(line string) {
	if head, ok := p.head(line); ok {
		p.problems = append(p.problems, head)
		p.pending = nil
		return
	}
	if len(p.problems) == 0 {
		return
	}
	last := &p.problems[len(p.problems)-1]
	switch {
	case strings.HasPrefix(line, "  at "):
		last.Message = strings.Join(append([]string{last.Message}, p.pending...), "\n")
		last.Stack = strings.TrimPrefix(last.Stack+"\n"+line, "\n")
		p.pending = nil
	case strings.HasPrefix(line, "  imported from "):
		last.Message += "\n" + line
	case last.Stack == "":
		p.pending = append(p.pending, line)
	}
}

// head reports whether a line begins a problem.
func (p *problemParser) head(line string) (Problem, bool) {
	for _, name := range p.services {
		if message, ok := strings.CutPrefix(line, "service "+name+": "); ok {
			return Problem{Service: name, Message: message}, true
		}
		if strings.HasPrefix(line, fmt.Sprintf(`Worker "%s"'s `, name)) {
			return Problem{Service: name, Message: line}, true
		}
	}
	for _, start := range []string{`Socket "`, "Config ", "*** "} {
		if strings.HasPrefix(line, start) {
			return Problem{Message: line}, true
		}
	}
	return Problem{}, false
}
