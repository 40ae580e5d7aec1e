package publish

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"lukechampine.com/blake3"

	"paddock/config"
	"paddock/internal/cfapi"
	"paddock/internal/diag"
)

// Assets are the static files of a worker as they are on disk.
type Assets struct {
	Config cfapi.AssetsConfig
	Files  []Asset // by path
	Bytes  int64   // of all of them
}

// An Asset is a static file.
type Asset struct {
	Path string // begins with a slash
	File string // where it lies
	Hash string
	Size int64
}

// ListAssets reads the static files of a worker, nil if it has none.
func ListAssets(w *config.Worker) (*Assets, error) {
	if w.Assets == nil {
		return nil, nil
	}
	list := &Assets{}
	settings, ignored, err := ReadAssets(w)
	if err != nil {
		return nil, fmt.Errorf("read static files: %w", err)
	}
	list.Config = settings
	ignore := newIgnorer(ignored)
	_, err = os.Stat(filepath.Join(w.Assets.Dir, ignoreFile))
	deliberate := err == nil
	err = filepath.WalkDir(w.Assets.Dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(w.Assets.Dir, file)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if ignore.ignores(rel) {
			return nil
		}
		if !deliberate && (rel == "_worker.js" || strings.HasPrefix(rel, "_worker.js/")) {
			return privateCode(w)
		}
		return list.add(w, rel, file)
	})
	if err == nil && len(list.Files) > cfapi.MaxAssets {
		err = diag.List{diag.Errorf("assets", w.Assets.Location, "Maximum number of assets exceeded: there are %d files in %s, and %d are allowed", len(list.Files), w.Assets.Dir, cfapi.MaxAssets)}.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("read static files: %w", err)
	}
	return list, nil
}

// privateCode keeps the code of a Pages project from being published as a file.
func privateCode(w *config.Worker) error {
	return diag.List{diag.Errorf("assets", w.Assets.Location, "Uploading a Pages _worker.js file as an asset.\nThis could expose your private server-side code to the public Internet. Is this intended?").
		WithHint("Remove it, or write \"_worker.js\" into a file %s in the folder. If it is to be uploaded, make an empty one.", ignoreFile)}.Err()
}

// add reads one file. Links to folders are none.
func (a *Assets) add(w *config.Worker, rel, file string) error {
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	if info.Size() > cfapi.MaxAssetSize {
		return diag.List{diag.Errorf("assets", w.Assets.Location, "Asset too large.\nCloudflare Workers supports assets with sizes of up to 25 MiB. We found a file %s with a size of %.1f MiB.", file, float64(info.Size())/(1<<20)).
			WithHint("Make it smaller, or name it in a file %s in the folder.", ignoreFile)}.Err()
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	a.Files = append(a.Files, Asset{Path: "/" + rel, File: file, Hash: hashAsset(rel, content), Size: int64(len(content))})
	a.Bytes += int64(len(content))
	return nil
}

// hashAsset is Wrangler's hash of a static file, so that a target that was
// given a file by either knows it from the other.
func hashAsset(name string, content []byte) string {
	text := base64.StdEncoding.AppendEncode(nil, content)
	text = append(text, strings.TrimPrefix(nodeExt(name), ".")...)
	sum := blake3.Sum256(text)
	return hex.EncodeToString(sum[:])[:32]
}

// nodeExt is the extension as Node.js sees it: a name like ".x" has none.
func nodeExt(name string) string {
	base := path.Base(name)
	if i := strings.LastIndexByte(base, '.'); i > 0 {
		return base[i:]
	}
	return ""
}
