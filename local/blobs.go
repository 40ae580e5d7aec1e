package local

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"paddock/engine"
	"paddock/local/store"
)

// blobs keeps the contents of modules, each under its SHA-256, shared between
// versions and scripts. The engine reads them from there.
type blobs struct {
	dir    string
	noSync bool
}

// path returns where the content with a hash lies.
func (b blobs) path(sha string) string { return filepath.Join(b.dir, sha) }

// put stores a content and returns its hash. What is there already is left
// alone.
func (b blobs) put(content []byte) (sha string, err error) {
	sum := sha256.Sum256(content)
	sha = hex.EncodeToString(sum[:])
	info, err := os.Stat(b.path(sha))
	switch {
	case err == nil && info.Size() == int64(len(content)):
		return sha, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("store module: %w", err)
	}
	if b.noSync {
		err = os.WriteFile(b.path(sha), content, 0o600)
	} else {
		err = writeFileAtomic(b.path(sha), content, 0o600)
	}
	if engine.DiskFull(err) {
		err = fmt.Errorf("%w: %w", ErrFull, err)
	}
	if err != nil {
		return "", fmt.Errorf("store module: %w", err)
	}
	return sha, nil
}

// get returns the content with a hash.
func (b blobs) get(sha string) ([]byte, error) {
	content, err := os.ReadFile(b.path(sha))
	if err != nil {
		return nil, fmt.Errorf("read module: %w", err)
	}
	return content, nil
}

// Content returns the bytes of a module.
func (r *Runtime) Content(m store.Module) ([]byte, error) { return r.blobs.get(m.SHA256) }
