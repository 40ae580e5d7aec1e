package control

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"

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
