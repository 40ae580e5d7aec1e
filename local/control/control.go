// Package control is the runtime's control API: Cloudflare's v4 API for
// Workers scripts, as far as the runtime has what it speaks of, plus what that
// API has no word for under accounts/{id}/paddock. Any account id is accepted,
// because projects carry their own.
//
// [New] makes the handler. Every answer is Cloudflare's envelope, written in
// one place; handlers return a result or an error. Only the WebSockets of tails
// have a way of their own: tails.go serves them, and [API.Close] sees them out.
package control

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"paddock/internal/cfapi"
	"paddock/local"
	"paddock/migrate"
)

// Prefix is the path under which the API lies, as on api.cloudflare.com.
const Prefix = "/client/v4"

// API serves the control API of a runtime.
type API struct {
	rt      *local.Runtime
	log     *slog.Logger
	stop    func()
	mux     *http.ServeMux
	hosts   []string // names that it answers to beside those of this machine
	uploads *semaphore.Weighted

	pace pace // of bodies

	sockets socketOptions
	tails   sync.WaitGroup  // requests for the WebSocket of a tail, up to its end
	life    context.Context // of these WebSockets; cut ends it
	cut     context.CancelFunc
}

// Options are what a runtime's process lends its API.
type Options struct {
	Log *slog.Logger // one line for each request
	// Stop is called when a client asks the runtime to end. It must not wait
	// for the requests in flight.
	Stop func()
	// Hosts are the names that clients may call the API by, beside localhost,
	// addresses, and what a certificate is for.
	Hosts []string
}

// New returns the API of an open runtime.
func New(rt *local.Runtime, opts Options) *API {
	a := &API{
		rt: rt, log: opts.Log, stop: opts.Stop, mux: http.NewServeMux(), hosts: opts.Hosts,
		uploads: semaphore.NewWeighted(uploadMemory), pace: slowest,
	}
	a.life, a.cut = context.WithCancel(context.Background())
	// Clients ping every 10 s; those that do not answer our pings either are
	// gone.
	a.sockets = socketOptions{IdleTimeout: 60 * time.Second, PingInterval: 20 * time.Second}
	account := Prefix + "/accounts/{account}"
	a.handleAccount(account)
	a.handleWorkers(account)
	a.handleContent(account)
	a.handleRoutes(account)
	a.handleDomains(account)
	a.handleNamespaces(account)
	a.handleAssets(account)
	a.handle("GET "+account+"/workers/services/{script}", a.getService)
	a.handle("GET "+account+"/workers/scripts", a.listScripts)
	a.handle("PUT "+account+"/workers/scripts/{script}", a.putScript)
	a.handle("DELETE "+account+"/workers/services/{script}", a.deleteScript)
	script := account + "/workers/scripts/{script}"
	a.handle("DELETE "+script, a.deleteScript)
	a.handle("GET "+script+"/references", a.listReferences)
	a.handle("GET "+script+"/versions", a.listVersions)
	a.handle("POST "+script+"/versions", a.postVersion)
	a.handle("GET "+script+"/versions/{version}", a.getVersion)
	a.handle("GET "+script+"/deployments", a.listDeployments)
	a.handle("POST "+script+"/deployments", a.postDeployment)
	a.handle("GET "+script+"/secrets", a.listSecrets)
	a.handle("PUT "+script+"/secrets", a.putSecret)
	a.handle("DELETE "+script+"/secrets/{name}", a.deleteSecret)
	a.handle("PATCH "+script+"/secrets-bulk", a.bulkSecrets)
	a.handle("PATCH "+account+"/workers/workers/{script}/versions/latest", a.patchLatest)
	a.handle("GET "+script+"/settings", a.getSettings)
	a.handle("GET "+script+"/script-settings", a.getScriptSettings)
	a.handle("PATCH "+script+"/script-settings", a.patchScriptSettings)
	a.handleFor(local.ScopeTail, "POST "+account+"/workers/scripts/{script}/tails", a.createTail)
	a.handleFor(local.ScopeTail, "DELETE "+account+"/workers/scripts/{script}/tails/{id}", a.deleteTail)
	a.handleMigrations(account)
	a.handleTokens(account)
	a.handleStorage(account)
	a.handleSchedules(account)
	a.handleQueues(account)
	a.handle("GET "+account+"/paddock/status", a.status)
	a.handle("POST "+account+"/paddock/stop", a.stopRuntime)
	a.handle("/", func(r *http.Request) (any, error) {
		return nil, &local.Refusal{Code: cfapi.CodeNoRoute, Message: "this runtime does not support " + r.Method + " " + r.URL.Path}
	})
	// The tail's WebSocket carries no credentials; its URL is the secret.
	a.mux.HandleFunc("GET /tail/{token}", a.openTail)
	return a
}

