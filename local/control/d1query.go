package control

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"paddock/internal/cfapi"
	"paddock/local"
)

// queryD1 runs statements, in one transaction. Whether rows come as objects or
// as lists is for the last element of the path to say.
func (a *API) queryD1(r *http.Request) (any, error) {
	body, err := readQuery(r)
	if err != nil {
		return nil, err
	}
	res, err := a.resource(r, cfapi.BindingD1)
	if err != nil {
		return nil, d1Error(err, r.PathValue("id"))
	}
	target := "http://d1/query"
	if strings.HasSuffix(r.URL.Path, "/raw") {
		target += "?resultsFormat=ROWS_AND_COLUMNS"
	}
	var answer []byte
	err = a.rt.UseResource(r.Context(), cfapi.BindingD1, res.ID, func(ctx context.Context, client *http.Client) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		answer, err = io.ReadAll(resp.Body)
		return err
	})
	if err != nil {
		return nil, d1Error(err, r.PathValue("id"))
	}
	var failed struct{ Error string }
	if json.Unmarshal(answer, &failed) == nil && failed.Error != "" { // a success is a list
		return nil, &local.Refusal{Code: cfapi.CodeD1Query, Message: failed.Error}
	}
	return json.RawMessage(answer), nil
}

// readQuery returns the statements of a request as the engine's module takes
// them: one, or a list.
func readQuery(r *http.Request) (json.RawMessage, error) {
	body, err := readJSON[json.RawMessage](r)
	if err != nil {
		return nil, err
	}
	var batch struct{ Batch json.RawMessage }
	if json.Unmarshal(body, &batch) == nil && batch.Batch != nil {
		body = batch.Batch
	}
	return body, nil
}
