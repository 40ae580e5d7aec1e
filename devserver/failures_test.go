package devserver

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"paddock/devserver/errorpage"
	"paddock/tail"
)

func testFailures() *failures {
	return newFailures(fakeStacks{}, func(r *errorpage.Report) { r.Edition = "E" })
}

// labelled returns a request as the runtime gets it, and its ray.
func labelled(t *testing.T, f *failures, method, path string) (*http.Request, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	if passed := f.label(r); passed != nil {
		t.Fatalf("a new request was answered: %s", passed.Body)
	}
	return r, r.Header.Get("Cf-Ray")
}

// failed is the item of a request that ended with an exception.
func failed(t *testing.T, ray, rest string) tail.Item {
	t.Helper()
	line := fmt.Sprintf(`{"outcome":"exception","scriptName":"w","scriptVersion":{"id":"v1"},"executionModel":"stateless",
		"event":{"request":{"url":"http://x/a","method":"GET","headers":{"cf-ray":%q,"authorization":"Bearer x"}}},
		"paddock":{"invocationId":"i","traceId":"t-%[1]s","part":1},"logs":[],%s}`, ray, rest)
	it, err := tail.Decode(tail.KindEarly, []byte(line), tail.DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return it
}

const boom = `"exceptions":[{"name":"Error","message":"boom","stack":"    at fetch (index.js:9:9)"}]`

func TestFailureIsExplained(t *testing.T) {
	f := testFailures()
	r, ray := labelled(t, f, http.MethodGet, "/a")
	f.heard(failed(t, ray, boom))
	e := f.explain(r)
	if e == nil || !strings.HasPrefix(string(e.Body), "Error: boom\n    at fetch (src/index.ts:2:3)\n\n> 2 │ throw it\n") {
		t.Fatalf("explained as %+v", e)
	}
	r.Header.Set("Accept", "text/html")
	f.heard(failed(t, ray, boom))
	page := string(f.explain(r).Body)
	if !strings.Contains(page, `data-edition="E"`) || !strings.Contains(page, "REDACTED") || strings.Contains(page, "Bearer") {
		t.Errorf("page:\n%s", page)
	}
}

// The answer may be faster than the exception.
func TestFailureIsWaitedFor(t *testing.T) {
	f := testFailures()
	var all sync.WaitGroup
	for i := range 50 {
		r, ray := labelled(t, f, http.MethodGet, fmt.Sprint("/", i))
		all.Go(func() {
			e := f.explain(r)
			if want := fmt.Sprintf("Error: boom %d\n", i); e == nil || !strings.HasPrefix(string(e.Body), want) {
				t.Errorf("%d is explained as %+v", i, e)
			}
		})
		all.Go(func() {
			f.heard(failed(t, ray, fmt.Sprintf(`"exceptions":[{"name":"Error","message":"boom %d"}]`, i)))
		})
	}
	all.Wait()
	if len(f.waiting) > 0 {
		t.Errorf("still waiting: %v", f.waiting)
	}
}

// What is not the reason of a failed request is none.
func TestFailureWithoutReason(t *testing.T) {
	f := testFailures()
	r, ray := labelled(t, f, http.MethodGet, "/a")
	answered := failed(t, ray, boom)
	answered.Event.Response = &tail.Response{Status: 500}
	f.heard(answered)                                // it was thrown in waitUntil
	f.heard(failed(t, ray, `"exceptions":[]`))       // nothing was thrown
	f.heard(failed(t, "", boom))                     // of another request
	f.heard(failed(t, "0011223344556677-LAX", boom)) // likewise
	later := failed(t, ray, boom)
	later.ExecutionModel = "durableObject" // the object's exception may have been caught
	f.heard(later)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if e := f.explain(r.WithContext(ctx)); e != nil {
		t.Errorf("explained as %s", e.Body)
	}
	if len(f.waiting) > 0 {
		t.Errorf("still waiting: %v", f.waiting)
	}
}

// A long invocation reports in parts, whose event shows no request.
func TestFailureInALaterPart(t *testing.T) {
	f := testFailures()
	r, ray := labelled(t, f, http.MethodGet, "/a")
	line := fmt.Sprintf(`{"outcome":"ok","scriptName":"w","event":{"request":{"url":"http://x/a","method":"GET","headers":{"cf-ray":%q}}},
		"paddock":{"invocationId":"i","part":2},%s}`, ray, boom)
	it, err := tail.Decode(tail.KindEarly, []byte(line), tail.DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	f.heard(it)
	if e := f.explain(r); e == nil || !strings.Contains(string(e.Body), "GET http://x/a") {
		t.Errorf("explained as %+v", e)
	}
}

// The exception of an object has its stack only where it was thrown.
func TestFailureInAnObject(t *testing.T) {
	f := testFailures()
	r, ray := labelled(t, f, http.MethodGet, "/a")
	object := failed(t, ray, boom)
	object.ExecutionModel, object.Entrypoint = "durableObject", "Box"
	object.Event.Request.Headers = nil // the Worker made a request of its own
	f.heard(object)
	f.heard(failed(t, ray, `"exceptions":[{"name":"Error","message":"boom"}]`))
	if text := string(f.explain(r).Body); !strings.Contains(text, "at fetch (src/index.ts:2:3)") || !strings.Contains(text, "Uncaught in w, Durable Object Box:") {
		t.Errorf("explained as\n%s", text)
	}
	// Another exception of the same trace has nothing to do with it.
	f.heard(failed(t, ray, `"exceptions":[{"name":"Error","message":"other"}]`))
	if text := string(f.explain(r).Body); !strings.HasPrefix(text, "Error: other\n\nUncaught in w:") {
		t.Errorf("explained as\n%s", text)
	}
}

// Of several exceptions the last one ended the invocation. One whose stack
// begins with its real name gets that.
func TestFailureHeadlines(t *testing.T) {
	f := testFailures()
	for _, test := range []struct{ exceptions, want string }{
		{`{"name":"Error","message":"first"},{"name":"TypeError","message":"last"}`, "TypeError: last\n\n"},
		{`{"name":"Error","message":"many","stack":"AggregateError: many\n    at fetch (index.js:9:9)"}`, "AggregateError: many\n    at fetch (src/index.ts:2:3)\n\n"},
		{`{"name":"Error","message":"a\nb","stack":"Own: a\nb\n    at fetch (index.js:9:9)"}`, "Own: a\nb\n    at fetch (src/index.ts:2:3)\n\n"},
		{`{"name":"Error","message":"","stack":"Own\n    at fetch (index.js:9:9)"}`, "Own\n    at fetch (src/index.ts:2:3)\n\n"},
		{`{"name":"Error","message":"","stack":"    at fetch (index.js:9:9)\n    at x"}`, "Error\n    at fetch (src/index.ts:2:3)\n    at x\n\n"},
		{`{"name":"Error","message":"x: y","stack":"    at f (x: y\n"}`, "Error: x: y\n    at f (x: y\n\n"},
	} {
		r, ray := labelled(t, f, http.MethodGet, "/a")
		f.heard(failed(t, ray, `"exceptions":[`+test.exceptions+`]`))
		if got := string(f.explain(r).Body); !strings.HasPrefix(got, test.want) {
			t.Errorf("%s is explained as\n%s", test.exceptions, got)
		}
	}
}

// The engine sends a request on to its host when a script asks for that with
// passThroughOnException, and the host is us.
func TestFailurePassedThrough(t *testing.T) {
	f := testFailures()
	_, ray := labelled(t, f, http.MethodGet, "/a")
	f.heard(failed(t, ray, boom))
	again := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/a", nil)
	again.Header.Set("Cf-Ray", ray)
	if e := f.label(again); e == nil || !strings.HasPrefix(string(e.Body), "Error: boom\n") {
		t.Errorf("answered with %+v", e)
	}
	// Any other request with that header is a new one, and waits for nothing.
	for _, ray := range []string{ray, "0011223344556677-LAX", "x-LOCAL", "-LOCAL", "zz11223344556677-LOCAL"} {
		f.heard(failed(t, ray, boom))
		other := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/other", nil)
		other.Header.Set("Cf-Ray", ray)
		if e := f.label(other); e != nil || other.Header.Get("Cf-Ray") == ray {
			t.Errorf("%s: answered with %+v, ray %s", ray, e, other.Header.Get("Cf-Ray"))
		}
	}
}

func TestRays(t *testing.T) {
	f := testFailures()
	seen := map[string]bool{}
	for range 1000 {
		_, ray := labelled(t, f, http.MethodGet, "/a")
		if len(ray) != len("0123456789abcdef-LOCAL") || seen[ray] {
			t.Fatalf("ray %q", ray)
		}
		seen[ray] = true
	}
}

// What nobody asks for does not pile up.
func TestFailuresForget(t *testing.T) {
	f := testFailures()
	var last *http.Request
	for range 10 * kept {
		r, ray := labelled(t, f, http.MethodGet, "/a")
		f.heard(failed(t, ray, boom))
		f.heard(failed(t, ray, boom)) // the last part repeats it
		last = r
	}
	if n := len(f.thrown.items); n > kept {
		t.Errorf("%d failures are kept", n)
	}
	if f.explain(last) == nil {
		t.Error("the last one was forgotten")
	}
	for range 10 * kept { // those that are asked for leave no trace either
		r, ray := labelled(t, f, http.MethodGet, "/a")
		f.heard(failed(t, ray, boom))
		f.explain(r)
	}
	if n := len(f.thrown.order); n > kept {
		t.Errorf("the order has %d entries", n)
	}
}

func BenchmarkLabel(b *testing.B) {
	f := testFailures()
	r := httptest.NewRequest(http.MethodGet, "/increment?name=A", nil)
	b.ReportAllocs()
	for b.Loop() {
		delete(r.Header, "Cf-Ray")
		f.label(r)
	}
}
