package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Find looks for the engine: what PADDOCK_WORKERD names, the copy embedded in
// this program, the cache, the node_modules folders from ProjectDir upwards.
// The embedded copy counts as found once it has been unpacked into the cache.
// Copies other than the user's own choice must have the pinned checksum.
// Nothing is fetched, unpacked or run. The error is a [*BinaryError] and wraps
// [ErrNoEngine] if [Finder.Install] could help. With an error the Binary says
// what is known of the engine that is missing: where it should be, and where
// it should come from.
func (f Finder) Find(ctx context.Context) (Binary, error) {
	if path := f.getenv("PADDOCK_WORKERD"); path != "" {
		return findChosen(path)
	}
	rel, err := f.release()
	if err != nil {
		return Binary{}, err
	}
	b, err := f.findCached(ctx, rel)
	if err == nil {
		return b, nil
	}
	if rel.embedded == "" {
		if b, ok := f.findInProject(ctx, rel); ok {
			return b, nil
		}
	}
	if ctx.Err() != nil {
		return Binary{}, fmt.Errorf("look for the engine: %w", context.Cause(ctx))
	}
	return b, err
}

// findChosen takes the user's word for what the binary is: a self-built
// engine has no checksum that paddock could know. It is not run here, since
// that would cost every start a process; a start shows whether it works.
func findChosen(path string) (Binary, error) {
	fail := func(err error) (Binary, error) {
		return Binary{Path: path, Source: SourceEnv}, &BinaryError{Doing: "use PADDOCK_WORKERD", Err: err,
			Hint: "Point PADDOCK_WORKERD at a workerd binary, or unset it to let paddock find its own."}
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return fail(err)
	}
	info, err := os.Stat(abs)
	switch {
	case err != nil:
		return fail(err)
	case !info.Mode().IsRegular():
		return fail(fmt.Errorf("%s is not a file", abs))
	case !findExecutable(info):
		return fail(fmt.Errorf("%s is not executable", abs))
	}
	return Binary{Path: abs, Source: SourceEnv}, nil
}

// findExecutable reports whether somebody may execute the file. Windows has
// no such permission.
func findExecutable(info fs.FileInfo) bool {
	return runtime.GOOS == "windows" || info.Mode().Perm()&0o111 != 0
}

// findCached returns the copy in the cache, which in a program with an engine
// of its own is that one, unpacked. Its error wraps ErrNoEngine, unless there
// is no such thing as a cache here.
func (f Finder) findCached(ctx context.Context, rel binaryRelease) (Binary, error) {
	dir, err := f.cacheDir()
	if err != nil {
		return Binary{}, err
	}
	b := Binary{Path: f.cachedPath(dir), Source: rel.source()}
	err = verifyCached(ctx, b.Path, rel)
	if err == nil {
		if rel.embedded == "" {
			b.Source = sourceCache
		}
		return b, nil
	}
	cause := ErrNoEngine
	if !errors.Is(err, fs.ErrNotExist) {
		cause = fmt.Errorf("%w (the copy there is not usable: %w)", ErrNoEngine, err)
	}
	return b, &BinaryError{Doing: fmt.Sprintf("look for workerd %s in %s", Version, dir), Err: cause,
		Hint: "Run `paddock engine install`, or set PADDOCK_WORKERD to a workerd binary."}
}

// findInProject looks where npm, yarn and pnpm put the package. What does not
// fit is passed over in silence: a project may well use another version.
func (f Finder) findInProject(ctx context.Context, rel binaryRelease) (Binary, bool) {
	if f.ProjectDir == "" {
		return Binary{}, false
	}
	dir, err := filepath.Abs(f.ProjectDir)
	if err != nil {
		return Binary{}, false
	}
	// pnpm shows only direct dependencies at the top; the rest it keeps here.
	pnpm := filepath.Join(".pnpm", strings.ReplaceAll(rel.pkg, "/", "+")+"@"+Version, "node_modules")
	for {
		modules := filepath.Join(dir, "node_modules")
		for _, root := range []string{modules, filepath.Join(modules, pnpm)} {
			if path, ok := f.findInPackage(ctx, filepath.Join(root, filepath.FromSlash(rel.pkg)), rel); ok {
				return Binary{Path: path, Source: sourceNodeModules}, true
			}
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return Binary{}, false
		}
		dir = parent
	}
}

// findInPackage checks one installed package. The checksum is computed every
// time: npm gives all files one fixed date, so a stamp with size and time
// would not notice another file in its place.
func (f Finder) findInPackage(ctx context.Context, dir string, rel binaryRelease) (string, bool) {
	text, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if err != nil {
		return "", false
	}
	var manifest struct {
		Version string `json:"version"`
	}
	if json.Unmarshal(text, &manifest) != nil || manifest.Version != Version {
		return "", false
	}
	path := filepath.Join(dir, "bin", f.exeName())
	if _, err := verifyBinary(ctx, path, rel); err != nil {
		return "", false
	}
	return path, true
}
