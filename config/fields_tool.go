package config

// What concerns the tools that read the file.
var toolFields = []*field{
	{name: "$schema", class: topLevel, shape: &aText, since: "3.49", do: ignored, doc: "Schema for editors. `paddock schema` prints one."},
	{name: "send_metrics", class: topLevel, shape: &aBool, since: "2.0.19", do: ignored, doc: "Whether Wrangler tells Cloudflare of its use. paddock tells nobody anything."},
	{
		name: "dependencies_instrumentation", class: topLevel, since: "4.110", do: inactive,
		shape: &shape{kinds: kindTable, fields: dependencyFields}, doc: "Which packages are reported with a deployment.",
	},

	// What a build tool, such as the Vite plugin, writes into the
	// configuration that it makes.
	{name: "configPath", class: topLevel, shape: &aText, since: "3.101", do: ignored, doc: "Written by build tools: the file itself."},
	{name: "userConfigPath", class: topLevel, shape: &aText, since: "3.101", do: ignored, doc: "Written by build tools: the file that this one was made of."},
	{name: "topLevelName", class: topLevel, shape: &aText, since: "3.101", do: ignored, doc: "Written by build tools: the name at the top level of that file."},
	{name: "definedEnvironments", class: topLevel, shape: &texts, since: "4.8", do: ignored, doc: "Written by build tools: the environments of that file."},
	{name: "targetEnvironment", class: topLevel, shape: &aText, since: "4.8", do: ignored, doc: "Written by build tools: the environment that was chosen."},
}

var dependencyFields = []*field{
	{name: "enabled", shape: &aBool, doc: "Whether they are."},
	{name: "exclude_packages", shape: &texts, doc: "Packages that are left out."},
}
