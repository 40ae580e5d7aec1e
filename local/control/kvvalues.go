package control

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"paddock/internal/cfapi"
	"paddock/local"
)

// Bounds of what a KV namespace takes; Cloudflare's.
const (
	maxKey   = 512
	maxValue = 25 << 20
	maxBulk  = 100 << 20
)

// metadataHeader is where the engine's module for KV has the metadata of a value.
const metadataHeader = "CF-KV-Metadata"

// handleKVValues registers what clients ask of the keys and values of a
// namespace.
func (a *API) handleKVValues(namespace string) {
	a.handle("GET "+namespace+"/keys", a.listKeys)
	a.handle("GET "+namespace+"/values/{key}", a.getValue)
	a.handle("PUT "+namespace+"/values/{key}", a.putValue)
	a.handle("DELETE "+namespace+"/values/{key}", a.deleteValue)
	a.handle("GET "+namespace+"/metadata/{key}", a.getMetadata)
	a.handle("PUT "+namespace+"/bulk", a.putBulk)
	a.handle("DELETE "+namespace+"/bulk", a.deleteBulk)
	a.handle("POST "+namespace+"/bulk/delete", a.deleteBulk)
	a.handleFor(local.ScopeRead, "POST "+namespace+"/bulk/get", a.getBulk)
}

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

func (a *API) listKeys(r *http.Request) (any, error) {
	given, query := r.URL.Query(), url.Values{}
	for name, theirs := range map[string]string{"prefix": "prefix", "cursor": "cursor", "limit": "key_count_limit"} {
		if v := given.Get(name); v != "" {
			query.Set(theirs, v)
		}
	}
	answer, err := a.askKV(r, kvRequest{method: http.MethodGet, query: query})
	if err != nil {
		return nil, err
	}
	var found struct {
		Keys []struct {
			cfapi.KVKey
			Metadata *string `json:"metadata"` // JSON in a string
		} `json:"keys"`
		Cursor string `json:"cursor"`
	}
	if err := json.Unmarshal(answer.content, &found); err != nil {
		return nil, err
	}
	keys := []cfapi.KVKey{}
	for _, k := range found.Keys {
		if k.Metadata != nil {
			k.KVKey.Metadata = json.RawMessage(*k.Metadata)
		}
		keys = append(keys, k.KVKey)
	}
	return page{keys, cfapi.ResultInfo{Count: len(keys), Cursor: found.Cursor}}, nil
}

func (a *API) getValue(r *http.Request) (any, error) {
	answer, err := a.askKV(r, kvRequest{method: http.MethodGet, key: r.PathValue("key")})
	if err != nil {
		return nil, err
	}
	return download{http.Header{"Content-Type": {"application/octet-stream"}}, answer.content}, nil
}

func (a *API) getMetadata(r *http.Request) (any, error) {
	answer, err := a.askKV(r, kvRequest{method: http.MethodGet, key: r.PathValue("key")})
	if meta := answer.header.Get(metadataHeader); err == nil && meta != "" {
		return json.RawMessage(meta), nil
	}
	return nil, err
}

func (a *API) putValue(r *http.Request) (any, error) {
	ask := kvRequest{method: http.MethodPut, key: r.PathValue("key"), query: url.Values{}}
	for _, name := range []string{"expiration", "expiration_ttl"} {
		if v := r.URL.Query().Get(name); v != "" {
			ask.query.Set(name, v)
		}
	}
	err := checkKey(ask.key)
	if err != nil {
		return nil, err
	}
	if ask.body, ask.meta, err = readValue(r); err != nil {
		return nil, err
	}
	_, err = a.askKV(r, ask)
	return nil, err
}

// readValue reads a value: the body, or a form that brings metadata as well.
func readValue(r *http.Request) (value []byte, meta string, err error) {
	r.Body = http.MaxBytesReader(nil, r.Body, maxValue+1<<20)
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "multipart/form-data" {
		value, err = io.ReadAll(r.Body)
		return value, "", err
	}
	form, err := r.MultipartReader()
	if err != nil {
		return nil, "", malformedForm
	}
	for {
		part, err := form.NextPart()
		if err == io.EOF {
			return value, meta, nil
		}
		if err != nil {
			return nil, "", malformedForm
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, "", malformedForm
		}
		switch part.FormName() {
		case "value":
			value = content
		case "metadata":
			if !json.Valid(content) {
				return nil, "", &local.Refusal{Code: cfapi.CodeMalformedBody, Message: "the metadata is not JSON"}
			}
			meta = compact(content)
		}
	}
}

var malformedForm = &local.Refusal{Code: cfapi.CodeMalformedBody, Message: "the body is not a form of a value and its metadata"}

func (a *API) deleteValue(r *http.Request) (any, error) {
	_, err := a.askKV(r, kvRequest{method: http.MethodDelete, key: r.PathValue("key")})
	return nil, err
}

func (a *API) putBulk(r *http.Request) (any, error) {
	pairs, err := readBulk[cfapi.KVPair](r)
	if err != nil {
		return nil, err
	}
	var asks []kvRequest
	for _, p := range pairs {
		ask := kvRequest{method: http.MethodPut, key: p.Key, body: []byte(p.Value), query: url.Values{}}
		if p.Base64 {
			if ask.body, err = base64.StdEncoding.DecodeString(p.Value); err != nil {
				return nil, &local.Refusal{Code: cfapi.CodeMalformedBody, Message: "the value of the key " + strconv.Quote(p.Key) + " is not base64"}
			}
		}
		if p.Expiration != 0 {
			ask.query.Set("expiration", strconv.FormatInt(p.Expiration, 10))
		}
		if p.ExpirationTTL != 0 {
			ask.query.Set("expiration_ttl", strconv.FormatInt(p.ExpirationTTL, 10))
		}
		if len(p.Metadata) > 0 && string(p.Metadata) != "null" {
			ask.meta = compact(p.Metadata)
		}
		asks = append(asks, ask)
	}
	return a.bulk(r, asks)
}

func (a *API) deleteBulk(r *http.Request) (any, error) {
	keys, err := readBulk[string](r)
	if err != nil {
		return nil, err
	}
	var asks []kvRequest
	for _, key := range keys {
		asks = append(asks, kvRequest{method: http.MethodDelete, key: key})
	}
	return a.bulk(r, asks)
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

// bulk sends requests one after the other, up to the first that is refused.
func (a *API) bulk(r *http.Request, asks []kvRequest) (any, error) {
	for _, ask := range asks {
		if err := checkKey(ask.key); err != nil {
			return nil, err
		}
	}
	err := a.inKV(r, func(ctx context.Context, client *http.Client) error {
		for _, ask := range asks {
			if _, err := ask.do(ctx, client); err != nil {
				return err
			}
		}
		return nil
	})
	return cfapi.KVBulkResult{SuccessfulKeyCount: len(asks), UnsuccessfulKeys: []string{}}, err
}

func (a *API) getBulk(r *http.Request) (any, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return nil, err
	}
	answer, err := a.askKV(r, kvRequest{method: http.MethodPost, path: "bulk/get", body: body})
	if err != nil {
		return nil, err
	}
	return map[string]json.RawMessage{"values": answer.content}, nil
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

// readBulk reads the list of a bulk call.
func readBulk[T any](r *http.Request) ([]T, error) {
	var list []T
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBulk))
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(body, &list) != nil {
		return nil, &local.Refusal{Code: cfapi.CodeMalformedBody, Message: "the body is not the list that this call takes"}
	}
	return list, nil
}
