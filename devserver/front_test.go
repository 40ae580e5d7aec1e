package devserver

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	neturl "net/url"
	"strings"
	"testing"
	"time"

	"paddock/devserver/errorpage"
	"paddock/gateway"
	"paddock/internal/diag"
)

// fronted is a front on a real port, before scripts that say their host.
type fronted struct {
	*front
	url string
	log chan gateway.Access
}

func newFronted(t *testing.T) *fronted {
	t.Helper()
	f := &fronted{log: make(chan gateway.Access, 100)}
	f.front = &front{
		scripts: []string{"first", "second"}, editions: newEditions(), done: make(chan struct{}),
		access: func(a gateway.Access) { f.log <- a },
		runtime: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "script at "+r.Host+", ray "+r.Header.Get("Cf-Ray"))
		}),
	}
	server := httptest.NewServer(f.front)
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

// good and bad are editions of a session whose first script runs.
func good() edition { return edition{served: map[string]bool{"first": true, "second": true}} }

func bad() edition {
	e := good()
	e.broken = []string{"second"}
	e.problems = []errorpage.Problem{{Diagnostic: diag.Errorf("build-failed", diag.Location{}, "no good")}}
	return e
}

const browser = "text/html,application/xhtml+xml,*/*;q=0.8"

// do sends a request with headers, given as name and value in turn.
func (f *fronted) do(t *testing.T, method, path string, headers ...string) (int, string, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, f.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body), res.Header
}

func (f *fronted) reaches(t *testing.T, script bool, method string, headers ...string) {
	t.Helper()
	status, body, _ := f.do(t, method, "/a?b", headers...)
	if got := status == http.StatusOK; got != script || method != "HEAD" && got != strings.HasPrefix(body, "script at") {
		t.Errorf("%s %v: %d %.80q, want the script: %t", method, headers, status, body, script)
	}
}

// Only who looks at a page is shown that the saved code cannot run; programs
// go on with what runs.
func TestFrontShowsProblemsToBrowsers(t *testing.T) {
	f := newFronted(t)
	f.editions.publish(good())
	f.reaches(t, true, "GET", "Accept", browser, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document")
	f.editions.publish(bad())
	f.reaches(t, false, "GET", "Accept", browser, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document")
	f.reaches(t, false, "GET", "Accept", browser)
	f.reaches(t, false, "GET", "Accept", browser, "Host", "second.localhost")
	f.reaches(t, true, "GET")
	f.reaches(t, true, "GET", "Accept", "*/*")
	f.reaches(t, true, "GET", "Accept", "application/json")
	f.reaches(t, true, "POST", "Accept", browser, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document")
	f.reaches(t, true, "HEAD", "Accept", browser)
	f.reaches(t, true, "GET", "Accept", browser, "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty")
	f.reaches(t, true, "GET", "Accept", browser, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe")
	if a := <-f.log; a.Status != 500 || a.Path != "/a?b" || !strings.Contains(a.Err, "error page") {
		t.Errorf("access %+v", a)
	}
	f.editions.publish(good())
	f.reaches(t, true, "GET", "Accept", browser)
}

// Nobody gets anything else as long as a script has never run.
func TestFrontAnswersForScriptsThatDoNotRun(t *testing.T) {
	f := newFronted(t)
	e := bad()
	e.served["second"] = false
	f.editions.publish(e)
	f.reaches(t, true, "GET", "Accept", "*/*")
	f.reaches(t, false, "GET", "Host", "second.localhost:8787")
	f.reaches(t, false, "POST", "Host", "SECOND.localhost.")
	status, body, header := f.do(t, "GET", "/", "Host", "second.localhost", "Accept", "application/json")
	if status != 500 || !strings.HasPrefix(body, `{"error":{"name":"BuildError","message":"no good"`) || header.Get("Content-Type") != "application/json" {
		t.Errorf("%d %s", status, body)
	}
	_, body, _ = f.do(t, "GET", "/", "Host", "second.localhost", "Accept", browser)
	if !strings.Contains(body, "No version runs yet.") {
		t.Errorf("page:\n%s", body)
	}
}

// A page that was open when the session before ended may come too early.
func TestFrontWaitsForTheStart(t *testing.T) {
	f := newFronted(t)
	answers := make(chan string)
	go func() {
		_, body, _ := f.do(t, "GET", "/", "Accept", browser)
		answers <- body
	}()
	select {
	case body := <-answers:
		t.Fatalf("answered before the start: %s", body)
	case <-time.After(50 * time.Millisecond): // and if that is too short, nothing is lost
	}
	f.editions.publish(good())
	if body := <-answers; !strings.HasPrefix(body, "script at") {
		t.Errorf("answered with %s", body)
	}
}

// listen reads the names of editions that a page is told.
func (f *fronted) listen(t *testing.T) <-chan string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", f.url+eventsPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("events: %v, %v", res, err)
	}
	names := make(chan string)
	go func() {
		defer close(names)
		defer res.Body.Close()
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			if name, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				names <- name
			}
		}
	}()
	return names
}

