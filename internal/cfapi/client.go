package cfapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
)

// maxResponse bounds what is read of an answer. The largest ones are lists.
const maxResponse = 32 << 20

// Client calls the API. The zero value plus BaseURL is usable; a Client may be
// used from several goroutines. Its credentials appear in no error.
type Client struct {
	BaseURL    string // up to and including /client/v4, or whatever prefix the server has
	Token      string // sent as a bearer token if it is not empty
	Key, Email string // the older credentials, for whoever has no token
	AccountID  string
	UserAgent  string       // "" leaves Go's own
	HTTP       *http.Client // nil means http.DefaultClient

	// Retry has calls repeated that failed for a reason that may pass. With nil
	// every request is sent once, and a failure is left to the caller.
	Retry *Retry
	// OnUpload is told how much of a form has been sent. It is called from
	// other goroutines, by and by also if the form is sent again.
	OnUpload func(sent, total int64)
}

// Service returns what is known of a script. An unknown one is an error with
// one of the codes [CodeScriptNotFound], [CodeServiceNotFound] and
// [CodeEnvironmentNotFound].
func (c *Client) Service(ctx context.Context, script string) (*Service, error) {
	return Call[Service](ctx, c, http.MethodGet, c.AccountPath("workers", "services", script), nil)
}

// Worker returns the addresses and settings of a script.
func (c *Client) Worker(ctx context.Context, script string) (*Worker, error) {
	return Call[Worker](ctx, c, http.MethodGet, c.AccountPath("workers", "workers", script), nil)
}

// CreateTail starts a tail of a script.
func (c *Client) CreateTail(ctx context.Context, script string, create TailCreate) (*Tail, error) {
	return Call[Tail](ctx, c, http.MethodPost, c.AccountPath("workers", "scripts", script, "tails"), create)
}

// DeleteTail ends a tail.
func (c *Client) DeleteTail(ctx context.Context, script, id string) error {
	_, err := c.Do(ctx, http.MethodDelete, c.AccountPath("workers", "scripts", script, "tails", id), nil)
	return err
}

// AccountPath returns the path of a resource of the account; the elements are
// escaped.
func (c *Client) AccountPath(elements ...string) string {
	path := "/accounts/" + url.PathEscape(c.AccountID)
	for _, element := range elements {
		path += "/" + url.PathEscape(element)
	}
	return path
}

// Call is [Client.Do] with the result decoded. An absent or null result gives
// a zero T.
func Call[T any](ctx context.Context, c *Client, method, path string, body any) (*T, error) {
	envelope, err := c.Do(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	result := new(T)
	if isNull(envelope.Result) {
		return result, nil
	}
	if err := json.Unmarshal(envelope.Result, result); err != nil {
		return nil, fmt.Errorf("decode result of %s %s: %w", method, withoutQuery(path), err)
	}
	return result, nil
}

// Body is a request body that is not JSON, or that goes with a header.
type Body struct {
	ContentType string
	Data        []byte
	Header      map[string]string
}

// Do sends a request and returns the envelope of its answer. path is relative to
// the base URL and may have a query; body is nil, a [Body], or a value to be
// sent as JSON. A refusal is an [*APIError], and a missing answer a
// [*ConnectionError].
//
// With [Client.Retry], reads are repeated, and what else is known not to have
// been applied. Methods that change something look first.
func (c *Client) Do(ctx context.Context, method, path string, body any) (*Envelope[json.RawMessage], error) {
	for attempt := 1; ; attempt++ {
		envelope, err := c.once(ctx, method, path, body)
		passing := fateOf(err) == unapplied || fateOf(err) == unknown && method == http.MethodGet
		if !passing || !c.Retry.pauseAfter(ctx, attempt, err) {
			return envelope, err
		}
	}
}

// once is Do without repetition.
func (c *Client) once(ctx context.Context, method, path string, body any) (*Envelope[json.RawMessage], error) {
	var connected atomic.Bool
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }}
	req, err := c.request(httptrace.WithClientTrace(ctx, trace), method, path, body)
	if err != nil {
		return nil, err
	}
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	lost := func(what string, err error) error {
		return &ConnectionError{Sent: connected.Load(), err: fmt.Errorf("%s: %w", what, err)}
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, lost(method+" "+req.URL.Redacted(), withoutURL(err))
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse+1))
	if err != nil {
		return nil, lost("read answer of "+method+" "+withoutQuery(path), err)
	}
	if len(data) > maxResponse {
		return nil, fmt.Errorf("answer of %s %s is larger than %d bytes", method, withoutQuery(path), maxResponse)
	}
	envelope, failure := c.decode(resp.StatusCode, data)
	if failure != nil {
		failure.Method, failure.Path = method, withoutQuery(path)
		failure.RetryAfter = retryAfter(resp.Header)
		return nil, failure
	}
	return envelope, nil
}

func (c *Client) request(ctx context.Context, method, path string, body any) (*http.Request, error) {
	if strings.HasPrefix(path, "/accounts//") {
		return nil, fmt.Errorf("%s %s: no account id was given", method, withoutQuery(path))
	}
	var data []byte
	contentType := ""
	switch body := body.(type) {
	case nil:
	case Body:
		data, contentType = body.Data, body.ContentType
	default:
		var err error
		if data, err = json.Marshal(body); err != nil {
			return nil, fmt.Errorf("encode body of %s %s: %w", method, withoutQuery(path), err)
		}
		contentType = "application/json"
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.BaseURL, "/")+path, nil)
	if err != nil {
		return nil, fmt.Errorf("make request %s %s: %w", method, withoutQuery(path), withoutURL(err))
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
		c.setBody(req, data)
	}
	if body, ok := body.(Body); ok {
		for name, value := range body.Header {
			req.Header.Set(name, value)
		}
	}
	switch {
	case c.Token != "":
		req.Header.Set("Authorization", "Bearer "+c.Token)
	case c.Key != "":
		req.Header.Set("X-Auth-Key", c.Key)
		req.Header.Set("X-Auth-Email", c.Email)
	}
	if c.UserAgent != "" {
		req.Header.Set("User-Agent", c.UserAgent)
	}
	return req, nil
}

// withoutURL returns the cause of a [*url.Error]. Its text repeats the URL, and
// shows a password in one that could not be parsed.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

func withoutQuery(path string) string {
	path, _, _ = strings.Cut(path, "?")
	return path
}
