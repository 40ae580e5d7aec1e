package local

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"paddock/engine"
	"paddock/internal/cfapi"
	"paddock/local/store"
)

// LiveAssets are the static files of a dev session: a folder that is served as
// it is at every moment.
type LiveAssets struct {
	Dir    string // absolute
	Ignore string // the text of .assetsignore
	Config cfapi.AssetsConfig
}

// An assetFile is a static file of a version, as the blob lists it that the
// version names.
type assetFile struct {
	Path   string `json:"path"` // begins with a slash
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	Type   string `json:"type,omitempty"`
}

// servedAssets is the configuration that the engine takes.
type servedAssets struct {
	HTMLHandling     string          `json:"html_handling,omitempty"`
	NotFoundHandling string          `json:"not_found_handling,omitempty"`
	BasePath         string          `json:"base_path,omitempty"`
	RunWorkerFirst   json.RawMessage `json:"run_worker_first,omitempty"`
	Headers          string          `json:"headers,omitempty"`
	Redirects        string          `json:"redirects,omitempty"`
	Ignore           string          `json:"ignore,omitempty"`
}

// served returns the configuration of files for the engine; code is whether
// there is a Worker behind them.
func served(c cfapi.AssetsConfig, code bool) (servedAssets, error) {
	first := c.RunWorkerFirst
	switch text := string(bytes.TrimSpace(first)); {
	case text == "" || text == "null" || text == "false":
		first = nil
	case !code:
		return servedAssets{}, refuse(cfapi.CodeValidationFailed, "Cannot set run_worker_first without a Worker script.")
	}
	return servedAssets{
		HTMLHandling: c.HTMLHandling, NotFoundHandling: c.NotFoundHandling, BasePath: c.BasePath,
		RunWorkerFirst: first, Headers: c.Headers, Redirects: c.Redirects,
	}, nil
}

// hasCode reports whether an upload is more than static files.
func (u Upload) hasCode() bool { return u.Form.Metadata.MainModule != "" }

// hasAssets reports whether an upload says that there are static files.
func (u Upload) hasAssets() bool {
	return u.Form.Metadata.Assets != nil || u.Form.Metadata.KeepAssets || u.Assets != nil
}

// assets returns the static files of an upload, nil if it has none.
func (r *Runtime) assets(ctx context.Context, up Upload) (*store.Assets, error) {
	var made *store.Assets
	var err error
	switch m := up.Form.Metadata; {
	case up.Assets != nil:
		made, err = liveAssets(*up.Assets, up.hasCode())
	case m.Assets != nil:
		made, err = r.uploadedAssets(ctx, up.Script, *m.Assets, up.hasCode())
	case m.KeepAssets:
		made, err = r.keptAssets(ctx, up.Script)
	}
	if err != nil {
		return nil, err
	}
	bound := slices.IndexFunc(up.Form.Metadata.Bindings, func(b cfapi.Binding) bool { return b.Type == cfapi.BindingAssets })
	if made == nil && bound >= 0 {
		return nil, refuse(cfapi.CodeMalformedBody, "binding %q is to static files, and the upload has none", up.Form.Metadata.Bindings[bound].Name)
	}
	if made == nil && !up.hasCode() {
		return nil, refuse(cfapi.CodeMalformedBody, "the upload has neither a main module nor static files")
	}
	return made, nil
}

func liveAssets(live LiveAssets, code bool) (*store.Assets, error) {
	s, err := served(live.Config, code)
	if err != nil {
		return nil, err
	}
	s.Ignore = live.Ignore
	config, err := json.Marshal(s)
	return &store.Assets{Dir: live.Dir, Config: config}, err
}

// keptAssets returns the files of the latest version.
func (r *Runtime) keptAssets(ctx context.Context, script string) (*store.Assets, error) {
	before, err := r.store.LatestVersion(ctx, script)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return before.Assets, err
}

// uploadedAssets returns the files of a completed session.
func (r *Runtime) uploadedAssets(ctx context.Context, script string, a cfapi.Assets, code bool) (*store.Assets, error) {
	claims, err := r.readAssets(a.JWT)
	if err != nil {
		return nil, err
	}
	switch {
	case claims.Subject != script:
		return nil, refuse(cfapi.CodeValidationFailed, "the static files were uploaded for the script %q, not for %q", claims.Subject, script)
	case !claims.Complete:
		return nil, refuse(cfapi.CodeValidationFailed, "the upload of static files is not complete: use the token of the last answer")
	}
	s, err := served(a.Config, code)
	if err != nil {
		return nil, err
	}
	files, err := r.laidOut(ctx, claims)
	if err != nil {
		return nil, err
	}
	s.Headers = withTypes(s.Headers, files)
	made := &store.Assets{Files: len(files)}
	for _, f := range files {
		made.Bytes += f.Size
	}
	list, err := json.Marshal(files)
	if err != nil {
		return nil, fmt.Errorf("keep static files: %w", err)
	}
	if made.Config, err = json.Marshal(s); err != nil {
		return nil, fmt.Errorf("keep static files: %w", err)
	}
	made.Manifest, err = r.blobs.put(list)
	return made, err
}

// laidOut returns the files of a session with their blobs, by path.
func (r *Runtime) laidOut(ctx context.Context, claims assetClaims) ([]assetFile, error) {
	manifest, err := r.manifest(claims)
	if err != nil {
		return nil, err
	}
	have, err := r.store.AssetFiles(ctx, claims.Subject)
	if err != nil {
		return nil, r.readError(err)
	}
	if n := len(r.missingAssets(manifest, have)); n > 0 { // the script was deleted in between
		return nil, refuse(cfapi.CodeValidationFailed, "%d of the static files are not there any more: upload them again", n)
	}
	files := make([]assetFile, 0, len(manifest))
	for name, f := range manifest {
		known := have[f.Hash]
		files = append(files, assetFile{Path: name, SHA256: known.SHA256, Size: known.Size, Type: known.Type})
	}
	slices.SortFunc(files, func(a, b assetFile) int { return strings.Compare(a.Path, b.Path) })
	return files, nil
}

// assetsService names the service of the static files of a version, which in
// the engine has the given name.
func assetsService(service string) string { return "paddock:assets:" + service }

// noCode is the module of a version that has only static files.
var noCode = engine.Module{Name: "none.js", Kind: engine.ESModule, Content: []byte("export default {};\n")}

// putAssets has a worker stand behind the static files of its version, which
// lie in the folder.
func putAssets(cfg *engine.Config, w *engine.Worker, v store.Version, dir string) {
	if v.Assets == nil {
		return
	}
	a := engine.Assets{Name: assetsService(w.Name), Path: dir, Worker: w.Name, Config: v.Assets.Config}
	if len(v.Modules) == 0 {
		a.Worker, a.CompatibilityDate, a.CompatibilityFlags = "", w.CompatibilityDate, w.CompatibilityFlags
	}
	cfg.Assets = append(cfg.Assets, a)
	cfg.Experimental = true
	w.Front = a.Name
}
