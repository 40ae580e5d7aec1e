package devserver

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"paddock/devserver/errorpage"
	"paddock/gateway"
)

// Paths of the session's own, for its error pages. Nothing below /cdn-cgi/
// ever reaches a script on Cloudflare.
const (
	ownPaths    = "/cdn-cgi/paddock/"
	eventsPath  = ownPaths + "events"
	dismissPath = ownPaths + "previous"
)

// reconnect is how long a page whose session has ended waits before it looks
// for the next one.
const reconnect = 500 * time.Millisecond

// front stands before the runtime. It answers for scripts that do not run, and
// shows browsers that what was saved does not run.
type front struct {
	runtime  http.Handler
	scripts  []string // the first answers hosts of no other
	editions *editions
	failures *failures // nil without a collector
	access   func(gateway.Access)
	schedule scheduler
	done     chan struct{} // closed at the end of the session

	testScheduled bool
}

// ServeHTTP implements http.Handler.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, ownPaths) {
		f.own(w, r)
		return
	}
	if e := f.editions.current.Load(); !e.clean() && f.answers(e, w, r) {
		return
	}
	if f.isScheduled(r) {
		f.scheduled(w, r)
		return
	}
	if f.failures != nil {
		if passed := f.failures.label(r); passed != nil {
			respond(w, passed.Header, passed.Body)
			return
		}
	}
	f.runtime.ServeHTTP(w, r)
}

// answers shows what is wrong, if the request is not better passed on to what
// runs, and reports whether it did.
func (f *front) answers(e *edition, w http.ResponseWriter, r *http.Request) bool {
	for e.starting { // a page of the session before may be faster than we
		select {
		case <-e.replaced:
			e = f.editions.current.Load()
		case <-r.Context().Done():
			panic(http.ErrAbortHandler) // returning would say 200
		case <-f.done:
			panic(http.ErrAbortHandler)
		}
	}
	served := e.served[f.script(r.Host)]
	if served && (e.hidden || len(e.broken) == 0 || !navigates(r)) {
		return false
	}
	start := time.Now()
	header, body := f.report(e, served, r).Answer(r.Header.Get("Accept"))
	respond(w, header, body)
	reason := "error page: the saved code cannot run"
	f.access(gateway.Access{Method: r.Method, Path: r.RequestURI, Status: http.StatusInternalServerError, Duration: time.Since(start), Err: reason})
	return true
}

func (f *front) report(e *edition, served bool, r *http.Request) *errorpage.Report {
	report := &errorpage.Report{
		Script: strings.Join(e.broken, ", "), Problems: e.problems, Previous: served,
		Request: &errorpage.Request{Method: r.Method, URL: r.URL.RequestURI()},
	}
	f.frame(report)
	report.Edition = e.name
	return report
}

// frame fills in what pages need to follow the session.
func (f *front) frame(report *errorpage.Report) {
	report.Edition, report.Events, report.Dismiss = f.editions.current.Load().name, eventsPath, dismissPath
}

func respond(w http.ResponseWriter, header http.Header, body []byte) {
	for key, values := range header {
		w.Header()[key] = values
	}
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = w.Write(body) // a client that is gone needs no answer
}

// script returns the script that answers a host.
func (f *front) script(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	label, local := strings.CutSuffix(strings.ToLower(strings.TrimSuffix(host, ".")), ".localhost")
	for _, script := range f.scripts {
		if local && label == script {
			return script
		}
	}
	return f.scripts[0]
}

// navigates reports whether a request is for the page in a browser's window,
// not for something that a page or a program fetches.
func navigates(r *http.Request) bool {
	mode, dest := r.Header.Get("Sec-Fetch-Mode"), r.Header.Get("Sec-Fetch-Dest")
	return r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html") &&
		(mode == "" || mode == "navigate") && (dest == "" || dest == "document")
}

// own answers the session's own paths.
func (f *front) own(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == eventsPath && r.Method == http.MethodGet:
		f.events(w, r)
	case r.URL.Path == dismissPath && r.Method == http.MethodPost:
		f.dismiss(w, r)
	default:
		http.NotFound(w, r)
	}
}

// events tells a page the name of the edition in force, whenever it changes.
func (f *front) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	client := http.NewResponseController(w)
	fmt.Fprintf(w, "retry: %d\n", reconnect.Milliseconds())
	for {
		e := f.editions.current.Load()
		if _, err := fmt.Fprintf(w, "data: %s\n\n", e.name); err != nil || client.Flush() != nil {
			return
		}
		select {
		case <-e.replaced:
		case <-r.Context().Done():
			return
		case <-f.done:
			return
		}
	}
}

// dismiss leads to what runs in spite of the problems.
func (f *front) dismiss(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, "The form cannot be read.\n")
		return
	}
	f.editions.hide(r.PostForm.Get("edition"))
	w.Header().Set("Location", here(r.PostForm.Get("to")))
	w.WriteHeader(http.StatusSeeOther)
}

// here returns path if it stays on this host, else the root. Browsers take
// backslashes for slashes, and leave out control characters.
func here(path string) string {
	odd := func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f }
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsFunc(path, odd) {
		return "/"
	}
	return path
}
