//go:build unix

package engine_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"paddock/engine"
)

var elapsed = regexp.MustCompile(`^t: [0-9.]+ms`)

// The engine hands these methods to a debugger only: without the prelude all
// of this printed nothing.
func TestSilentConsoleMethodsPrint(t *testing.T) {
	out := newLines()
	w := answering(`
console.table([{ a: 1, b: "x" }, { a: 2, c: null }]);
console.table(["é", "日本"], ["ignored"]);
console.table("no table");
console.dir({ a: { b: 1 } }); console.dir("quoted"); console.dirxml(1, 2);
console.count(); console.count(); console.count("x"); console.countReset(); console.count(); console.countReset("y");
console.time("t"); console.time("t"); console.timeLog("t", { n: 1 }); console.timeEnd("t"); console.timeEnd("t");
console.assert(true, "no"); console.assert(false, "with %s", "text"); console.assert(0, { n: 1 });
console.group("outer", 1); console.groupCollapsed(); console.log("inside"); console.groupEnd();
console.trace("100%s"); console.table([{ get a() { throw new Error("getter"); } }]);
return new Response("ok");`)
	p := start(t, engine.Options{OnLine: out.add}, w)
	want(t, "answer", get(t, p, "main"), "ok")
	const stdout = `
┌─────────┬───┬─────┬──────┐
│ (index) │ a │ b   │ c    │
├─────────┼───┼─────┼──────┤
│ 0       │ 1 │ 'x' │      │
│ 1       │ 2 │     │ null │
└─────────┴───┴─────┴──────┘
┌─────────┬────────┐
│ (index) │ Values │
├─────────┼────────┤
│ 0       │ 'é'    │
│ 1       │ '日本' │
└─────────┴────────┘
no table
{ a: { b: 1 } }
'quoted'
1 2
default: 1
default: 2
x: 1
default: 1
t: 0ms { n: 1 }
t: 0ms
outer 1
inside`
	const stderr = `
Count for 'y' does not exist
Label 't' already exists for console.time()
No such label 't' for console.timeEnd()
Assertion failed: with text
Assertion failed { n: 1 }
Trace: 100%s
    at Object.fetch (index.js:10:9)
console.table failed: Error: getter`
	for text, isError := range map[string]bool{stdout: false, stderr: true} {
		expected := strings.Split(text[1:], "\n")
		got := out.waitFor(t, isError, func(l []string) bool { return len(l) >= len(expected) })
		for i, line := range got {
			got[i] = elapsed.ReplaceAllString(line, "t: 0ms")
		}
		if !slices.Equal(got, expected) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(expected, "\n"))
		}
	}
}

func TestUnhandledRejectionsAreReported(t *testing.T) {
	out := newLines()
	w := answering(`
Promise.reject(new Error("lost"));
Promise.reject({ code: 7 });
Promise.reject(new Error("caught")).catch(() => {});
return new Response("ok");`)
	p := start(t, engine.Options{OnLine: out.add}, w)
	want(t, "answer", get(t, p, "main"), "ok")
	expected := []string{
		"Uncaught (in promise) Error: lost",
		"    at Object.fetch (index.js:2:16)",
		"Uncaught (in promise) { code: 7 }",
	}
	got := out.waitFor(t, true, func(l []string) bool { return len(l) >= len(expected) })
	if !slices.Equal(got, expected) {
		t.Errorf("got %q, want %q", got, expected)
	}
}

// The prelude must bear a script that takes the console to pieces.
func TestConsoleMayBeReplaced(t *testing.T) {
	out := newLines()
	w := script("main", `
const calls = [];
console.log = (...args) => calls.push(args.join());
globalThis.addEventListener = undefined;
console.count("a");
console.log("b");
export default { fetch() { return new Response(calls.join(";")); } };`)
	p := start(t, engine.Options{OnLine: out.add}, w)
	want(t, "calls of the user's console.log", get(t, p, "main"), "b")
	got := out.waitFor(t, false, func(l []string) bool { return len(l) > 0 })
	want(t, "line", strings.Join(got, "\n"), "a: 1")
}
