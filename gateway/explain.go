package gateway

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"strconv"
)

// Explanation is what a client gets in place of an engine's failure, with status 500.
type Explanation struct {
	Header http.Header // without Content-Length
	Body   []byte
}

// failureText is all that an engine says when a script's handler has thrown.
const failureText = "Internal Server Error"

// explain asks why x failed. It returns nil if nobody knows, or nobody is to be asked.
func (x *exchange) explain() *Explanation {
	if x.explainer == nil {
		return nil
	}
	return x.explainer(x.req.WithContext(x.ctx))
}

// explainAnswer replaces the engine's answer if it is its word for a failure.
func (x *exchange) explainAnswer(res *http.Response) {
	if x.explainer == nil || !failed(res) {
		return
	}
	e := x.explain()
	if e == nil {
		return
	}
	_ = res.Body.Close()
	res.Header = maps.Clone(e.Header)
	res.Header.Set("Content-Length", strconv.Itoa(len(e.Body)))
	res.ContentLength, res.Body = int64(len(e.Body)), http.NoBody
	if res.Request.Method != http.MethodHead {
		res.Body = io.NopCloser(bytes.NewReader(e.Body))
	}
}

// failed reports whether an answer is the engine's own word for a failure. A script may answer with the same status and
// text, but its answers have a content type or leave the connection open.
func failed(res *http.Response) bool {
	if res.StatusCode != http.StatusInternalServerError || !res.Close || res.ContentLength != int64(len(failureText)) ||
		res.Header.Get("Content-Type") != "" {
		return false
	}
	if res.Request.Method == http.MethodHead {
		return true
	}
	text, err := io.ReadAll(res.Body)
	res.Body = &reread{Reader: io.MultiReader(bytes.NewReader(text), res.Body), Closer: res.Body}
	return err == nil && string(text) == failureText
}

// reread is a body whose beginning was read already.
type reread struct {
	io.Reader
	io.Closer
}

// explainLoss answers in place of an engine that ended the connection without an answer, and reports whether it did. An
// engine does that when the exception that nobody caught tells of a lost connection of the script's own.
func (x *exchange) explainLoss() bool {
	e := x.explain()
	if e == nil {
		return false
	}
	x.err = nil
	maps.Copy(x.Header(), e.Header)
	x.WriteHeader(http.StatusInternalServerError)
	_, _ = x.Write(e.Body) // a client that is gone needs no answer
	return true
}
