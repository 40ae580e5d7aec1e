package bundle

import (
	"maps"
	"path/filepath"
	"slices"

	"github.com/evanw/esbuild/pkg/api"

	"paddock/config"
)

// esbuildOptions is how Wrangler 4 calls esbuild, so that a project that
// builds there builds here.
func (b *Builder) esbuildOptions() api.BuildOptions {
	minify := b.opts.Minify || b.worker.Minify
	return api.BuildOptions{
		EntryPoints:   []string{b.worker.Main},
		AbsWorkingDir: b.dir,
		// The output exists in memory only. Its place decides what paths the
		// source map has: from here they are those within the project.
		Outfile:        filepath.Join(b.dir, mainName(b.worker.Main)),
		AllowOverwrite: true, // or an index.js beside the configuration is refused
		Bundle:         true,
		Format:         api.FormatESModule,
		Target:         api.ES2024,
		Supported:      map[string]bool{"import-source": true},

		// The browser is what packages know that is nearest to a Worker; those
		// that know Workers are asked for by conditions.
		Platform:   api.PlatformBrowser,
		MainFields: []string{"browser", "module", "main"},
		Conditions: []string{"workerd", "worker", "browser"},

		Loader: map[string]api.Loader{".js": api.LoaderJSX, ".mjs": api.LoaderJSX, ".cjs": api.LoaderJSX},
		Define: b.defines(),

		// Names are what the engine and the tail show of classes.
		KeepNames:         true,
		MinifyWhitespace:  minify,
		MinifyIdentifiers: minify,
		MinifySyntax:      minify,

		Sourcemap:      api.SourceMapLinked,
		SourcesContent: api.SourcesContentInclude,
		Metafile:       true,
		LogLevel:       api.LogLevelSilent,
		Plugins:        []api.Plugin{b.builtinPlugin(), b.assetPlugin(), b.inputPlugin()},
	}
}

// navigatorSince is the compatibility date from which on Workers have a
// navigator.
const navigatorSince = "2022-03-21"

// defines are the names that are replaced in the code. The three ways to
// write NODE_ENV go together, as packages use all of them.
func (b *Builder) defines() map[string]string {
	given := maps.Clone(b.worker.Define)
	if given == nil {
		given = map[string]string{}
	}
	maps.Copy(given, b.opts.Define)

	env, ok := given["process.env.NODE_ENV"]
	if !ok {
		env = `"production"`
	}
	all := map[string]string{
		"process.env.NODE_ENV":            env,
		"global.process.env.NODE_ENV":     env,
		"globalThis.process.env.NODE_ENV": env,
	}
	if b.hasNavigator() {
		// What the engine answers. Packages branch on it, and with the value
		// known here the branches for other platforms are left out.
		all["navigator.userAgent"] = `"Cloudflare-Workers"`
	}
	maps.Copy(all, given)
	return all
}

func (b *Builder) hasNavigator() bool {
	flags := b.worker.CompatibilityFlags
	if slices.Contains(flags, "no_global_navigator") {
		return false
	}
	return slices.Contains(flags, "global_navigator") || b.worker.CompatibilityDate >= navigatorSince
}

// Same reports whether the builds of two workers of one project are the same,
// with the same options, so that one will do.
func Same(a, b *config.Worker) bool {
	x, y := New(a, Options{}), New(b, Options{})
	return a.Main == b.Main && a.Dir == b.Dir && a.Minify == b.Minify && x.nodeMode() == y.nodeMode() && maps.Equal(x.defines(), y.defines())
}
