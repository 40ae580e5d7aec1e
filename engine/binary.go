package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Version is the version of the workerd npm packages that paddock is built
// for. No other version is fetched, and none is picked up by itself.
const Version = "1.20261117.1"

// NewestCompatibilityDate is the newest compatibility date that this version
// accepts; the engine refuses to start a worker with a later one.
const NewestCompatibilityDate = "2026-11-24"

// The values of [Binary.Source].
const (
	// SourceEnv is the user's own choice, of which only its path is known.
	SourceEnv         = "PADDOCK_WORKERD"
	sourceEmbedded    = "embedded"
	sourceCache       = "cache"
	sourceNodeModules = "node_modules"
	sourceNPM         = "npm"
)

// ErrNoEngine is wrapped by the error of [Finder.Find] when no usable engine
// is on this machine although one could be installed. A broken
// PADDOCK_WORKERD or an unsupported platform is another error, because an
// installation would not help.
var ErrNoEngine = errors.New("no engine found")

// A Binary is an engine on disk that may be started.
type Binary struct {
	Path   string // absolute
	Source string // where it came from: "PADDOCK_WORKERD", "embedded", "cache", "node_modules" or "npm"
}

// A Finder finds the engine and, on request, installs it. The zero value
// looks in the usual places.
type Finder struct {
	// Getenv looks up environment variables; nil means [os.Getenv].
	Getenv func(string) string
	// CacheDir keeps installed engines; "" means paddock/engine in the
	// user's cache folder.
	CacheDir string
	// ProjectDir is where the search for node_modules begins; "" means that
	// there is no project.
	ProjectDir string
	// Platform is the engine's, such as "linux/arm64"; "" means that of this
	// program. Engines for others can be installed and embedded, not run.
	Platform string
	// Progress, if set, is told during a download how many bytes of how many
	// have arrived, and while an engine is unpacked or compressed how many
	// are done. A total of 0 means that npm shows none yet. Calls may come
	// from another goroutine, one at a time, and none after the method that
	// does the work has returned.
	Progress func(done, total int64)

	releases map[string]binaryRelease // nil = binaryReleases
}

// A BinaryError says why there is no engine. Hint is the way out, for a
// person, and not part of the error's text.
type BinaryError struct {
	Doing string
	Err   error
	Hint  string
}

// Error returns what was being done and the cause.
func (e *BinaryError) Error() string { return e.Doing + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *BinaryError) Unwrap() error { return e.Err }

// versionTimeout bounds a program that was named in PADDOCK_WORKERD and is
// no workerd at all.
const versionTimeout = 10 * time.Second

// ReportedVersion runs the binary with --version and returns what it prints,
// such as "workerd 2026-11-17". Find and Install do not run what they find;
// this is how to learn whether a binary works here and, for one of the
// user's own choice, what it is.
func (b Binary) ReportedVersion(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, b.Path, "--version")
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err == nil {
		return strings.TrimSpace(string(out)), nil
	}
	if cause := ctx.Err(); cause != nil {
		err = cause
	}
	hint := "Check that it was built for this platform; workerd for Linux needs glibc, which Alpine does not have."
	switch {
	case errors.Is(err, fs.ErrPermission):
		hint = "Its folder may lie on a file system that runs no programs (noexec): move it, for the cache with " + binaryCacheVariable() + "."
	case b.Source == SourceEnv:
		hint = "Point PADDOCK_WORKERD at a workerd binary for this platform, or unset it."
	}
	return "", &BinaryError{Doing: fmt.Sprintf("run %s --version", b.Path), Err: err, Hint: hint}
}

func (f Finder) getenv(key string) string {
	if f.Getenv != nil {
		return f.Getenv(key)
	}
	return os.Getenv(key)
}

// cacheDir returns the absolute path of the cache folder, which may not
// exist yet.
func (f Finder) cacheDir() (string, error) {
	dir := f.CacheDir
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return "", &BinaryError{Doing: "find the user's cache folder", Err: err,
				Hint: "Set " + binaryCacheVariable() + ", or set PADDOCK_WORKERD to a workerd binary."}
		}
		dir = filepath.Join(base, "paddock", "engine")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find the cache folder: %w", err)
	}
	return abs, nil
}
