package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

const (
	installPrefix  = ".installing-" // of the folder of an installation under way
	installLock    = "install.lock"
	installLockTry = 100 * time.Millisecond
)

// Install returns the engine that [Finder.Find] finds, and otherwise puts the
// pinned one into the cache: the copy embedded in this program or, if there
// is none, what the user's own npm fetches, which knows registry, proxy and
// credentials. Of several processes that call it at once, one does the work
// and the others wait for it. Whatever fails, nothing but whole and verified
// engines stays in the cache.
func (f Finder) Install(ctx context.Context) (Binary, error) {
	b, err := f.Find(ctx)
	if !errors.Is(err, ErrNoEngine) {
		return b, err
	}
	rel, err := f.release()
	if err != nil {
		return Binary{}, err
	}
	dir, err := f.cacheDir()
	if err != nil {
		return Binary{}, err
	}
	if err := os.MkdirAll(filepath.Dir(f.cachedPath(dir)), 0o700); err != nil {
		return Binary{}, installFolderError(dir, err)
	}
	lock := flock.New(filepath.Join(dir, installLock), flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, installLockTry); err != nil {
		if ctx.Err() != nil {
			return Binary{}, fmt.Errorf("wait for another installation of the engine: %w", context.Cause(ctx))
		}
		return Binary{}, installFolderError(dir, err)
	}
	// The lock file stays: removing it would let a process that has it open
	// and one that creates it anew both believe to be alone.
	defer lock.Close()

	// Whoever had the lock before may have done the work.
	if b, err := f.findCached(ctx, rel); err == nil {
		return b, nil
	}
	installSweep(dir, filepath.Dir(f.cachedPath(dir)))
	return f.installFresh(ctx, dir, rel)
}

// installFresh unpacks and checks the binary, after a download if need be, and
// moves it into place as the last step. All of it happens inside the cache
// folder, because a rename is atomic only within one file system.
func (f Finder) installFresh(ctx context.Context, dir string, rel binaryRelease) (Binary, error) {
	tmp, err := os.MkdirTemp(dir, installPrefix)
	if err != nil {
		return Binary{}, installFolderError(dir, err)
	}
	defer os.RemoveAll(tmp) // what this leaves behind, the next installation sweeps

	unpacked := filepath.Join(tmp, f.exeName())
	if rel.embedded != "" {
		err = f.unpackEmbedded(ctx, unpacked, rel)
	} else {
		var tarball string
		if tarball, err = f.npmPack(ctx, tmp, rel); err != nil {
			return Binary{}, err
		}
		// The tarball goes before the rename, as an installation that was
		// killed after it is never swept.
		err = errors.Join(installUnpack(ctx, tarball, unpacked, rel), os.Remove(tarball))
	}
	path := f.cachedPath(dir)
	if err == nil {
		err = installPlace(unpacked, path, rel)
	}
	if err != nil {
		return Binary{}, installError(ctx, dir, rel, err)
	}
	return Binary{Path: path, Source: rel.source()}, nil
}

// installPlace renames the finished binary over whatever is there and stamps
// it. An engine that runs from a damaged copy keeps its own file.
func installPlace(unpacked, path string, rel binaryRelease) error {
	if err := os.Rename(unpacked, path); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if err := writeStamp(path, newBinaryStamp(info, rel)); err != nil {
		return err
	}
	return installSyncDir(filepath.Dir(path))
}

// installSyncDir makes renames in a folder durable. Windows cannot do that
// and does not need it.
func installSyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// installSweep removes what installations that were killed have left. The
// caller has the lock, so none of it is in use. Failing to tidy is no reason
// not to install.
func installSweep(cacheDir, binaryDir string) {
	for dir, prefix := range map[string]string{cacheDir: installPrefix, binaryDir: stampPrefix} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), prefix) {
				_ = os.RemoveAll(filepath.Join(dir, e.Name()))
			}
		}
	}
}
