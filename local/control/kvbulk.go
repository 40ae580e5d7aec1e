package control

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"paddock/internal/cfapi"
	"paddock/local"
)

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
