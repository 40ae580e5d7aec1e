package devserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"paddock/gateway"
	"paddock/internal/diag"
	"paddock/internal/iostreams"
	"paddock/internal/sourcemap"
	"paddock/local"
	"paddock/tail"
)

func testOutput() (o *output, out, errOut *bytes.Buffer) {
	streams, _, out, errOut := iostreams.Test()
	return newOutput(streams), out, errOut
}

// expect compares what was printed since the last call.
func expect(t *testing.T, what string, out, errOut *bytes.Buffer, wantOut, wantErr string) {
	t.Helper()
	if got := visible(out); got != wantOut {
		t.Errorf("%s: stdout\n%q, want\n%q", what, got, wantOut)
	}
	if got := visible(errOut); got != wantErr {
		t.Errorf("%s: stderr\n%q, want\n%q", what, got, wantErr)
	}
	out.Reset()
	errOut.Reset()
}

// visible leaves out blanks that nobody sees.
func visible(b *bytes.Buffer) string { return blanks.ReplaceAllString(b.String(), "") }

var blanks = regexp.MustCompile(`(?m) +$`)

func TestOutputAccess(t *testing.T) {
	o, out, errOut := testOutput()
	for _, test := range []struct {
		access gateway.Access
		want   string
	}{
		{gateway.Access{Method: "GET", Path: "/a?b=1", Status: 200, Duration: 12_400 * time.Microsecond}, "GET /a?b=1 200 OK (12ms)\n"},
		{gateway.Access{Method: "POST", Path: "/", Status: 503, Err: "engine is down"}, "POST / 503 Service Unavailable (0ms) engine is down\n"},
		{gateway.Access{Method: "GET", Path: "/", Status: 499, Err: "the client went away"}, "GET / 499 (0ms) the client went away\n"},
		{gateway.Access{Method: "GET", Path: "/ws", Status: 101, Duration: time.Minute}, "GET /ws 101 Switching Protocols (60000ms)\n"},
		{gateway.Access{Method: "GET", Path: "/\x1b[2J", Status: 404, Err: "\x07"}, `GET /\u001b[2J 404 Not Found (0ms) \u0007` + "\n"},
	} {
		o.access(test.access)
		expect(t, test.access.Path, out, errOut, test.want, "")
	}
}

func TestOutputAccessColors(t *testing.T) {
	streams, _, out, _ := iostreams.Test()
	streams.OutTTY = true
	o := newOutput(streams)
	for status, color := range map[int]string{200: "32", 302: "32", 404: "33", 500: "31"} {
		o.access(gateway.Access{Method: "GET", Path: "/", Status: status})
		if want := fmt.Sprintf("GET / \x1b[%sm%d ", color, status); !strings.HasPrefix(out.String(), want) {
			t.Errorf("%q does not begin with %q", out, want)
		}
		out.Reset()
	}
}

func TestOutputNoticesAndRawLines(t *testing.T) {
	o, out, errOut := testOutput()
	o.ready("http://localhost:8787")
	expect(t, "ready", out, errOut, "Ready on http://localhost:8787\n", "")
	o.notice("Updated %s", "100%")
	expect(t, "notice", out, errOut, "Updated 100%\n", "")
	o.raw(local.Output{Text: "a line\x1b[1m"})
	expect(t, "console line", out, errOut, `a line\u001b[1m`+"\n", "")
	o.raw(local.Output{Text: "100% broken", Stderr: true})
	expect(t, "line of the engine", out, errOut, "", "100% broken\n")
}

func TestOutputReport(t *testing.T) {
	o, out, errOut := testOutput()
	if err := o.report(nil); err != nil {
		t.Errorf("nothing to say: %v", err)
	}
	expect(t, "nothing", out, errOut, "", "")
	if err := o.report(diag.List{diag.Warningf("w", diag.Location{}, "careful")}); err != nil {
		t.Errorf("a warning: %v", err)
	}
	expect(t, "warning", out, errOut, "", "▲ [WARNING] careful [w]\n\n")
	if err := o.report(diag.List{diag.Errorf("", diag.Location{}, "broken")}); !errors.Is(err, ErrReported) {
		t.Errorf("an error: %v", err)
	}
	expect(t, "error", out, errOut, "", "✘ [ERROR] broken\n\n")
}

func TestOutputCrash(t *testing.T) {
	o, out, errOut := testOutput()
	o.crash(local.Crash{Err: errors.New("the engine ended unexpectedly (signal: killed) and is started again")})
	expect(t, "without a word", out, errOut, "", "✘ [ERROR] The engine ended unexpectedly (signal: killed) and is started again\n\n")
	o.crash(local.Crash{Err: errors.New("the engine ended unexpectedly (exit status 1) and is started again"), Output: "one\ntwo\n"})
	expect(t, "with last words", out, errOut, "",
		"✘ [ERROR] The engine ended unexpectedly (exit status 1) and is started again\n\n  The last lines it printed:\n  one\n  two\n\n")
}

