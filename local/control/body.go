package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"time"

	"paddock/internal/cfapi"
	"paddock/local"
)

// Limits of bodies. What an upload may hold is in [cfapi.DefaultLimits].
const (
	maxBody = 8 << 20 // of JSON

	// uploadMemory is how much the uploads in progress may hold together: they
	// are read whole. Further ones wait.
	uploadMemory = 2 * 256 << 20
)

// A pace is how long a body may take to arrive.
type pace struct {
	stall time.Duration // without a byte
	total time.Duration
}

var slowest = pace{stall: 30 * time.Second, total: 10 * time.Minute}

// readJSON decodes the body of a request. Errors never quote it, as it may hold
// secrets.
func readJSON[T any](r *http.Request) (T, error) {
	var v T
	body, err := readBody(r, maxBody)
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal(body, &v); err != nil {
		return v, &local.Refusal{Code: cfapi.CodeMalformedBody, Message: "the body is not the JSON that this call takes"}
	}
	return v, nil
}

// readBody reads the JSON of a request. Wrangler sends some as text/plain, so
// that the content type says little; but what a form of a web page sends is
// none.
func readBody(r *http.Request, limit int64) ([]byte, error) {
	switch kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind {
	case "application/x-www-form-urlencoded", "multipart/form-data":
		return nil, &local.Refusal{Code: cfapi.CodeMalformedBody, Message: "this call takes JSON: send it with Content-Type: application/json"}
	}
	return io.ReadAll(http.MaxBytesReader(nil, r.Body, limit))
}

// decodeUpload reads the form of an upload. done must be called when the upload
// is over: its memory is then free for others.
func (a *API) decodeUpload(r *http.Request) (up local.Upload, done func(), err error) {
	size := r.ContentLength
	if size < 0 || size > cfapi.DefaultLimits.Total {
		size = cfapi.DefaultLimits.Total // not said, or about to be refused
	}
	if err := a.uploads.Acquire(r.Context(), size); err != nil {
		return local.Upload{}, func() {}, err
	}
	done = func() { a.uploads.Release(size) }
	form, err := cfapi.DecodeForm(r, cfapi.DefaultLimits)
	strict := r.URL.Query().Get("bindings_inherit") == "strict"
	return local.Upload{Script: r.PathValue("script"), Form: form, Source: source(r), StrictInherit: strict}, done, err
}

// guardedBody is a body that has to arrive in time. Only reading is watched: a
// handler may take as long as it likes over what it has read.
type guardedBody struct {
	io.ReadCloser
	control *http.ResponseController
	stall   time.Duration
	end     time.Time
	late    bool
}

// guardBody gives the request a body whose Read fails with
// [os.ErrDeadlineExceeded] when it stands still or takes too long.
func guardBody(w http.ResponseWriter, r *http.Request, p pace) {
	r.Body = &guardedBody{ReadCloser: r.Body, control: http.NewResponseController(w), stall: p.stall, end: time.Now().Add(p.total)}
}

func (b *guardedBody) Read(p []byte) (int, error) {
	if b.late {
		return 0, os.ErrDeadlineExceeded
	}
	deadline := time.Now().Add(b.stall)
	if deadline.After(b.end) {
		deadline = b.end
	}
	_ = b.control.SetReadDeadline(deadline)
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		// The deadline stays: whoever reads the rest before the answer shall
		// not wait either.
		b.late = true
		return n, fmt.Errorf("the body did not arrive in time: %w", err)
	}
	// The server waits for the client's end from now on, for as long as the
	// handler takes.
	_ = b.control.SetReadDeadline(time.Time{})
	return n, err
}
