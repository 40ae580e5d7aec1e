package cfapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// maxResponse bounds what is read of an answer. The largest ones are lists.
const maxResponse = 32 << 20

// Client calls the API. It sends every request once: retries are left to its
// callers. The zero value plus BaseURL is usable; a Client may be used from
// several goroutines. Its token appears in no error.
type Client struct {
	BaseURL   string // up to and including /client/v4, or whatever prefix the server has
	Token     string // sent as a bearer token if it is not empty
	AccountID string
	UserAgent string       // "" leaves Go's own
	HTTP      *http.Client // nil means http.DefaultClient
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

// PutScript uploads a script and deploys it.
func (c *Client) PutScript(ctx context.Context, script string, form Form) (*ScriptUpload, error) {
	var body bytes.Buffer // buffered, because servers want a Content-Length
	contentType, err := EncodeForm(&body, form)
	if err != nil {
		return nil, fmt.Errorf("encode upload of %s: %w", script, err)
	}
	path := c.AccountPath("workers", "scripts", script) + "?excludeScript=true&bindings_inherit=strict"
	return Call[ScriptUpload](ctx, c, http.MethodPut, path, Body{ContentType: contentType, Data: body.Bytes()})
}

// DeleteService deletes a script with all that belongs to it; force does so
// although others depend on it.
func (c *Client) DeleteService(ctx context.Context, script string, force bool) error {
	_, err := c.Do(ctx, http.MethodDelete, c.AccountPath("workers", "services", script)+"?force="+strconv.FormatBool(force), nil)
	return err
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

// Body is a request body that is not JSON.
type Body struct {
	ContentType string
	Data        []byte
}

// Do sends one request and returns the envelope of its answer. path is relative
// to the base URL and may have a query; body is nil, a [Body], or a value to be
// sent as JSON. A refusal is an [*APIError].
func (c *Client) Do(ctx context.Context, method, path string, body any) (*Envelope[json.RawMessage], error) {
	req, err := c.request(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, req.URL.Redacted(), withoutURL(err))
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse+1))
	if err != nil {
		return nil, fmt.Errorf("read answer of %s %s: %w", method, withoutQuery(path), err)
	}
	if len(data) > maxResponse {
		return nil, fmt.Errorf("answer of %s %s is larger than %d bytes", method, withoutQuery(path), maxResponse)
	}
	envelope, failure := c.decode(resp.StatusCode, data)
	if failure != nil {
		failure.Method, failure.Path = method, withoutQuery(path)
		return nil, failure
	}
	return envelope, nil
}

func (c *Client) request(ctx context.Context, method, path string, body any) (*http.Request, error) {
	if strings.HasPrefix(path, "/accounts//") {
		return nil, fmt.Errorf("%s %s: no account id was given", method, withoutQuery(path))
	}
	var reader io.Reader
	contentType := ""
	switch body := body.(type) {
	case nil:
	case Body:
		reader, contentType = bytes.NewReader(body.Data), body.ContentType
	default:
		data, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("encode body of %s %s: %w", method, withoutQuery(path), err)
		}
		reader, contentType = bytes.NewReader(data), "application/json"
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.BaseURL, "/")+path, reader)
	if err != nil {
		return nil, fmt.Errorf("make request %s %s: %w", method, withoutQuery(path), withoutURL(err))
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
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
