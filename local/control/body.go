package control

import (
	"encoding/json"
	"io"
	"net/http"

	"paddock/internal/cfapi"
	"paddock/local"
)

// maxBody bounds the JSON bodies of calls that are no uploads.
const maxBody = 8 << 20

// readJSON decodes the body of a request, whatever content type it says it has:
// Wrangler sends some as text/plain. Errors never quote it, as it may hold
// secrets.
func readJSON[T any](r *http.Request) (T, error) {
	var v T
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal(body, &v); err != nil {
		return v, &local.Refusal{Code: cfapi.CodeMalformedBody, Message: "the body is not the JSON that this call takes"}
	}
	return v, nil
}
