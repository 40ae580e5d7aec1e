//go:build unix

package engine_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"paddock/engine"
)

func startError(t *testing.T, opts engine.Options, workers ...engine.Worker) *engine.StartError {
	t.Helper()
	_, err := try(t, opts, workers...)
	var failed *engine.StartError
	if !errors.As(err, &failed) {
		t.Fatalf("error = %v, want a StartError", err)
	}
	return failed
}

func TestStartErrorsAreThoseOfTheScripts(t *testing.T) {
	for _, test := range []struct {
		source string
		want   engine.Problem
	}{
		{"let x = ;", engine.Problem{Message: "Uncaught SyntaxError: Unexpected token ';'", Stack: "  at index.js:1:8"}},
		{"\nfunction f() { throw new TypeError('top\\nboom\\n  c'); }\nf();",
			engine.Problem{Message: "Uncaught TypeError: top\nboom\n  c", Stack: "  at index.js:2:22 in f\n  at index.js:3:1"}},
		{"throw 'text'", engine.Problem{Message: "Uncaught Error: text"}},
		{"import './nope.js'", engine.Problem{Message: "Uncaught Error: No such module \"nope.js\".\n  imported from \"index.js\""}},
		{"await new Promise(() => {})", engine.Problem{Message: "Uncaught Error: Top-level await in module is unsettled."}},
		{"export const n = 3", engine.Problem{Message: "Uncaught TypeError: Incorrect type for map entry 'n': " +
			"the provided value is not of type 'function or ExportedHandler'."}},
		{"console.error('service mine:\\n  at home'); console.log('x'); null.y",
			engine.Problem{Message: "Uncaught TypeError: Cannot read properties of null (reading 'y')", Stack: "  at index.js:1:67"}},
	} {
		test.want.Service = "main"
		err := startError(t, engine.Options{}, script("main", test.source))
		if want := []engine.Problem{test.want}; !reflect.DeepEqual(err.Problems, want) {
			t.Errorf("%s:\n got %q\nwant %q", test.source, err.Problems, want)
		}
		if err.Timeout || !strings.Contains(err.Output, test.want.Stack) {
			t.Errorf("%s: timeout %v, output %q", test.source, err.Timeout, err.Output)
		}
	}
}

func TestStartErrorsOfAllWorkersAreReported(t *testing.T) {
	bound := script("a: b", "export default {}")
	bound.Bindings = []engine.Binding{engine.ServiceBinding("S", "zzz", "", nil), engine.DurableObjectBinding("D", "Q", "")}
	dated := script("dated", "")
	dated.CompatibilityDate = "banana"
	flagged := script("a", "")
	flagged.CompatibilityFlags = []string{"nope_flag"}
	err := startError(t, engine.Options{}, bound, dated, flagged, script("thrower", "throw new Error('boom')"))
	want := []engine.Problem{
		{Service: "a: b", Message: `Worker "a: b"'s binding "D" refers to a Durable Object namespace named "Q", but no such Durable Object namespace is defined by this Worker.`},
		{Service: "dated", Message: "Invalid compatibility date: banana"},
		{Service: "a", Message: "No such compatibility flag: nope_flag"},
		{Service: "thrower", Message: "Uncaught Error: boom", Stack: "  at index.js:1:7"},
		{Service: "a: b", Message: `Worker "a: b"'s binding "S" refers to a service "zzz", but no such service is defined.`},
	}
	if !reflect.DeepEqual(err.Problems, want) {
		t.Errorf("got  %q\nwant %q", err.Problems, want)
	}
	if text := err.Error(); !strings.Contains(text, "thrower: Uncaught Error: boom\n  at index.js:1:7\n") {
		t.Errorf("text:\n%s", text)
	}
}

func TestStartErrorWithoutAMessageOfAScript(t *testing.T) {
	w := script("main", "")
	w.Modules = append(w.Modules, engine.Module{Name: "gone.txt", Kind: engine.Text, Path: "/nonexistent/gone.txt"})
	err := startError(t, engine.Options{}, w)
	if len(err.Problems) != 1 || !strings.Contains(err.Problems[0].Message, "exit status 1") ||
		!strings.Contains(err.Problems[0].Message, "/nonexistent/gone.txt") {
		t.Errorf("problems = %q", err.Problems)
	}
}

// A script that loops at its top level never reports and ignores SIGTERM.
func TestEndlessStartEndsAtTheDeadline(t *testing.T) {
	begin := time.Now()
	err := startError(t, engine.Options{StartTimeout: 300 * time.Millisecond},
		script("fine", "export default {}"), script("loops", "console.log('here'); while (true);"), script("later", ""))
	if !err.Timeout || len(err.Problems) != 1 || err.Problems[0].Service != "loops" || err.Output != "here" {
		t.Errorf("error = %+v", err)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}
