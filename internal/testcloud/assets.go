package testcloud

import (
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"

	"paddock/internal/cfapi"
)

// Tokens of sessions for static files. The real ones are JWTs.
const (
	assetSession  = "asset-session"
	assetComplete = "asset-complete"
)

// startAssets wants what the cloud has not seen yet, in one bucket.
func (c *Cloud) startAssets(body []byte) (any, error) {
	var m cfapi.AssetManifest
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, err
	}
	session := cfapi.AssetSession{JWT: assetComplete, Buckets: [][]string{}}
	var missing []string
	for _, f := range m.Manifest {
		if !c.assets[f.Hash] && !slices.Contains(missing, f.Hash) {
			missing = append(missing, f.Hash)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		session = cfapi.AssetSession{JWT: assetSession, Buckets: [][]string{missing}}
	}
	return session, nil
}

// isAssetUpload reports whether a request brings static files, which the token
// of their session lets in.
func isAssetUpload(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/workers/assets/upload")
}

func (c *Cloud) takeAssets(r *http.Request) (any, error) {
	if r.Header.Get("Authorization") != "Bearer "+assetSession || r.URL.Query().Get("base64") != "true" {
		return nil, refuse(http.StatusForbidden, cfapi.CodeAuthentication, "Authentication error")
	}
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	form := multipart.NewReader(r.Body, params["boundary"])
	for {
		part, err := form.NextPart()
		if err == io.EOF {
			return cfapi.AssetUpload{JWT: assetComplete}, nil
		}
		if err != nil {
			return nil, err
		}
		c.assets[part.FormName()] = true
	}
}
