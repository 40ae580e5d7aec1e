package config

// What the Worker is and what it is made of.
var identityFields = []*field{
	{
		name: "name", class: inheritable, shape: &shape{kinds: kindString, format: &nameFormat, want: nameWant}, since: "1.0",
		doc: "Name of the script. An environment without a name of its own is called <name>-<environment>.",
		read: func(d *draft, n *node) {
			if ValidName(n.text()) || n.text() == "" {
				d.name, d.Name = n, n.text()
			}
		},
	},
	{
		name: "main", class: inheritable, shape: &shape{kinds: kindString, format: &pathFormat, check: checkIgnoredIfEmpty}, since: "2.0",
		doc:  "Entry point of the Worker.",
		read: func(d *draft, n *node) { d.main = n },
	},
	{
		name: "compatibility_date", class: inheritable, shape: &shape{kinds: kindString | kindDate, format: &dateFormat, check: checkDate},
		since: "1.19", def: DefaultCompatibilityDate,
		doc:  "Day whose behaviour of the runtime the Worker gets.",
		read: readCompatibilityDate,
	},
	{
		name: "compatibility_flags", class: inheritable, shape: &shape{kinds: kindArray, elem: &aText, want: "an array of strings", check: checkFlags},
		since: "1.19", def: "[]",
		doc:  "Single changes of the runtime's behaviour, in addition to those of compatibility_date.",
		read: func(d *draft, n *node) { d.CompatibilityFlags = unique(n.texts()) },
	},
	{
		name: "account_id", class: inheritable, shape: &shape{kinds: kindString, check: checkIgnoredIfEmpty}, since: "1.0", do: ignored,
		doc: "Account at Cloudflare. A local runtime takes any.",
	},
	{
		name: "pages_build_output_dir", class: topLevel, shape: &aPath, since: "3.35", do: unsupported,
		doc:  "Marks the configuration of a Pages project, and names the folder with its build.",
		hint: "paddock runs Workers, not Pages projects.",
	},
}

// Environments, and what a Worker is told.
var variableFields = []*field{
	{
		name: "env", class: topLevel, shape: &shape{kinds: kindTable}, since: "1.3.1", def: "{}",
		doc: "Environments by name, each with fields that replace those of the top level.",
	},
	{
		name: "vars", class: notInherited, shape: &shape{kinds: kindTable, values: &variable, keys: &bindingFormat},
		since: "1.6", def: "{}", label: "Environment Variable", partly: true,
		doc:  "Variables in the Worker's env: texts, or any other value that JSON has.",
		read: readVars,
	},
	{
		name: "secrets", class: notInherited, shape: &shape{kinds: kindTable, fields: secretFields}, since: "4.69", label: "Secret",
		doc: "Secrets that the Worker relies on.",
		read: func(d *draft, n *node) {
			d.hasSecrets, d.requiredSecrets, d.secretsAt = true, n.get("required").texts(), n.keyAt()
		},
	},
	{
		name: "define", class: notInherited, shape: &shape{kinds: kindTable, values: &definition}, since: "2.0.16", def: "{}", partly: true,
		doc:  "Expressions that take the place of names when the code is bundled.",
		read: func(d *draft, n *node) { d.Define = n.textMap() },
	},
	{
		name: "keep_vars", class: topLevel, shape: &aBool, since: "2.1.6", def: "false", do: ignored,
		doc: "Whether a deployment leaves variables alone that were set in the dashboard.",
	},
}

var (
	variable   = shape{kinds: kindAny, open: true, check: checkVariable}
	definition = shape{kinds: kindString, wrong: "The field %q should be a string but got %s"}
	secret     = shape{kinds: kindString, format: &bindingFormat}
)

var secretFields = []*field{
	{
		name: "required", shape: &shape{kinds: kindArray, elem: &secret, want: "an array of strings"}, def: "[]",
		doc: "Names of the secrets. In dev they come from .dev.vars, .env or the process environment.",
	},
}