func TestFrontTellsEditions(t *testing.T) {
	f := newFronted(t)
	names := f.listen(t)
	first := <-names
	f.editions.publish(bad())
	second := <-names
	_, page, _ := f.do(t, "GET", "/", "Accept", browser)
	if first == second || !strings.Contains(page, `data-edition="`+second+`"`) || !strings.Contains(page, `data-events="`+eventsPath+`"`) {
		t.Errorf("editions %s and %s, page:\n%s", first, second, page)
	}
	close(f.done)
	if name, more := <-names; more {
		t.Errorf("after the end: %s", name)
	}
}

func (f *fronted) dismiss(t *testing.T, edition, to string) string {
	t.Helper()
	form := neturl.Values{"edition": {edition}, "to": {to}}
	r, err := http.NewRequestWithContext(t.Context(), "POST", f.url+dismissPath, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusSeeOther {
		t.Errorf("status %s", res.Status)
	}
	return res.Header.Get("Location")
}

// The button on the page leads to what runs, until there is something new.
func TestFrontDismissesProblems(t *testing.T) {
	f := newFronted(t)
	f.editions.publish(bad())
	f.dismiss(t, "another-1", "/a")
	f.reaches(t, false, "GET", "Accept", browser)
	names := f.listen(t)
	if to := f.dismiss(t, <-names, "/a?b=%2F"); to != "/a?b=%2F" {
		t.Errorf("led to %s", to)
	}
	<-names // other pages hear of it
	f.reaches(t, true, "GET", "Accept", browser)
	f.editions.publish(bad())
	f.reaches(t, false, "GET", "Accept", browser)
}

func TestFrontLeadsNowhereElse(t *testing.T) {
	for to, want := range map[string]string{
		"/": "/", "/a/../b?x=//y#z": "/a/../b?x=//y#z",
		"": "/", "a": "/", "//evil.example": "/", `/\evil.example`: "/", "/\t/evil.example": "/", "https://evil.example/": "/", "/a b": "/",
	} {
		if got := here(to); got != want {
			t.Errorf("here(%q) = %q, want %q", to, got, want)
		}
	}
}

func TestFrontsOwnPaths(t *testing.T) {
	f := newFronted(t)
	f.editions.publish(good())
	for _, request := range []string{"GET /cdn-cgi/paddock/other", "POST " + eventsPath, "GET " + dismissPath} {
		method, path, _ := strings.Cut(request, " ")
		if status, body, _ := f.do(t, method, path); status != http.StatusNotFound || strings.HasPrefix(body, "script") {
			t.Errorf("%s: %d %s", request, status, body)
		}
	}
	if _, body, _ := f.do(t, "GET", "/cdn-cgi/trace"); !strings.HasPrefix(body, "script at") {
		t.Errorf("/cdn-cgi/trace: %s", body)
	}
	f.failures = testFailures()
	if _, body, _ := f.do(t, "GET", "/", "Cf-Ray", "mine"); !strings.HasSuffix(body, colo) {
		t.Errorf("with a collector: %s", body)
	}
}

// What a client that waits for the start gets when there is none: no answer.
func TestFrontEndsWhileItStarts(t *testing.T) {
	f := newFronted(t)
	close(f.done)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", f.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res, err := http.DefaultTransport.RoundTrip(r); err == nil || ctx.Err() != nil {
		t.Errorf("got %v, %v", res, err)
	}
}
