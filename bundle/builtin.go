package bundle

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// nodeMode is how much of Node.js the engine offers to a worker.
type nodeMode int

const (
	nodeNone     nodeMode = iota
	nodeALS               // node:async_hooks only
	nodePrefixed          // modules by their node: names
	nodeFull              // also by their bare names: "path"
)

// bareNamesSince is the compatibility date from which on the flag
// nodejs_compat includes nodejs_compat_v2.
const bareNamesSince = "2024-09-23"

func (b *Builder) nodeMode() nodeMode {
	has := func(flag string) bool { return slices.Contains(b.worker.CompatibilityFlags, flag) }
	switch {
	case has("nodejs_compat_v2"),
		has("nodejs_compat") && b.worker.CompatibilityDate >= bareNamesSince && !has("no_nodejs_compat_v2"):
		return nodeFull
	case has("nodejs_compat"):
		return nodePrefixed
	case has("nodejs_als"):
		return nodeALS
	}
	return nodeNone
}

const (
	// builtinFilter finds what the engine brings along, by its prefix.
	builtinFilter = `^(node|cloudflare|workerd):`
	// bareFilter finds Node.js's modules by the names they had before.
	bareFilter = `^(assert|assert/strict|async_hooks|buffer|child_process|cluster|console|constants|crypto|dgram|` +
		`diagnostics_channel|dns|dns/promises|domain|events|fs|fs/promises|http|http2|https|inspector|` +
		`inspector/promises|module|net|os|path|path/posix|path/win32|perf_hooks|process|punycode|querystring|` +
		`readline|readline/promises|repl|stream|stream/consumers|stream/promises|stream/web|string_decoder|sys|` +
		`timers|timers/promises|tls|trace_events|tty|url|util|util/types|v8|vm|wasi|worker_threads|zlib)$`
	// requireNamespace holds the modules that stand in for calls of require.
	requireNamespace = "paddock-require"
)

// builtinPlugin leaves imports of what the engine brings along as they are.
func (b *Builder) builtinPlugin() api.Plugin {
	mode := b.nodeMode()
	return api.Plugin{Name: "builtins", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: builtinFilter, Namespace: "file"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			return resolveBuiltin(args, mode), nil
		})
		if mode == nodeFull {
			// As in Node.js, the built-in goes before a package of that name.
			build.OnResolve(api.OnResolveOptions{Filter: bareFilter, Namespace: "file"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
				return external("node:"+args.Path, args.Kind, true), nil
			})
		}
		build.OnResolve(api.OnResolveOptions{Filter: ".*", Namespace: requireNamespace}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			return api.OnResolveResult{Path: args.Path, External: true}, nil
		})
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: requireNamespace}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			source := requireSource(args.Path)
			return api.OnLoadResult{Contents: &source, Loader: api.LoaderJS}, nil
		})
	}}
}

func resolveBuiltin(args api.OnResolveArgs, mode nodeMode) api.OnResolveResult {
	name, isNode := strings.CutPrefix(args.Path, "node:")
	if !isNode {
		return external(args.Path, args.Kind, true)
	}
	r := external(args.Path, args.Kind, mode >= nodePrefixed)
	if mode == nodeNone || mode == nodeALS && name != "async_hooks" {
		r.Warnings = []api.Message{{
			Text: fmt.Sprintf("The package %q wasn't found on the file system but is built into node", args.Path),
			Notes: []api.Note{{Text: "the worker may throw errors at runtime unless you add the compatibility flag: " +
				`compatibility_flags = ["nodejs_compat"]`}},
			Detail: "node-builtin",
		}}
	}
	return r
}

// external leaves an import to the engine. An ES module has no require, so a
// call of it is led to a module that imports the same thing, where hoist says
// that the engine will have it; otherwise the call stays, and throws when it
// is reached, which packages that only try are prepared for.
func external(name string, kind api.ResolveKind, hoist bool) api.OnResolveResult {
	if kind == api.ResolveJSRequireCall && hoist {
		return api.OnResolveResult{Path: name, Namespace: requireNamespace}
	}
	return api.OnResolveResult{Path: name, External: true}
}

func requireSource(name string) string {
	binding := "value"
	if strings.HasPrefix(name, "cloudflare:") || strings.HasPrefix(name, "workerd:") {
		binding = "* as value" // these have no default export
	}
	return "import " + binding + " from " + strconv.Quote(name) + ";\nmodule.exports = value;\n"
}
