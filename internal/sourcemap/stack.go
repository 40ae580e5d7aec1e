package sourcemap

import (
	"fmt"
	"strconv"
	"strings"
)

// Frame is one place of a stack trace. Line and Column are 1-based.
type Frame struct {
	Func, File   string
	Line, Column int
}

// String returns file:line:column.
func (f Frame) String() string {
	return fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
}

// MapStack rewrites every frame of a V8 stack trace whose module has a map
// and whose place is found in it. All other text stays as it is. The function
// is asked for the map of a module by its name, "index.js", and returns nil
// if there is none.
//
// The names of functions are kept: they are those that the code had when it
// ran, and a map does not know of functions, only of identifiers.
func MapStack(stack string, lookup func(module string) *Map) string {
	if !strings.Contains(stack, "at ") {
		return stack
	}
	var b strings.Builder
	for line := range strings.Lines(stack) {
		text := strings.TrimRight(line, "\r\n")
		b.WriteString(mapLine(text, lookup).Text + line[len(text):])
	}
	return b.String()
}

// A Call is one line of a stack trace.
type Call struct {
	Text  string // the line as MapStack gives it, without its end
	Frame Frame  // the place that it names; zero if it is no frame
	Known bool   // the place is in a source, to which a map led
}

// Calls is MapStack for those who want to tell the lines apart.
func Calls(stack string, lookup func(module string) *Map) []Call {
	var calls []Call
	for line := range strings.Lines(stack) {
		calls = append(calls, mapLine(strings.TrimRight(line, "\r\n"), lookup))
	}
	return calls
}

func mapLine(text string, lookup func(module string) *Map) Call {
	before, frame, after, ok := parseFrame(text)
	if !ok {
		return Call{Text: text}
	}
	from, known := trace(frame, lookup)
	if !known {
		return Call{Text: text, Frame: frame}
	}
	return Call{Text: before + from.frame.String() + after, Frame: from.frame, Known: true}
}

// origin is where a frame comes from: the frame at its place in the source,
// and that place in the map that knew it.
type origin struct {
	frame Frame
	known *Map
	at    position
}

func trace(f Frame, lookup func(module string) *Map) (origin, bool) {
	m := lookup(moduleName(f.File))
	if m == nil {
		return origin{}, false
	}
	pos, ok := m.find(f.Line-1, f.Column-1)
	if !ok || m.sources[pos.source] == "" {
		return origin{}, false
	}
	f.File, f.Line, f.Column = m.sources[pos.source], pos.line+1, pos.column+1
	return origin{frame: f, known: m, at: pos}, true
}

// moduleName takes off what the engine's module registries put before the
// name of a module.
func moduleName(file string) string {
	return strings.TrimPrefix(strings.TrimPrefix(file, "file:///"), "./")
}

// parseFrame takes a line such as
//
//	at Object.fetch (index.js:32:51)
//	at async index.js:3:1
//	at index.js:32:51 in fetch
//
// (the last is how the engine words a failed start) apart into what stands before the place, the frame, and what stands behind.
func parseFrame(line string) (before string, f Frame, after string, ok bool) {
	body := strings.TrimLeft(line, " \t")
	if !strings.HasPrefix(body, "at ") {
		return "", Frame{}, "", false
	}
	body = body[len("at "):]
	name, place := "", strings.TrimPrefix(body, "async ")
	if inner, closed := strings.CutSuffix(body, ")"); closed {
		i := strings.LastIndex(inner, " (")
		if i < 0 {
			return "", Frame{}, "", false
		}
		name, place, after = inner[:i], inner[i+len(" ("):], ")"
	} else if i := strings.LastIndex(place, " in "); i >= 0 {
		name, place, after = place[i+len(" in "):], place[:i], place[i:]
	}
	if f, ok = parsePlace(place); !ok {
		return "", Frame{}, "", false
	}
	f.Func = strings.TrimPrefix(name, "async ")
	before = line[:len(line)-len(place)-len(after)]
	return before, f, after, true
}

// parsePlace splits file:line:column at its last two colons: the file may be
// an URL.
func parsePlace(s string) (Frame, bool) {
	rest, column, ok := cutNumber(s)
	if !ok {
		return Frame{}, false
	}
	file, line, ok := cutNumber(rest)
	if !ok || file == "" {
		return Frame{}, false
	}
	return Frame{File: file, Line: line, Column: column}, true
}

func cutNumber(s string) (before string, n int, ok bool) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return "", 0, false
	}
	n, err := strconv.Atoi(s[i+1:])
	return s[:i], n, err == nil && n > 0
}
