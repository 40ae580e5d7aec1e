package control

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"paddock/internal/cfapi"
	"paddock/local"
)

// A kvRequest is one to the engine's module for KV.
type kvRequest struct {
	method string
	path   string // "" is that of the key
	key    string // "" is the namespace as a whole
	query  url.Values
	body   []byte
	meta   string // metadata to keep with a value
}

// kvAnswer is what the module answers.
type kvAnswer struct {
	content []byte
	header  http.Header
}

// do sends a request. A refusal of the module stands in the status line.
func (k kvRequest) do(ctx context.Context, client *http.Client) (kvAnswer, error) {
	u := "http://kv/" + cmp.Or(k.path, url.PathEscape(k.key))
	if len(k.query) > 0 {
		u += "?" + k.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, k.method, u, strings.NewReader(string(k.body)))
	if err != nil {
		return kvAnswer{}, err
	}
	if k.meta != "" {
		req.Header.Set(metadataHeader, k.meta)
	}
	resp, err := client.Do(req)
	if err != nil {
		return kvAnswer{}, err
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		return kvAnswer{}, err
	}
	if resp.StatusCode == http.StatusNotFound {
		return kvAnswer{}, &local.Refusal{Code: cfapi.CodeKVKeyUnknown, Message: "get: 'key not found'"}
	}
	if resp.StatusCode != http.StatusOK {
		_, reason, _ := strings.Cut(resp.Status, " ")
		return kvAnswer{}, &local.Refusal{Code: cfapi.CodeMalformedBody, Status: resp.StatusCode, Message: reason}
	}
	return kvAnswer{content, resp.Header}, nil
}

// inKV calls fn with a client of the namespace that the path names.
func (a *API) inKV(r *http.Request, fn func(context.Context, *http.Client) error) error {
	return kvError(a.rt.UseResource(r.Context(), cfapi.BindingKVNamespace, r.PathValue("id"), fn))
}

// askKV sends one request to the namespace that the path names.
func (a *API) askKV(r *http.Request, ask kvRequest) (answer kvAnswer, err error) {
	err = a.inKV(r, func(ctx context.Context, client *http.Client) (err error) {
		answer, err = ask.do(ctx, client)
		return err
	})
	return answer, err
}

// checkKey refuses what cannot be a key: the module leaves that to the bindings.
func checkKey(key string) error {
	if len(key) > maxKey {
		return &local.Refusal{Code: cfapi.CodeMalformedBody, Status: http.StatusRequestURITooLong,
			Message: fmt.Sprintf("UTF-8 encoded length of %d exceeds key length limit of %d.", len(key), maxKey)}
	}
	if key == "" || key == "." || key == ".." {
		return &local.Refusal{Code: cfapi.CodeMalformedBody, Message: "a key cannot be " + strconv.Quote(key)}
	}
	return nil
}

// compact returns JSON as a header can hold it: in one line, in ASCII.
func compact(text []byte) string {
	var line bytes.Buffer
	if json.Compact(&line, text) != nil {
		return "null" // it has been found valid before
	}
	var b strings.Builder
	for _, r := range line.String() {
		switch {
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
