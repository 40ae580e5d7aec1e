package local

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"paddock/engine"
	"paddock/local/store"
)

// blobs keeps the contents of modules and static files, each under its SHA-256, shared between
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

// has reports whether a content is there as a whole.
func (b blobs) has(sha string, size int64) bool {
	info, err := os.Stat(b.path(sha))
	return err == nil && info.Size() == size
}

// errOtherSize says that a content is not as long as it should be.
var errOtherSize = errors.New("the content has another size")

// take stores a content of a known size without holding it in memory, and
// returns its hash. It is durable once settle has returned. The error wraps
// [errOtherSize], or is that of reading.
func (b blobs) take(content io.Reader, size int64) (sha string, err error) {
	f, err := os.CreateTemp(b.dir, ".new-*")
	if err != nil {
		return "", fmt.Errorf("store file: %w", err)
	}
	defer os.Remove(f.Name()) // unless it was renamed
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, hash), io.LimitReader(content, size+1))
	if err == nil && n != size {
		err = errOtherSize
	}
	if err == nil && !b.noSync {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	sha = hex.EncodeToString(hash.Sum(nil))
	if b.has(sha, size) {
		return sha, nil
	}
	if err := os.Rename(f.Name(), b.path(sha)); err != nil {
		return "", fmt.Errorf("store file: %w", err)
	}
	return sha, nil
}

// settle makes durable what was taken.
func (b blobs) settle() error {
	if b.noSync {
		return nil
	}
	return syncDir(b.dir)
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
