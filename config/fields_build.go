package config

const hintOwnBundler = "paddock bundles with esbuild and its defaults for Workers."

// How the Worker's code becomes what is uploaded.
var buildFields = []*field{
	{
		name: "build", class: inheritable, shape: &shape{kinds: kindTable, fields: customBuildFields}, since: "1.16",
		doc: "A build of your own that runs before the Worker is bundled.",
		read: func(d *draft, n *node) {
			if upload := n.get("upload"); upload.is(kindTable) {
				d.upload = upload
			}
		},
	},
	{
		name: "minify", class: inheritable, shape: &aBool, since: "2.0", def: "false",
		doc:  "Whether the code is minified.",
		read: func(d *draft, n *node) { d.Minify = n.truth() },
	},
	{
		name: "no_bundle", class: inheritable, shape: &aBool, since: "2.0.16", def: "false", do: inactive, usual: false, hint: hintOwnBundler,
		doc: "Whether the entry point is uploaded as it is.",
	},
	{
		name: "find_additional_modules", class: inheritable, shape: &aBool, since: "3.11", def: "false", do: inactive, usual: false, hint: hintOwnBundler,
		doc: "Whether files that match rules are uploaded although nothing imports them.",
	},
	{
		name: "preserve_file_names", class: inheritable, shape: &aBool, since: "3.30", def: "false", do: inactive, usual: false, hint: hintOwnBundler,
		doc: "Whether additional modules keep their names instead of getting a hash.",
	},
	{
		name: "base_dir", class: inheritable, shape: &aPath, since: "2.14", def: "folder of main", do: inactive, hint: hintOwnBundler,
		doc: "Folder in which additional modules are looked for.",
	},
	{
		name: "rules", class: inheritable, shape: &shape{kinds: kindArray, elem: &rule, check: checkRules}, since: "2.0", def: "[]", do: inactive, hint: hintOwnBundler,
		doc: "Which files are modules of which type, before the rules that always hold.",
	},
	{
		name: "tsconfig", class: inheritable, shape: &aPath, since: "2.0", do: inactive, hint: hintOwnBundler,
		doc: "The tsconfig.json that the bundler reads.",
	},
	{
		name: "jsx_factory", class: inheritable, shape: &aText, since: "2.0", def: "React.createElement", do: inactive, usual: "React.createElement", hint: hintOwnBundler,
		doc: "Function that JSX elements become calls of.",
	},
	{
		name: "jsx_fragment", class: inheritable, shape: &aText, since: "2.0", def: "React.Fragment", do: inactive, usual: "React.Fragment", hint: hintOwnBundler,
		doc: "What a JSX fragment becomes.",
	},
	{
		name: "alias", class: topLevel, shape: &shape{kinds: kindTable, values: &aText, want: "an object of strings"}, since: "3.63", do: inactive, hint: hintOwnBundler,
		doc: "Modules to import in place of others.",
	},
	{
		name: "keep_names", class: inheritable, shape: &aBool, since: "4.13", def: "true", do: inactive, usual: true, hint: hintOwnBundler,
		doc: "Whether functions and classes keep their names when they are renamed.",
	},
	{
		name: "upload_source_maps", class: inheritable, shape: &aBool, since: "3.46", do: ignored,
		doc: "Whether the source map is uploaded. paddock always keeps it.",
	},
	{
		name: "python_modules", class: inheritable, shape: &shape{kinds: kindTable, fields: pythonFields, open: true}, since: "4.45", do: inactive,
		doc: "Which files of Python packages are left out.",
	},
	{
		name: "wasm_modules", class: topLevel, shape: &pathMap, since: "1.16.1", do: unsupported, label: "Wasm Module",
		doc:  "WebAssembly modules as global variables, in the service-worker format.",
		hint: "Import the file from an ES module instead.",
	},
	{
		name: "text_blobs", class: topLevel, shape: &pathMap, since: "1.13", do: unsupported, label: "Text Blob",
		doc:  "Files as global strings, in the service-worker format.",
		hint: "Import the file from an ES module instead.",
	},
	{
		name: "data_blobs", class: topLevel, shape: &pathMap, since: "2.0", do: unsupported, label: "Data Blob",
		doc:  "Files as global buffers, in the service-worker format.",
		hint: "Import the file from an ES module instead.",
	},
}

var customBuildFields = []*field{
	{
		name: "command", shape: &aText, since: "1.16", do: inactive, usual: "", hint: "Run the build yourself before paddock.",
		doc: "Command line of the build.",
	},
	{name: "cwd", do: ignored, shape: &aPath, since: "1.16", doc: "Folder in which the command runs."},
	{
		name: "watch_dir", do: ignored, shape: &shape{kinds: kindString | kindArray, elem: &aText}, since: "1.16", def: "./src",
		doc: "Folder, or folders, whose changes run the command again.",
	},
	{
		name: "upload", shape: &shape{kinds: kindTable, fields: uploadFields}, since: "1.16", until: "3",
		doc: "What the build has made, as Wrangler 1 wanted it described. Use main instead.",
	},
}

// The fields of [build.upload].
var uploadFields = []*field{
	{
		name: "format", shape: &shape{kinds: kindString, enum: []string{"modules", "service-worker"}}, since: "1.16", until: "3",
		doc: "Format of the code. The service-worker format does not run here.",
	},
	{name: "main", shape: &aPath, until: "3", doc: "Entry point, relative to dir."},
	{name: "dir", shape: &aPath, until: "3", def: "dist", doc: "Folder with the modules."},
	{
		name: "rules", shape: &shape{kinds: kindArray, elem: &rule, check: checkRules}, until: "3", do: inactive, hint: hintOwnBundler,
		doc: "Which files are modules of which type.",
	},
}

var rule = shape{kinds: kindTable, fields: ruleFields, open: true}

var ruleFields = []*field{
	{
		name: "type", must: true,
		shape: &shape{kinds: kindString, enum: []string{"ESModule", "CommonJS", "CompiledWasm", "Text", "Data"}},
		doc:   "Type of the modules.",
	},
	{name: "globs", must: true, shape: &texts, doc: "Patterns of the files."},
	{name: "fallthrough", shape: &aBool, def: "false", doc: "Whether later rules of the same type count, too."},
}

var pythonFields = []*field{
	{name: "exclude", shape: &texts, def: `["**/*.pyc"]`, doc: "Patterns of the files."},
}
