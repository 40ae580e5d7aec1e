package config

// class says how environments see a field.
type class int

const (
	// A top-level field stands at the top level only and holds for all
	// environments.
	topLevel class = iota
	// An inheritable field may stand in an environment, whose value replaces
	// that of the top level whole.
	inheritable
	// A notInherited field counts for the level at which it stands only.
	notInherited
)

// handling says what paddock does with a field.
type handling int

const (
	acted       handling = iota // read into the Worker
	ignored                     // has no meaning for a local run; accepted without a word
	inactive                    // has one, but is not acted on: a warning
	unsupported                 // the Worker would not run as written: an error
)

// field is one row of the table of fields.
type field struct {
	name  string
	class class
	kinds kind // accepted kinds of value
	do    handling
	read  func(*reader, *node, *draft) // of an acted field
	usual any                          // of an inactive field, the value that is what paddock does anyway
	// entries names the entries of a notInherited field, so that an
	// environment which has the field but lacks some of them can be told.
	entries func(*node) []string
	hint    string // what to do instead, for inactive and unsupported fields
}

const (
	hintOwnBundler = "paddock bundles with esbuild and its defaults for Workers."
	hintRoutes     = "A published Worker answers at http://<name>.localhost; in dev, every request reaches it."
	hintPages      = "paddock runs Workers, not Pages projects."
	hintExports    = "Describe the classes with [[migrations]] instead."
)

// fields is the table of all fields that a configuration may have at its top
// level or in an environment. It drives decoding, inheritance and the search
// for unknown fields.
var fields []field