// fakeStacks knows one version.
type fakeStacks struct{}

func (fakeStacks) ExplainStack(version, stack string) local.Explained {
	if version != "v1" {
		return local.Explained{Calls: []sourcemap.Call{{Text: stack}}}
	}
	return local.Explained{
		Calls: []sourcemap.Call{{
			Text:  strings.ReplaceAll(stack, "index.js:9:9", "src/index.ts:2:3"),
			Frame: sourcemap.Frame{Func: "fetch", File: "src/index.ts", Line: 2, Column: 3}, Known: true,
		}},
		Top:  sourcemap.Frame{Func: "fetch", File: "src/index.ts", Line: 2, Column: 3},
		Code: sourcemap.Excerpt{First: 2, Lines: []string{"throw it"}},
	}
}

func item(t *testing.T, version, rest string) tail.Item {
	t.Helper()
	var it tail.Item
	text := fmt.Sprintf(`{"outcome":"ok","event":{"request":{"url":"http://x/","method":"GET"}},"scriptVersion":{"id":%q},%s}`, version, rest)
	if err := json.Unmarshal([]byte(text), &it); err != nil {
		t.Fatal(err)
	}
	return it
}

const thrown = `"logs":[],"exceptions":[{"name":"Error","message":"boom","stack":"    at fetch (index.js:9:9)"}]`

// The session's own line tells of the request, so the item's does not appear.
func TestOutputItem(t *testing.T) {
	o, out, errOut := testOutput()
	o.stacks = fakeStacks{}
	o.item(item(t, "v1", `"exceptions":[],"logs":[{"level":"log","message":["n is",{"n":1}]}]`))
	expect(t, "console line", out, errOut, "  (log) n is { n: 1 }\n", "")
	o.item(item(t, "v1", thrown))
	expect(t, "exception", out, errOut, "",
		"✘ [ERROR] Error: boom\n\n      at fetch (src/index.ts:2:3)\n\n  > 2 │ throw it\n      │ ^\n\n\n")
	o.item(item(t, "other", thrown))
	expect(t, "unknown version", out, errOut, "", "✘ [ERROR] Error: boom\n\n      at fetch (index.js:9:9)\n\n\n")
	o.stacks = nil
	o.item(item(t, "v1", thrown))
	expect(t, "before the runtime is there", out, errOut, "", "✘ [ERROR] Error: boom\n\n      at fetch (index.js:9:9)\n\n\n")
}

// An error that is only logged has its place, but not the source.
func TestOutputLoggedError(t *testing.T) {
	o, out, errOut := testOutput()
	o.stacks = fakeStacks{}
	o.item(item(t, "v1", `"exceptions":[],"logs":[{"level":"error","message":["Error: boom"],
		"errorInfo":[{"name":"Error","message":"boom","stack":"    at fetch (index.js:9:9)"}]}]`))
	expect(t, "logged error", out, errOut, "  (error) Error: boom\n    at fetch (src/index.ts:2:3)\n", "")
}

// Requests, console lines and diagnostics come from many goroutines; each
// stays in one piece.
func TestOutputKeepsPiecesTogether(t *testing.T) {
	o, out, errOut := testOutput()
	o.stacks = fakeStacks{}
	it := item(t, "v1", thrown)
	var all sync.WaitGroup
	const rounds = 200
	for range 4 {
		all.Go(func() {
			for range rounds {
				o.access(gateway.Access{Method: "GET", Path: "/", Status: 200})
			}
		})
		all.Go(func() {
			for range rounds {
				o.report(diag.List{diag.Warningf("", diag.Location{}, "careful").WithHint("one\ntwo")})
			}
		})
		all.Go(func() {
			for range rounds {
				o.item(it)
			}
		})
	}
	all.Wait()
	if got, want := out.String(), strings.Repeat("GET / 200 OK (0ms)\n", 4*rounds); got != want {
		t.Error("request lines are torn")
	}
	rest := strings.ReplaceAll(visible(errOut), "▲ [WARNING] careful\n\n  one\n  two\n\n", "")
	rest = strings.ReplaceAll(rest, "✘ [ERROR] Error: boom\n\n      at fetch (src/index.ts:2:3)\n\n  > 2 │ throw it\n      │ ^\n\n\n", "")
	if rest != "" {
		t.Errorf("pieces are torn: %.200q", rest)
	}
}
