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
	"crypto/subtle"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"paddock/internal/cfapi"
	"paddock/local"
	"paddock/migrate"
)

// Prefix is the path under which the API lies, as on api.cloudflare.com.
const Prefix = "/client/v4"

// API serves the control API of a runtime.
type API struct {
	rt   *local.Runtime
	log  *slog.Logger
	stop func()
	mux  *http.ServeMux

	sockets socketOptions
	tails   sync.WaitGroup  // requests for the WebSocket of a tail, up to its end
	life    context.Context // of these WebSockets; cut ends it
	cut     context.CancelFunc
}

// New returns the API of an open runtime. stop is called when a client asks
// the runtime to end; it must not wait for the requests in flight.
func New(rt *local.Runtime, log *slog.Logger, stop func()) *API {
	a := &API{rt: rt, log: log, stop: stop, mux: http.NewServeMux()}
	a.life, a.cut = context.WithCancel(context.Background())
	// Clients ping every 10 s; those that do not answer our pings either are
	// gone.
	a.sockets = socketOptions{IdleTimeout: 60 * time.Second, PingInterval: 20 * time.Second}
	account := Prefix + "/accounts/{account}"
	a.handle("GET "+Prefix+"/user/tokens/verify", a.verifyToken)
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
	a.handle("POST "+account+"/workers/scripts/{script}/tails", a.createTail)
	a.handle("DELETE "+account+"/workers/scripts/{script}/tails/{id}", a.deleteTail)
	a.handleMigrations(account)
	a.handle("GET "+account+"/paddock/status", a.status)
	a.handle("POST "+account+"/paddock/stop", a.stopRuntime)
	a.handle("/", func(r *http.Request) (any, error) {
		return nil, &local.Refusal{Code: cfapi.CodeNoRoute, Message: "this runtime does not support " + r.Method + " " + r.URL.Path}
	})
	// The tail's WebSocket carries no credentials; its URL is the secret.
	a.mux.HandleFunc("GET /tail/{token}", a.openTail)
	return a
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// A name that was made to point at this machine belongs to somebody
	// else's page, whose scripts could then talk to us.
	if !localName(r.Host) {
		a.write(w, r, nil, &local.Refusal{Code: cfapi.CodeUnauthorized, Message: "this API answers only to localhost"})
		return
	}
	a.mux.ServeHTTP(w, r)
}

// Close waits until the WebSockets of all tails have ended, which they do by
// themselves once the runtime is closed; when ctx ends, the rest is cut. It
// must come after the end of the HTTP server, which does not know of them: a
// process that does not wait here ends before its clients were told to go.
func (a *API) Close(ctx context.Context) {
	defer context.AfterFunc(ctx, a.cut)()
	a.tails.Wait()
}

func localName(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	return net.ParseIP(host) != nil
}

// A handler answers one call with a result for the envelope.
type handler func(*http.Request) (any, error)

func (a *API) handle(pattern string, h handler) {
	a.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		result, err := a.authorized(r, h)
		a.write(w, r, result, err)
	})
}

func (a *API) authorized(r *http.Request, h handler) (any, error) {
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if ok && subtle.ConstantTimeCompare([]byte(given), []byte(a.rt.Token())) == 1 {
		return h(r)
	}
	// Wrangler makes one clear message of these codes, and stack traces of
	// others.
	code := cfapi.CodeUnauthorized
	switch {
	case r.URL.Path == Prefix+"/user/tokens/verify":
		code = cfapi.CodeInvalidToken
	case strings.HasPrefix(r.URL.Path, Prefix+"/accounts/"):
		code = cfapi.CodeAuthentication
	}
	return nil, &local.Refusal{Code: code, Message: "Authentication error: the token is not this runtime's (see `paddock runtime env`)"}
}

// write writes the envelope: the only place that does.
func (a *API) write(w http.ResponseWriter, r *http.Request, result any, err error) {
	status := http.StatusOK
	envelope := cfapi.Envelope[any]{Success: err == nil, Errors: []cfapi.Error{}, Messages: []cfapi.Message{}, Result: result}
	if err != nil {
		envelope.Result = nil
		for _, err := range refusals(err) {
			code := 0
			status, code = refusal(err)
			envelope.Errors = append(envelope.Errors, cfapi.Error{Code: code, Message: err.Error(), Meta: details(err)})
		}
	}
	level := slog.LevelDebug
	if status >= 500 && r.Context().Err() == nil { // what fails because the client left is no fault
		level = slog.LevelError
	}
	a.log.Log(r.Context(), level, "api", "method", r.Method, "path", r.URL.Path, "status", status, "err", err)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(envelope); err != nil {
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
		code = refused.Code
	case errors.As(err, &migrated):
		return migrated.Status, migrated.Code
	case errors.As(err, &form):
		code = form.Code
	case errors.As(err, &tooLarge):
		code = cfapi.CodeTooLarge
	case errors.As(err, &stored):
		return http.StatusConflict, cfapi.CodeInternal
	default:
		code = cfapi.CodeInternal
	}
	return cfapi.StatusOf(code), code
}

func (a *API) verifyToken(*http.Request) (any, error) {
	return map[string]string{"id": "paddock", "status": "active"}, nil
}
