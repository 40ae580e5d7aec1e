package bundle

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"
)

// assetTypes holds the files that are imported as modules of their own. A
// query such as "?module" does not count.
var assetTypes = map[string]ModuleType{
	".txt":  Text,
	".html": Text,
	".sql":  Text,
	".bin":  Data,
	".wasm": Wasm,
}

// assetFilter finds imports that could be of such files.
const assetFilter = `\.(txt|html|sql|bin|wasm|wasm\?module)$`

// assets collects the files that are imported as modules of their own.
type assets struct {
	mu    sync.Mutex
	found map[string]Module
}

func (a *assets) reset() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.found = map[string]Module{}
}

func (a *assets) add(m Module) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.found[m.Name] = m
}

// modules returns the files in the order of their names, since esbuild finds
// them in any order.
func (a *assets) modules() []Module {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := make([]Module, 0, len(a.found))
	for _, m := range a.found {
		list = append(list, m)
	}
	slices.SortFunc(list, func(x, y Module) int { return strings.Compare(x.Name, y.Name) })
	return list
}

// plainResolve marks a resolution that is esbuild's own business.
type plainResolve struct{}

// assetPlugin takes imports of such files out of the bundle: the file becomes
// a module named after its content, and the import names that module.
func (b *Builder) assetPlugin() api.Plugin {
	return api.Plugin{Name: "assets", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: assetFilter, Namespace: "file"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			// Import attributes (with { type: "text" }) ask esbuild itself.
			if !isCode(args.Kind) || args.PluginData == (plainResolve{}) || len(args.With) > 0 {
				return api.OnResolveResult{}, nil
			}
			path, _, _ := strings.Cut(args.Path, "?")
			file, problems := resolveAsset(build, path, args)
			if problems != nil {
				return api.OnResolveResult{Errors: problems}, nil
			}
			name, err := b.addAsset(file)
			if err != nil {
				return api.OnResolveResult{}, err
			}
			return external(name, args.Kind, true), nil
		})
	}}
}

func isCode(kind api.ResolveKind) bool {
	switch kind {
	case api.ResolveJSImportStatement, api.ResolveJSDynamicImport, api.ResolveJSRequireCall:
		return true
	}
	return false
}

// resolveAsset finds the file of an import: as esbuild would, or, if it finds
// none, beside the importing file. Wrangler 1 took "page.html" to be
// "./page.html", and projects of its time still rely on that.
func resolveAsset(build api.PluginBuild, path string, args api.OnResolveArgs) (string, []api.Message) {
	found := build.Resolve(path, api.ResolveOptions{
		Importer: args.Importer, Namespace: args.Namespace, ResolveDir: args.ResolveDir,
		Kind: args.Kind, PluginData: plainResolve{},
	})
	if len(found.Errors) == 0 && !found.External {
		return found.Path, nil
	}
	beside := filepath.Join(args.ResolveDir, filepath.FromSlash(path))
	if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
		return beside, nil
	}
	return "", []api.Message{{Text: fmt.Sprintf("%s%q", unresolved, path)}}
}

// addAsset reads a file and returns the name of its module.
func (b *Builder) addAsset(file string) (string, error) {
	b.inputs.add(file)
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read module: %w", err)
	}
	sum := sha1.Sum(content)
	name := "./" + hex.EncodeToString(sum[:]) + "-" + filepath.Base(file)
	b.assets.add(Module{Name: name, Type: assetTypes[filepath.Ext(file)], Content: content})
	return name, nil
}
