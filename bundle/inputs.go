package bundle

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"
)

// inputs collects the files of one build. esbuild lists them itself only for
// builds that succeed, but a watcher needs them most after one that failed.
type inputs struct {
	mu    sync.Mutex
	files map[string]bool
	dirs  map[string]bool // whose package.json and tsconfig.json were looked at
}

func (in *inputs) reset() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.files, in.dirs = map[string]bool{}, map[string]bool{}
}

func (in *inputs) list() []string {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Sorted(maps.Keys(in.files))
}

// add records a file, and the files above it that decide how it is read.
func (in *inputs) add(path string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.files[path] = true
	for dir := filepath.Dir(path); !in.dirs[dir]; dir = filepath.Dir(dir) {
		in.dirs[dir] = true
		for _, name := range []string{"package.json", "tsconfig.json"} {
			settings := filepath.Join(dir, name)
			if info, err := os.Stat(settings); err == nil && info.Mode().IsRegular() {
				in.files[settings] = true
			}
		}
	}
}

// resolveExtensions is what esbuild tries when an import names no extension.
var resolveExtensions = []string{".tsx", ".ts", ".jsx", ".js", ".css", ".json"}

// addMissing records where the file of a failed import would be: people write
// the import first, save, and then write the file.
func (in *inputs) addMissing(dir string, m api.Message) {
	quoted, ok := strings.CutPrefix(m.Text, unresolved)
	if !ok || m.Location == nil {
		return
	}
	path, err := strconv.Unquote(quoted)
	if err != nil || !strings.HasPrefix(path, ".") {
		return
	}
	importer := filepath.FromSlash(m.Location.File)
	if !filepath.IsAbs(importer) {
		importer = filepath.Join(dir, importer)
	}
	target := filepath.Join(filepath.Dir(importer), filepath.FromSlash(path))
	in.add(target)
	for _, ext := range resolveExtensions {
		in.add(target + ext)
	}
}

// inputPlugin sees every file that esbuild loads, and leaves loading to it.
func (b *Builder) inputPlugin() api.Plugin {
	return api.Plugin{Name: "inputs", Setup: func(build api.PluginBuild) {
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: "file"}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			b.inputs.add(args.Path)
			return api.OnLoadResult{}, nil
		})
	}}
}
