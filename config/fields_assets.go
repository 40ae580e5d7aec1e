package config

// Files that are served beside the Worker.
var assetFields = []*field{
	{
		name: "assets", class: inheritable, since: "3.78.9", label: "Assets",
		shape: &shape{kinds: kindTable | kindString, fields: assetKeys, want: "an object with a directory", check: checkAssets},
		doc:   "Static files that are served without, or before, the Worker. In Wrangler 2 and 3 until 3.65 the name meant another feature.",
		read:  readAssets,
	},
	{
		name: "site", class: topLevel, override: true, since: "1.4", do: unsupported,
		shape: &shape{kinds: kindTable, fields: siteFields},
		doc:   "Workers Sites: static files in a KV namespace. Deprecated in favour of assets.",
		read:  func(d *draft, n *node) { d.site = n },
	},
}

var assetKeys = []*field{
	{name: "directory", shape: &aPath, doc: "Folder of the files."},
	{name: "binding", shape: &aBinding, doc: "Name under which the Worker finds the files in its env."},
	{
		name: "html_handling", def: "auto-trailing-slash", doc: "Which URL an HTML file has.",
		shape: &shape{kinds: kindString, enum: []string{"auto-trailing-slash", "force-trailing-slash", "drop-trailing-slash", "none"}},
	},
	{
		name: "not_found_handling", def: "none", doc: "What is served where there is no file.",
		shape: &shape{kinds: kindString, enum: []string{"single-page-application", "404-page", "none"}},
	},
	{
		name: "run_worker_first", def: "false", doc: "Whether, or for which patterns of paths, the Worker runs before files are looked for.",
		shape: &shape{kinds: kindBool | kindArray, elem: &aText, want: "an array of strings or a boolean"},
	},
	{name: "base_path", shape: &aText, since: "4.164", doc: "Path under which the files are served."},
	{name: "bucket", shape: &aPath, until: "3", do: unsupported, hint: "Set \"directory\" instead.", doc: "Folder of the files, in the older feature."},
	{name: "include", shape: &texts, until: "3", do: inactive, hint: "Write the patterns into a file .assetsignore.", doc: "Patterns of the older feature."},
	{name: "exclude", shape: &texts, until: "3", do: inactive, hint: "Write the patterns into a file .assetsignore.", doc: "Patterns of the older feature."},
	{name: "browser_TTL", shape: &aNumber, until: "3", do: inactive, hint: "Write a Cache-Control into a file _headers.", doc: "Caching in the older feature."},
	{name: "serve_single_page_app", shape: &aBool, until: "3", do: inactive, hint: "Set \"not_found_handling\" instead.", doc: "What is served where there is no file, in the older feature."},
}

var siteFields = []*field{
	{name: "bucket", must: true, shape: &aPath, since: "1.4", doc: "Folder of the files."},
	{name: "include", shape: &texts, since: "1.4", def: "[]", doc: "Patterns of the files that are uploaded."},
	{name: "exclude", shape: &texts, since: "1.4", def: "[]", doc: "Patterns of the files that are not."},
	{name: "entry-point", shape: &aPath, since: "1.4", deprecated: `Set "main" instead.`, doc: "Entry point, or the folder of one."},
}
