package local

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"paddock/internal/cfapi"
	"paddock/local/store"
)

// Buckets are what clients send at once. They may send several side by side.
const (
	bucketFiles = 500
	bucketBytes = 32 << 20
)

var assetHash = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9A-Za-z_-]{1,128}$`) })

// StartAssets opens a session for the static files of a script, and says which
// of them are to be uploaded: those that were not uploaded for it before. The
// script need not exist yet. A [*Refusal] says what is wrong with the manifest.
func (r *Runtime) StartAssets(ctx context.Context, script string, manifest cfapi.AssetManifest) (cfapi.AssetSession, error) {
	fail := func(err error) (cfapi.AssetSession, error) { return cfapi.AssetSession{}, err }
	if !scriptName().MatchString(script) {
		return fail(refuse(cfapi.CodeInvalidScriptName, "script name %q is invalid", script))
	}
	if err := checkManifest(manifest.Manifest); err != nil {
		return fail(err)
	}
	text, err := json.Marshal(manifest) // with sorted keys: the same files, the same blob
	if err != nil {
		return fail(fmt.Errorf("keep manifest: %w", err))
	}
	sha, err := r.blobs.put(text)
	if err != nil {
		return fail(err)
	}
	have, err := r.store.AssetFiles(ctx, script)
	if err != nil {
		return fail(r.readError(err))
	}
	missing := r.missingAssets(manifest.Manifest, have)
	token, err := r.signAssets(script, sha, len(missing) == 0)
	return cfapi.AssetSession{JWT: token, Buckets: buckets(missing)}, err
}

// checkManifest refuses what could not be laid out as files in a folder.
func checkManifest(files map[string]cfapi.AssetFile) error {
	if len(files) > cfapi.MaxAssets {
		return refuse(cfapi.CodeTooLarge, "the manifest has %d files, and %d are allowed", len(files), cfapi.MaxAssets)
	}
	sizes := map[string]int64{}
	for name, f := range files {
		if reason := badAssetPath(name); reason != "" {
			return refuse(cfapi.CodeMalformedBody, "the path %q of a static file %s", name, reason)
		}
		if !assetHash().MatchString(f.Hash) {
			return refuse(cfapi.CodeMalformedBody, "the hash of %q is invalid: use up to 128 letters and digits", name)
		}
		if f.Size < 0 || f.Size > cfapi.MaxAssetSize {
			return refuse(cfapi.CodeTooLarge, "the static file %q has %d bytes, and %d are allowed", name, f.Size, cfapi.MaxAssetSize)
		}
		if size, again := sizes[f.Hash]; again && size != f.Size {
			return refuse(cfapi.CodeMalformedBody, "two static files of different sizes have the hash %q", f.Hash)
		}
		sizes[f.Hash] = f.Size
		for dir := path.Dir(name); dir != "/"; dir = path.Dir(dir) {
			if _, isFile := files[dir]; isFile {
				return refuse(cfapi.CodeMalformedBody, "the static file %q lies in %q, which is a file itself", name, dir)
			}
		}
	}
	return nil
}

// badAssetPath says what is wrong with the path of a static file, or "".
func badAssetPath(name string) string {
	const longestName, longest = 255, 2048 // what file systems take
	rest, ok := strings.CutPrefix(name, "/")
	switch {
	case !ok:
		return "does not begin with a slash"
	case len(name) > longest || !utf8.ValidString(name):
		return "is too long, or is not UTF-8"
	case strings.ContainsAny(name, "\x00\\"):
		return "holds a backslash or a NUL"
	}
	for element := range strings.SplitSeq(rest, "/") {
		if element == "" || element == "." || element == ".." || len(element) > longestName {
			return "has an element that is empty, a dot, two dots, or too long"
		}
	}
	return ""
}

// missingAssets returns the files of a manifest that are not there, each once,
// in the order of their hashes.
func (r *Runtime) missingAssets(files map[string]cfapi.AssetFile, have map[string]store.AssetFile) []cfapi.AssetFile {
	missing := map[string]cfapi.AssetFile{}
	for _, f := range files {
		if known, ok := have[f.Hash]; !ok || known.Size != f.Size || !r.blobs.has(known.SHA256, known.Size) {
			missing[f.Hash] = f
		}
	}
	list := make([]cfapi.AssetFile, 0, len(missing))
	for _, f := range missing {
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b cfapi.AssetFile) int { return cmp.Compare(a.Hash, b.Hash) })
	return list
}

// buckets parts files into what is sent at once.
func buckets(files []cfapi.AssetFile) [][]string {
	list := [][]string{}
	room := int64(0)
	for _, f := range files {
		last := len(list) - 1
		if last < 0 || len(list[last]) == bucketFiles || room < f.Size {
			list, last, room = append(list, nil), last+1, max(bucketBytes, f.Size)
		}
		list[last] = append(list[last], f.Hash)
		room -= f.Size
	}
	return list
}

// An AssetUpload takes in files of a session.
type AssetUpload struct {
	rt       *Runtime
	claims   assetClaims
	manifest map[string]cfapi.AssetFile
	sizes    map[string]int64 // by hash
	arrived  []store.AssetFile
}

// OpenAssets opens the session of a token for a bucket. A [*Refusal] says that
// the token is none of this runtime's, or has expired.
func (r *Runtime) OpenAssets(token string) (*AssetUpload, error) {
	claims, err := r.readAssets(token)
	if err != nil {
		return nil, err
	}
	manifest, err := r.manifest(claims)
	if err != nil {
		return nil, err
	}
	u := &AssetUpload{rt: r, claims: claims, manifest: manifest, sizes: map[string]int64{}}
	for _, f := range manifest {
		u.sizes[f.Hash] = f.Size
	}
	return u, nil
}

// manifest reads the manifest of a session.
func (r *Runtime) manifest(claims assetClaims) (map[string]cfapi.AssetFile, error) {
	text, err := r.blobs.get(claims.Manifest)
	if err != nil {
		return nil, err
	}
	var m cfapi.AssetManifest
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	return m.Manifest, nil
}

// Put takes in one file. What it read so far is forgotten if it fails.
func (u *AssetUpload) Put(hash, contentType string, content io.Reader) error {
	size, wanted := u.sizes[hash]
	if !wanted {
		return refuse(cfapi.CodeMalformedBody, "the manifest of this session has no file with the hash %q", hash)
	}
	sha, err := u.rt.blobs.take(content, size)
	if errors.Is(err, errOtherSize) {
		return refuse(cfapi.CodeMalformedBody, "the file with the hash %q does not have the %d bytes that the manifest says", hash, size)
	}
	if err != nil {
		return err
	}
	if contentType == cfapi.NoContentType {
		contentType = ""
	}
	u.arrived = append(u.arrived, store.AssetFile{Hash: hash, SHA256: sha, Size: size, Type: contentType})
	return nil
}

// Finish keeps what was put. The answer has the token of the completed session
// if no file is missing any more.
func (u *AssetUpload) Finish(ctx context.Context) (cfapi.AssetUpload, error) {
	if err := u.rt.blobs.settle(); err != nil {
		return cfapi.AssetUpload{}, err
	}
	script := u.claims.Subject
	if err := u.rt.store.AddAssetFiles(context.WithoutCancel(ctx), script, u.arrived); err != nil {
		return cfapi.AssetUpload{}, u.rt.readError(err)
	}
	have, err := u.rt.store.AssetFiles(ctx, script)
	if err != nil {
		return cfapi.AssetUpload{}, u.rt.readError(err)
	}
	if len(u.rt.missingAssets(u.manifest, have)) > 0 {
		return cfapi.AssetUpload{}, nil
	}
	token, err := u.rt.signAssets(script, u.claims.Manifest, true)
	return cfapi.AssetUpload{JWT: token}, err
}
