package cfapi

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
)

// Bounds of static files, as on the platform.
const (
	MaxAssets    = 100_000  // files of a script
	MaxAssetSize = 25 << 20 // bytes of a file
)

// NoContentType is the content type of a static file that is to be served
// without one: multipart forms cannot say that otherwise.
const NoContentType = "application/null"

// AssetFile is what a manifest says of a static file. The hash is the client's
// name for content and type, 32 hex digits; how it is computed is up to the
// client.
type AssetFile struct {
	Hash string `json:"hash"`
	Size int64  `json:"size"` // bytes
}

// AssetManifest opens a session: all static files that a script shall have, by
// path. Paths begin with a slash.
type AssetManifest struct {
	Manifest map[string]AssetFile `json:"manifest"`
}

// AssetSession says what is to be uploaded: hashes, in buckets that are sent
// one by one. Without any the token is that of a completed session.
type AssetSession struct {
	JWT     string     `json:"jwt"`
	Buckets [][]string `json:"buckets"`
}

// AssetUpload answers to a bucket. The token is there once all files of the
// session are.
type AssetUpload struct {
	JWT string `json:"jwt,omitempty"`
}

// Assets is how an upload form names its static files: by the token of a
// completed session.
type Assets struct {
	JWT    string       `json:"jwt"`
	Config AssetsConfig `json:"config"`
}

// AssetsConfig is how static files are served. What is absent is as on the
// platform by default.
type AssetsConfig struct {
	HTMLHandling     string          `json:"html_handling,omitempty"`
	NotFoundHandling string          `json:"not_found_handling,omitempty"`
	BasePath         string          `json:"base_path,omitempty"`
	RunWorkerFirst   json.RawMessage `json:"run_worker_first,omitempty"` // a boolean, or an array of patterns
	Redirects        string          `json:"_redirects,omitempty"`       // the text of the file of this name
	Headers          string          `json:"_headers,omitempty"`         // the same
}

// StartAssets opens a session for the static files of a script.
func (c *Client) StartAssets(ctx context.Context, script string, manifest AssetManifest) (*AssetSession, error) {
	path := c.AccountPath("workers", "scripts", script, "assets-upload-session")
	return callAgain[AssetSession](ctx, c, http.MethodPost, path, manifest)
}

// UploadAssets sends static files in a session, which its token names. The
// parts are named by their hashes.
func (c *Client) UploadAssets(ctx context.Context, session string, files []Part) (*AssetUpload, error) {
	var body bytes.Buffer
	mw := multipart.NewWriter(&body)
	for _, f := range files {
		f.Filename = f.Name
		f.Content = base64.StdEncoding.AppendEncode(nil, f.Content)
		if err := WritePart(mw, f); err != nil {
			return nil, err
		}
	}
	if err := mw.Close(); err != nil {
		return nil, fmt.Errorf("end form: %w", err)
	}
	as := *c
	as.Token, as.Key, as.Email = session, "", ""
	as.OnUpload = nil // buckets go side by side
	return callAgain[AssetUpload](ctx, &as, http.MethodPost, c.AccountPath("workers", "assets", "upload")+"?base64=true",
		Body{ContentType: mw.FormDataContentType(), Data: body.Bytes()})
}

// callAgain is [Call] for what may be done twice: it is repeated also when it
// may have been applied.
func callAgain[T any](ctx context.Context, c *Client, method, path string, body any) (*T, error) {
	for attempt := 1; ; attempt++ {
		result, err := Call[T](ctx, c, method, path, body)
		if fateOf(err) != unknown || !c.Retry.pauseAfter(ctx, attempt, err) {
			return result, err
		}
	}
}