// Close waits until the WebSockets of all tails have ended, which they do by
// themselves once the runtime is closed; when ctx ends, the rest is cut. It
// must come after the end of the HTTP server, which does not know of them: a
// process that does not wait here ends before its clients were told to go.
func (a *API) Close(ctx context.Context) {
	defer context.AfterFunc(ctx, a.cut)()
	a.tails.Wait()
}

// write writes the envelope: the only place that does. Downloads have none.
func (a *API) write(w http.ResponseWriter, r *http.Request, result any, err error) {
	if file, ok := result.(download); ok && err == nil {
		a.send(w, r, file)
		return
	}
	status := http.StatusOK
	envelope := cfapi.Envelope[any]{Success: err == nil, Errors: []cfapi.Error{}, Messages: []cfapi.Message{}, Result: result}
	if part, ok := result.(page); ok {
		envelope.Result, envelope.ResultInfo = part.result, &part.info
	}
	if err != nil {
		envelope.ResultInfo = nil
		envelope.Result = nil
		for _, err := range refusals(err) {
			code := 0
			status, code = refusal(err)
			envelope.Errors = append(envelope.Errors, cfapi.Error{Code: code, Message: err.Error(), Meta: details(err)})
		}
	}
	a.record(r, status, err)
	if status == http.StatusRequestTimeout {
		w.Header().Set("Connection", "close") // the rest of the body may come at any time
	}
	// An answer says nothing to whom it was not meant for.
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(envelope); err != nil {
		a.log.Debug("the client did not take the answer", "path", r.URL.Path, "err", err)
	}
}

// send answers with what was uploaded, which is no JSON.
func (a *API) send(w http.ResponseWriter, r *http.Request, file download) {
	a.record(r, http.StatusOK, nil)
	maps.Copy(w.Header(), file.header)
	if _, err := w.Write(file.body); err != nil {
		a.log.Debug("the client did not take the answer", "path", r.URL.Path, "err", err)
	}
}

// refusals parts an error that says several things at once, each of which is
// the client's doing.
func refusals(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	for _, e := range joined.Unwrap() {
		if _, ok := e.(*local.Refusal); !ok {
			return []error{err}
		}
	}
	return joined.Unwrap()
}

// refusal returns the HTTP status and the code for an error. What is not
// known to be the client's doing is an error of ours, so that Wrangler tries
// an upload again; except one that is stored already, for which a second
// attempt would only hide what went wrong with the first.
func refusal(err error) (status, code int) {
	var (
		refused  *local.Refusal
		migrated *migrate.Refusal
		form     *cfapi.FormError
		tooLarge *http.MaxBytesError
		stored   *local.StoredError
	)
	switch {
	case errors.As(err, &refused):
		if code = refused.Code; refused.Status != 0 {
			return refused.Status, code
		}
	case errors.As(err, &migrated):
		return migrated.Status, migrated.Code
	case errors.As(err, &form):
		code = form.Code
	case errors.As(err, &tooLarge):
		code = cfapi.CodeTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		code = cfapi.CodeTimeout
	case errors.As(err, &stored):
		return http.StatusConflict, cfapi.CodeInternal
	case errors.Is(err, local.ErrFull):
		code = cfapi.CodeDiskFull
	default:
		code = cfapi.CodeInternal
	}
	return cfapi.StatusOf(code), code
}