// The table is filled here because its functions look fields up in it, which
// an initializer may not.
func init() {
	fields = []field{
		// What a Worker is made of.
		{name: "name", class: inheritable, kinds: kindAny, read: readName},
		{name: "main", class: inheritable, kinds: kindString, read: readMain},
		{name: "compatibility_date", class: inheritable, kinds: kindString | kindDate, read: readCompatibilityDate},
		{name: "compatibility_flags", class: inheritable, kinds: kindAny, read: readCompatibilityFlags},
		{name: "build", class: inheritable, kinds: kindTable, read: readBuild},
		{name: "minify", class: inheritable, kinds: kindBool, read: readMinify},
		{name: "observability", class: inheritable, kinds: kindTable, read: readObservability},
		{name: "vars", class: notInherited, kinds: kindTable, read: readVars, entries: keyNames},
		{name: "define", class: notInherited, kinds: kindTable, read: readDefine, entries: keyNames},
		{name: "durable_objects", class: notInherited, kinds: kindTable, read: readDurableObjects, entries: bindingNames},
		{name: "migrations", class: topLevel, kinds: kindAny, read: readMigrations},
		{name: "dev", class: topLevel, kinds: kindTable, read: readDev},
		{name: "env", class: topLevel, kinds: kindTable, do: ignored}, // its tables are read by Resolve
		{name: "type", class: topLevel, kinds: kindString, read: readType},
		{name: "legacy_env", class: topLevel, kinds: kindBool, read: readLegacyEnv},
		{name: "node_compat", class: inheritable, kinds: kindBool, read: readNodeCompat},

		// Of the account, the dashboard, or Wrangler itself.
		{name: "$schema", class: topLevel, kinds: kindString, do: ignored},
		{name: "account_id", class: inheritable, kinds: kindString, do: ignored},
		{name: "keep_vars", class: topLevel, kinds: kindBool, do: ignored},
		{name: "logpush", class: inheritable, kinds: kindBool, do: ignored},
		{name: "miniflare", class: topLevel, kinds: kindAny, do: ignored},
		{name: "private", class: inheritable, kinds: kindAny, do: ignored},
		{name: "send_metrics", class: topLevel, kinds: kindBool, do: ignored},
		{name: "upload_source_maps", class: inheritable, kinds: kindBool, do: ignored},
		{name: "usage_model", class: inheritable, kinds: kindString, do: ignored},
		{name: "webpack_config", class: inheritable, kinds: kindAny, do: ignored},
		{name: "workers_dev", class: inheritable, kinds: kindBool, do: ignored},
		{name: "zone_id", class: inheritable, kinds: kindString, do: ignored},

		// Known, and not acted on.
		{name: "access", class: inheritable, kinds: kindTable, do: inactive},
		{name: "addresses", class: topLevel, kinds: kindArray, do: inactive},
		{name: "alias", class: topLevel, kinds: kindTable, do: inactive, hint: hintOwnBundler},
		{name: "base_dir", class: inheritable, kinds: kindString, do: inactive, hint: hintOwnBundler},
		{name: "cache", class: inheritable, kinds: kindTable, do: inactive},
		{name: "cloudchamber", class: notInherited, kinds: kindTable, do: inactive},
		{name: "compliance_region", class: inheritable, kinds: kindString, do: inactive},
		{name: "dependencies_instrumentation", class: topLevel, kinds: kindTable, do: inactive},
		{name: "find_additional_modules", class: inheritable, kinds: kindBool, do: inactive, usual: false, hint: hintOwnBundler},
		{name: "first_party_worker", class: inheritable, kinds: kindBool, do: inactive, usual: false},
		{name: "jsx_factory", class: inheritable, kinds: kindString, do: inactive, usual: "React.createElement", hint: hintOwnBundler},
		{name: "jsx_fragment", class: inheritable, kinds: kindString, do: inactive, usual: "React.Fragment", hint: hintOwnBundler},
		{name: "keep_names", class: inheritable, kinds: kindBool, do: inactive, usual: true, hint: hintOwnBundler},
		{name: "limits", class: inheritable, kinds: kindTable, do: inactive},
		{name: "no_bundle", class: inheritable, kinds: kindBool, do: inactive, usual: false, hint: hintOwnBundler},
		{name: "placement", class: inheritable, kinds: kindTable, do: inactive},
		{name: "preserve_file_names", class: inheritable, kinds: kindBool, do: inactive, usual: false, hint: hintOwnBundler},
		{name: "preview_urls", class: inheritable, kinds: kindBool, do: inactive, usual: false},
		{name: "previews", class: inheritable, kinds: kindTable, do: inactive},
		{name: "python_modules", class: inheritable, kinds: kindTable, do: inactive},
		{name: "route", class: inheritable, kinds: kindString | kindTable, do: inactive, usual: "", hint: hintRoutes},
		{name: "routes", class: inheritable, kinds: kindArray, do: inactive, hint: hintRoutes},
		{name: "rules", class: inheritable, kinds: kindArray, do: inactive, hint: hintOwnBundler},
		{name: "secrets", class: notInherited, kinds: kindTable, do: inactive},
		{name: "streaming_tail_consumers", class: notInherited, kinds: kindArray, do: inactive},
		{name: "tail_consumers", class: notInherited, kinds: kindArray, do: inactive},
		{name: "triggers", class: inheritable, kinds: kindTable, do: inactive, hint: "The scheduled handler will not be called."},
		{name: "tsconfig", class: inheritable, kinds: kindString, do: inactive, hint: hintOwnBundler},

		// What the Worker would find missing at run time.
		{name: "agent_memory", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "ai", class: notInherited, kinds: kindTable, do: unsupported},
		{name: "ai_search", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "ai_search_namespaces", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "analytics", class: notInherited, kinds: kindTable, do: unsupported},
		{name: "analytics_engine_datasets", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "artifacts", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "assets", class: inheritable, kinds: kindAny, do: unsupported},
		{name: "browser", class: notInherited, kinds: kindTable, do: unsupported},
		{name: "connect", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "constellation", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "containers", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "d1_databases", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "data_blobs", class: topLevel, kinds: kindTable, do: unsupported},
		{name: "dispatch_namespaces", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "experimental_services", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "exports", class: inheritable, kinds: kindTable, do: unsupported, hint: hintExports},
		{name: "flagship", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "hyperdrive", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "images", class: notInherited, kinds: kindTable, do: unsupported},
		{name: "k2", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "kv-namespaces", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "kv_namespaces", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "legacy_assets", class: inheritable, kinds: kindAny, do: unsupported},
		{name: "logfwdr", class: inheritable, kinds: kindTable, do: unsupported},
		{name: "media", class: notInherited, kinds: kindTable, do: unsupported},
		{name: "mtls_certificates", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "pages_build_output_dir", class: topLevel, kinds: kindString, do: unsupported, hint: hintPages},
		{name: "pipelines", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "queues", class: notInherited, kinds: kindTable, do: unsupported},
		{name: "r2_buckets", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "ratelimits", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "secrets_store_secrets", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "send_email", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "services", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "site", class: topLevel, kinds: kindTable, do: unsupported},
		{name: "stream", class: notInherited, kinds: kindTable, do: unsupported},
		{name: "text_blobs", class: topLevel, kinds: kindTable, do: unsupported},
		{name: "unsafe", class: notInherited, kinds: kindTable, do: unsupported},
		{name: "unsafe_hello_world", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "vectorize", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "version_metadata", class: notInherited, kinds: kindTable, do: unsupported},
		{name: "vpc_networks", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "vpc_services", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "wasm_modules", class: topLevel, kinds: kindTable, do: unsupported},
		{name: "websearch", class: notInherited, kinds: kindTable, do: unsupported},
		{name: "worker_loaders", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "worker_namespaces", class: notInherited, kinds: kindArray, do: unsupported},
		{name: "workflows", class: notInherited, kinds: kindArray, do: unsupported},
	}
}

// keyNames names the fields of a table.
func keyNames(n *node) []string {
	var names []string
	for _, child := range n.fields() {
		names = append(names, child.name)
	}
	return names
}

// bindingNames names the bindings of a [durable_objects] table.
func bindingNames(n *node) []string {
	var names []string
	for _, b := range bindingList(n).elements() {
		if name := bindingName(b); name.is(kindString) {
			names = append(names, name.value.(string))
		}
	}
	return names
}
