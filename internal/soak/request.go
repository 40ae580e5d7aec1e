package soak

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// A refusal is an answer that is not 200.
type refusal struct {
	status int
	text   string
}

func (e *refusal) Error() string { return fmt.Sprintf("%d %.200s", e.status, e.text) }

// A wrongAnswer is a fault whatever has been killed.
type wrongAnswer struct{ got, want string }

func (e *wrongAnswer) Error() string { return fmt.Sprintf("answer %.100q, want %.100q", e.got, e.want) }

// ask sends one request, once, and returns the body of its answer.
func (l *Load) ask(c *http.Client, method, path string, b body) (string, error) {
	req, err := http.NewRequest(method, l.url(path), io.NopCloser(b.open()))
	if err != nil {
		return "", err
	}
	if l.opts.Host != "" {
		req.Host = l.opts.Host
	}
	// net/http repeats a request without a body when a kept connection breaks,
	// which would count twice without anybody's fault. It does not repeat one
	// with a body that it cannot read again; an empty one is not to be seen.
	req.ContentLength = int64(len(b.text))
	if b == nothing {
		req.TransferEncoding = []string{"identity"}
	}
	res, err := c.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return "", fmt.Errorf("read answer: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return "", &refusal{status: res.StatusCode, text: string(answer)}
	}
	return string(answer), nil
}

// unsent reports whether a request certainly has not reached anybody.
func unsent(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// excusable reports whether an error is what must be expected of a request
// during which somebody was killed: no answer, half an answer, or one that
// says that the engine's connection ended (502) or the code changed (503).
func excusable(err error) bool {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r.status == http.StatusBadGateway || r.status == http.StatusServiceUnavailable
	}
	return !errors.As(err, new(*wrongAnswer))
}

// reason returns an error's text without what differs from one time to the
// next: addresses.
func reason(err error) string {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	for op, ok := errors.AsType[*net.OpError](err); ok; op, ok = errors.AsType[*net.OpError](op.Err) {
		err = op.Err
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}
