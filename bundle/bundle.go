// Package bundle turns a worker's sources into the modules that are uploaded,
// the way Wrangler does it: esbuild joins everything that the entry point
// imports into one ES module, and imported text, data and WebAssembly files
// travel beside it.
//
// Start with [New] and [Builder.Build]. A builder can build again and again;
// what did not change is not parsed again. Nothing is written to disk.
// [CheckExports] compares a result with the bindings of the worker.
//
// What a build has to say comes as diagnostics with 1-based places and file
// names relative to the project.
package bundle

import (
	"compress/gzip"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"

	"paddock/config"
	"paddock/internal/diag"
)

// Options is what the caller changes about the worker's own settings.
type Options struct {
	// Minify makes the output small even if the configuration does not say so.
	Minify bool
	// Define replaces names by JavaScript expressions; it goes before the
	// configuration's own. "process.env.NODE_ENV" is "production" unless one
	// of the two says otherwise.
	Define map[string]string
}

// Result is the outcome of a build. If the build failed, it has only Inputs.
type Result struct {
	Main    string   // module name of the entry point, "index.js"
	Modules []Module // the main module, then what it imports by name, then its source map
	Exports []string // names that the entry point exports, "default" included

	// Inputs holds the absolute paths, sorted, of all files that had a part in
	// the build, whether it succeeded or not, and of those that were looked
	// for in vain: when one of them changes or appears, a build can turn out
	// differently. Files that a tsconfig.json extends are not among them.
	Inputs []string

	Size, GzipSize int64 // of all modules but source maps
}

// Module is one part of an upload.
type Module struct {
	Name    string
	Type    ModuleType
	Content []byte
}

// ModuleType is the content type of a module in the upload form.
type ModuleType string

// The types of modules.
const (
	ESModule  ModuleType = "application/javascript+module"
	Text      ModuleType = "text/plain"
	Data      ModuleType = "application/octet-stream"
	Wasm      ModuleType = "application/wasm"
	SourceMap ModuleType = "application/source-map"
)

// Builder bundles one worker. Its methods can be called from several
// goroutines; builds follow one another.
type Builder struct {
	worker *config.Worker
	opts   Options
	dir    string // the project, without links: esbuild's paths have none
	inputs inputs
	assets assets

	mu     sync.Mutex
	build  api.BuildContext // made by the first build
	closed bool
}

// New makes a builder for a worker. It reads nothing yet.
func New(w *config.Worker, opts Options) *Builder {
	dir := w.Dir
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	return &Builder{worker: w, opts: opts, dir: dir}
}

// Build bundles the worker as it is on disk now. The result is never nil; with
// errors in the list it has only Inputs. A worker of static files only has an
// empty one.
func (b *Builder) Build(ctx context.Context) (*Result, diag.List) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return &Result{}, diag.List{diag.Errorf("closed", diag.Location{}, "bundle the worker: the builder is closed")}
	}
	b.inputs.reset()
	b.assets.reset()

	if b.worker.Bundling == config.NoCode && b.worker.Assets != nil {
		return &Result{}, nil // static files only
	}
	if d, ok := b.checkEntry(); !ok {
		return b.failed(diag.List{d})
	}
	built, list := b.rebuild(ctx)
	if list.HasErrors() {
		return b.failed(list)
	}
	r, err := b.result(built)
	if err != nil {
		return b.failed(append(list, diag.Errorf("build-failed", diag.Location{}, "bundle the worker: %v", err)))
	}
	if len(r.Exports) == 0 {
		return b.failed(append(list, b.noHandlers()))
	}
	return r, list
}

// Close gives back the memory of the builder. It may be called twice.
func (b *Builder) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.build != nil {
		b.build.Dispose()
		b.build = nil
	}
	b.closed = true
}

func (b *Builder) failed(list diag.List) (*Result, diag.List) {
	return &Result{Inputs: b.inputs.list()}, list
}

// rebuild runs esbuild.
func (b *Builder) rebuild(ctx context.Context) (api.BuildResult, diag.List) {
	if b.build == nil {
		made, err := api.Context(b.esbuildOptions())
		if err != nil {
			return api.BuildResult{}, b.diagnostics(err.Errors, nil)
		}
		b.build = made
	}
	build := b.build
	// A cancellation that comes late would hit the next build: it is waited for.
	canceled := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(canceled)
		build.Cancel()
	})
	built := build.Rebuild()
	if !stop() {
		<-canceled
		return built, diag.List{diag.Errorf("canceled", diag.Location{}, "bundle the worker: %v", context.Cause(ctx))}
	}
	list := b.diagnostics(built.Errors, built.Warnings)
	for _, m := range built.Errors {
		b.inputs.addMissing(b.dir, m)
	}
	return built, list
}

// result puts a build that succeeded into its final form.
func (b *Builder) result(built api.BuildResult) (*Result, error) {
	exports, err := entryExports(built.Metafile)
	if err != nil {
		return nil, err
	}
	r := &Result{Main: mainName(b.worker.Main), Exports: exports, Inputs: b.inputs.list()}
	var sourceMap *Module
	for _, f := range built.OutputFiles {
		// Other outputs are style sheets, which a worker has no use for.
		switch filepath.Base(f.Path) {
		case r.Main:
			r.Modules = append(r.Modules, Module{r.Main, ESModule, f.Contents})
		case r.Main + ".map":
			sourceMap = &Module{r.Main + ".map", SourceMap, f.Contents}
		}
	}
	if len(r.Modules) != 1 || sourceMap == nil {
		return nil, fmt.Errorf("no output for %s", r.Main)
	}
	r.Modules = append(r.Modules, b.assets.modules()...)
	if r.Size, r.GzipSize, err = sizes(r.Modules); err != nil {
		return nil, err
	}
	r.Modules = append(r.Modules, *sourceMap)
	return r, nil
}

// mainName is the name of the main module: esbuild's output is JavaScript
// whatever the entry point is.
func mainName(entry string) string {
	base := filepath.Base(entry)
	return strings.TrimSuffix(base, filepath.Ext(base)) + ".js"
}

// sizes counts the bytes of all modules, plain and compressed in one stream.
func sizes(modules []Module) (plain, compressed int64, err error) {
	var n counter
	z := gzip.NewWriter(&n)
	for _, m := range modules {
		plain += int64(len(m.Content))
		if _, err := z.Write(m.Content); err != nil {
			return 0, 0, fmt.Errorf("compress module %s: %w", m.Name, err)
		}
	}
	if err := z.Close(); err != nil {
		return 0, 0, fmt.Errorf("compress modules: %w", err)
	}
	return plain, int64(n), nil
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
