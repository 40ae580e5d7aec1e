package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"paddock/engine"
	"paddock/local/store"
)

// The engine serves folders. There is one for each set of static files in
// force, made of hard links to the blobs, and named by the blob that lists
// them: versions with the same files share it.

func (r *Runtime) assetsDir() string { return filepath.Join(r.opts.Dir, "assets") }

// assetsOf returns the folder with the static files of a version. It need not
// exist.
func (r *Runtime) assetsOf(a *store.Assets) string {
	if a == nil {
		return ""
	}
	if a.Dir != "" {
		return a.Dir
	}
	return filepath.Join(r.assetsDir(), a.Manifest)
}

// makeAssets makes the folders that an engine is to serve and that are not
// there yet.
func (r *Runtime) makeAssets(cfg engine.Config) error {
	for _, a := range cfg.Assets {
		if filepath.Dir(a.Path) != r.assetsDir() {
			continue // a dev session's own
		}
		if _, err := os.Stat(a.Path); err == nil {
			continue // they get their name when they are complete
		}
		if err := r.layOut(a.Path); err != nil {
			return fmt.Errorf("lay out static files: %w", err)
		}
	}
	return nil
}

// prepareAssets makes the folders of plans while the engines before them still
// serve: thousands of links take a while. What fails is tried again, and
// reported, by the engine's start.
func (r *Runtime) prepareAssets(plans map[string]plan) {
	for _, p := range plans {
		if err := r.makeAssets(p.config); err != nil {
			r.log.Error("static files are not laid out ahead of their engine", "scripts", p.scripts, "err", err)
		}
	}
}

// layOut makes a folder of the blob after which it is named.
func (r *Runtime) layOut(folder string) (err error) {
	list, err := r.blobs.get(filepath.Base(folder))
	if err != nil {
		return err
	}
	var files []assetFile
	if err := json.Unmarshal(list, &files); err != nil {
		return err
	}
	fresh, err := os.MkdirTemp(r.assetsDir(), ".new-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(fresh))
		}
	}()
	for _, f := range files {
		if err := r.layOutFile(fresh, f); err != nil {
			return err
		}
	}
	err = os.Rename(fresh, folder)
	if _, missing := os.Stat(folder); err != nil && missing == nil {
		return os.RemoveAll(fresh) // another group, which has the same files, was faster
	}
	return err
}

func (r *Runtime) layOutFile(folder string, f assetFile) error {
	// Paths were checked when they came; this holds whatever the blob says.
	name := strings.TrimPrefix(f.Path, "/")
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return fmt.Errorf("the path %q leads out of the folder", f.Path)
	}
	to := filepath.Join(folder, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if err := os.Link(r.blobs.path(f.SHA256), to); err == nil {
		return nil
	}
	return copyFile(r.blobs.path(f.SHA256), to) // a file system without links, or with too many to one file
}

func copyFile(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Close())
}

// sweepAssets removes the folders that no plan serves. No engine of another
// one may run.
func (r *Runtime) sweepAssets(served map[string]bool) error {
	entries, err := os.ReadDir(r.assetsDir())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if folder := filepath.Join(r.assetsDir(), e.Name()); !served[folder] {
			err = errors.Join(err, os.RemoveAll(folder))
		}
	}
	return err
}

// servedFolders returns the folders of static files of plans.
func servedFolders(plans map[string]plan) map[string]bool {
	folders := map[string]bool{}
	for _, p := range plans {
		for _, a := range p.config.Assets {
			folders[a.Path] = true
		}
	}
	return folders
}
