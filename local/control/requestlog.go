package control

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/http"
	"time"

	"paddock/local"
)

// A call is what the log tells of a request.
type call struct {
	id    string
	began time.Time
	token local.Token // of whoever asks, once that is known
}

type callKey struct{}

// begin gives a request an id, which its client is told and the log has.
func begin(w http.ResponseWriter, r *http.Request) *http.Request {
	c := &call{id: newRay(), began: time.Now()}
	w.Header().Set("Cf-Ray", c.id)
	return r.WithContext(context.WithValue(r.Context(), callKey{}, c))
}

// newRay makes an id like those of Cloudflare, which end in the data center.
func newRay() string {
	var id [8]byte
	rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:]) + "-LOCAL"
}

func callOf(r *http.Request) *call { return r.Context().Value(callKey{}).(*call) }

// tokenOf returns the token that a call was made with.
func tokenOf(r *http.Request) local.Token { return callOf(r).token }

// record logs a request that is about to be answered. Neither the token is
// logged nor a query or a body, which may hold secrets.
func (a *API) record(r *http.Request, status int, err error) {
	c := callOf(r)
	attrs := []slog.Attr{
		slog.String("id", c.id), slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", status),
		slog.Duration("took", time.Since(c.began)), slog.String("remote", r.RemoteAddr), slog.String("token", c.token.Name),
	}
	level := slog.LevelInfo
	if err != nil {
		attrs = append(attrs, slog.Any("err", err))
	}
	if status >= http.StatusInternalServerError && r.Context().Err() == nil { // what fails because the client left is no fault
		level = slog.LevelError
	}
	a.log.LogAttrs(r.Context(), level, "api", attrs...)
}
