package devserver

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"

	"paddock/gateway"
	"paddock/local"
)

// A scheduler calls a script's scheduled handler.
type scheduler func(ctx context.Context, script, cron string, due time.Time) (local.Scheduled, error)

// Paths by which people call scheduled handlers, as in Wrangler's dev: nothing
// calls them by itself there. The second one is what it was called before.
const (
	scheduledPath       = "/cdn-cgi/handler/scheduled"
	formerScheduledPath = "/cdn-cgi/mf/scheduled"
	testPath            = "/__scheduled" // only with --test-scheduled
)

// isScheduled reports whether a request is to call a scheduled handler.
func (f *front) isScheduled(r *http.Request) bool {
	switch r.URL.Path {
	case scheduledPath, formerScheduledPath:
		return true
	case testPath:
		return f.testScheduled
	}
	return false
}

// scheduled calls the handler, and answers when it has returned.
func (f *front) scheduled(w http.ResponseWriter, r *http.Request) {
	start, query := time.Now(), r.URL.Query()
	due := start
	if ms, err := strconv.ParseInt(query.Get("time"), 10, 64); err == nil {
		due = time.UnixMilli(ms)
	}
	result, err := f.schedule(r.Context(), f.script(r.Host), query.Get("cron"), due)
	status, text := http.StatusOK, result.Outcome
	switch {
	case err != nil:
		status, text = http.StatusInternalServerError, err.Error()
	case result.Outcome != "ok":
		status = http.StatusInternalServerError
	case r.URL.Path == testPath:
		text = "Ran scheduled event"
	}
	if query.Get("format") == "json" && err == nil {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(result)
	} else {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
	f.access(gateway.Access{Method: r.Method, Path: r.RequestURI, Status: status, Duration: time.Since(start)})
}
