package config

// What older generations of Wrangler knew. Wrangler 4 takes these for
// unexpected fields, except where it refuses them.
var formerFields = []*field{
	{
		name: "type", class: topLevel, since: "1.0", until: "1",
		shape: &shape{kinds: kindString, enum: []string{"javascript", "webpack", "rust"}},
		doc:   "How the project is built. javascript runs here; webpack and rust do not.",
	},
	{
		name: "zone_id", class: inheritable, shape: &aText, since: "1.0", until: "3", do: ignored,
		doc:  "Zone of routes that are plain texts.",
		read: func(d *draft, n *node) { d.zone = n },
	},
	{name: "webpack_config", class: inheritable, shape: &anyJSON, since: "1.0", until: "1", do: ignored, doc: "Configuration of webpack."},
	{name: "private", class: inheritable, shape: &anyJSON, since: "1.0", until: "1", do: ignored, doc: "Without effect since 1.5."},
	{
		name: "usage_model", class: inheritable, since: "1.16", until: "3", do: ignored,
		shape: &shape{kinds: kindString, enum: []string{"bundled", "unbound", ""}}, doc: "How the Worker was billed.",
	},
	{name: "miniflare", class: topLevel, shape: &anyJSON, since: "2.0", until: "3", do: ignored, doc: "Settings of Miniflare."},
	{
		name: "legacy_env", class: topLevel, since: "2.0", until: "4.110", def: "true",
		shape: &shape{kinds: kindBool, check: checkLegacyEnv}, doc: "Whether each environment is a script of its own. There is no other way any more.",
	},
	{
		name: "node_compat", class: inheritable, shape: &aBool, since: "2.0", until: "3", do: unsupported, usual: false,
		doc:  "Polyfills for modules of Node.js.",
		hint: `The "node_compat" field is no longer supported as of Wrangler v4. Add "nodejs_compat" to "compatibility_flags" instead.`,
	},
	{
		name: "experimental_services", class: notInherited, since: "2.0", until: "3", do: unsupported,
		shape: &shape{kinds: kindArray}, doc: "Old name of services.",
	},
	{
		name: "worker_namespaces", class: notInherited, since: "2.0.16", until: "2", do: unsupported, label: "Dispatch Namespace",
		shape: &shape{kinds: kindArray, elem: &formerNamespace}, doc: "Old name of dispatch_namespaces.",
	},
	{
		name: "constellation", class: notInherited, since: "3.0", until: "3", do: unsupported, label: "Constellation",
		shape: &shape{kinds: kindArray, elem: &constellation}, doc: "Constellation projects.",
	},
	{
		name: "legacy_assets", class: inheritable, since: "3.66", until: "3", do: unsupported,
		shape: &shape{kinds: kindString | kindTable, fields: assetKeys}, doc: "The feature that assets meant until 3.65.",
	},
	{
		name: "experimental_assets", class: inheritable, since: "3.72", until: "3.78.8", do: unsupported,
		shape: &shape{kinds: kindTable, fields: assetKeys}, doc: "Old name of assets.",
	},
}

var (
	formerNamespace = shape{kinds: kindTable, entry: listed, fields: formerNamespaceFields}
	constellation   = shape{kinds: kindTable, entry: listed, fields: constellationFields}
)

var formerNamespaceFields = []*field{
	&bindingKey,
	{name: "namespace", must: true, shape: &aText, doc: "Name of the namespace."},
}

var constellationFields = []*field{
	&bindingKey,
	{name: "project_id", must: true, shape: &aText, doc: "Id of the project."},
}
