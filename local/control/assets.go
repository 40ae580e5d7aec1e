package control

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"strings"

	"paddock/internal/cfapi"
	"paddock/local"
)

// Limits of what is sent of static files.
const (
	maxManifest    = 32 << 20  // bytes of JSON
	maxBucket      = 256 << 20 // bytes of a form with files, which are not held in memory
	maxBucketFiles = 2000
)

// handleAssets takes in static files, which come before the upload of the
// script that they belong to.
func (a *API) handleAssets(account string) {
	a.handle("POST "+account+"/workers/scripts/{script}/assets-upload-session", a.startAssets)
	a.mux.HandleFunc("POST "+account+"/workers/assets/upload", func(w http.ResponseWriter, r *http.Request) {
		a.answer(w, r, a.uploadAssets)
	})
}

func (a *API) startAssets(r *http.Request) (any, error) {
	if err := a.uploads.Acquire(r.Context(), maxManifest); err != nil {
		return nil, err
	}
	defer a.uploads.Release(maxManifest)
	body, err := readBody(r, maxManifest)
	if err != nil {
		return nil, err
	}
	var manifest cfapi.AssetManifest
	if err := json.Unmarshal(body, &manifest); err != nil || manifest.Manifest == nil {
		return nil, &local.Refusal{Code: cfapi.CodeMalformedBody, Message: `the body is not an object with a "manifest" of paths, hashes and sizes`}
	}
	return a.rt.StartAssets(r.Context(), r.PathValue("script"), manifest)
}

// uploadAssets takes in the files of a bucket. The token is that of the
// session: it says for which script they are.
func (a *API) uploadAssets(r *http.Request) (any, error) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	upload, err := a.rt.OpenAssets(token)
	if err != nil {
		return nil, err
	}
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return nil, badBucket("the body must be multipart/form-data with a boundary")
	}
	form := multipart.NewReader(http.MaxBytesReader(nil, r.Body, maxBucket), params["boundary"])
	inBase64 := r.URL.Query().Get("base64") == "true"
	for n := 0; ; n++ {
		part, err := form.NextRawPart()
		if err == io.EOF {
			break
		}
		if n == maxBucketFiles {
			return nil, &local.Refusal{Code: cfapi.CodeTooLarge, Message: fmt.Sprintf("the form has more than %d files", maxBucketFiles)}
		}
		if err != nil {
			return nil, formError(err)
		}
		if err := putAsset(upload, part, inBase64); err != nil {
			return nil, contentError(err)
		}
	}
	return upload.Finish(r.Context())
}

func putAsset(upload *local.AssetUpload, part *multipart.Part, inBase64 bool) error {
	_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil || params["name"] == "" {
		return badBucket("a part of the form has no name")
	}
	contentType := part.Header.Get("Content-Type")
	if contentType != "" {
		kind, params, err := mime.ParseMediaType(contentType)
		if contentType = mime.FormatMediaType(kind, params); err != nil || contentType == "" {
			return badBucket(fmt.Sprintf("part %q has a malformed content type", params["name"]))
		}
	}
	var content io.Reader = part
	if inBase64 {
		content = base64.NewDecoder(base64.StdEncoding, part)
	}
	return upload.Put(params["name"], contentType, content)
}

func badBucket(message string) error {
	return &local.Refusal{Code: cfapi.CodeMalformedBody, Message: message}
}

// formError tells a form that is malformed from one that did not arrive.
func formError(err error) error {
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) || errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return badBucket("the form is malformed, or ends before its last boundary")
}

// contentError does the same for a file in it.
func contentError(err error) error {
	if corrupt := base64.CorruptInputError(0); errors.As(err, &corrupt) {
		return badBucket("a file of the form is not base64")
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return badBucket("the form ends before its last boundary")
	}
	return err
}
