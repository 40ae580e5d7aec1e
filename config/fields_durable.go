package config

// Durable Objects: who may reach them, and how their classes came to be.
var durableFields = []*field{
	{
		name: "durable_objects", class: notInherited, since: "1.17", def: "{ bindings = [] }", label: "Durable Object", partly: true,
		shape: &shape{kinds: kindTable, fields: durableObjectFields},
		doc:   "Bindings to Durable Object classes.",
		read:  readDurableObjects,
	},
	{
		name: "migrations", class: topLevel, since: "1.19.3", def: "[]",
		shape: &shape{kinds: kindArray, elem: &migration, check: checkMigrations, wrong: "The optional %q field should be an array, but got %s"},
		doc:   "The history of the classes, oldest entry first. One list holds for all environments.",
		read:  readMigrations,
	},
	{
		name: "exports", class: inheritable, since: "4.107", def: "{}",
		shape: &shape{kinds: kindTable | kindNull, values: &export, keys: &bindingFormat, check: checkExports, wrong: "The optional %q field should be an object keyed by class name, but got %s"},
		doc:   "Classes, entrypoints and workflows that the Worker exports, in place of migrations.",
		read:  readExports,
	},
}

var durableObjectFields = []*field{
	{
		name: "bindings", old: "classes", def: "[]",
		shape: &shape{kinds: kindArray, elem: &durableObject},
		doc:   "The bindings.",
	},
	{
		name: "code_update_strategy", since: "4.164", do: inactive, hint: "New code takes over at once.",
		shape: &shape{kinds: kindTable, fields: updateFields},
		doc:   "When running objects get new code.",
	},
}

var durableObject = shape{kinds: kindTable, entry: ": binding", fields: durableObjectBindingFields, check: checkDurableObject}

var durableObjectBindingFields = []*field{
	{name: "name", old: "binding", must: true, shape: &aBinding, doc: "Name of the binding in the Worker's env."},
	{name: "class_name", must: true, shape: &aName, doc: "Class that the Worker, or script_name, exports."},
	{name: "script_name", shape: &shape{kinds: kindString, wrong: "%q: the field \"script_name\", when present, should be a string but got %s"}, def: "the environment's own script", doc: "Script that defines the class."},
	{
		name: "environment", shape: &aText, since: "2.0.6", do: inactive,
		doc:  "Service environment of script_name. There are none any more.",
		hint: "Write the environment's own script into \"script_name\": <script>-<environment>.",
	},
}

// aBinding is the key of an entry that names the binding.
var aBinding = shape{kinds: kindString, format: &bindingFormat}

var updateFields = []*field{
	{name: "mode", must: true, shape: &shape{kinds: kindString, enum: []string{"immediate", "deferred"}}, since: "4.164", doc: "Whether objects are replaced at once."},
	{name: "max_delay", shape: &shape{kinds: kindNumber, max: 86400}, since: "4.164", def: "300", doc: "How many seconds an object may keep its old code."},
}

var migration = shape{kinds: kindTable, fields: migrationFields}

var migrationFields = []*field{
	{name: "tag", must: true, shape: &aText, doc: "Unique name of the entry. It tells what has been applied."},
	{name: "new_classes", shape: &names, doc: "Classes that appear, with key-value storage."},
	{name: "new_sqlite_classes", shape: &names, since: "3.75", doc: "Classes that appear, with SQLite storage."},
	{
		name: "renamed_classes", doc: "Classes whose objects go over to another class of the script.",
		shape: &shape{kinds: kindArray, elem: &rename, want: `an array of "{from: string, to: string}" objects`},
	},
	{name: "deleted_classes", shape: &names, doc: "Classes that disappear with all their objects."},
	{
		name: "transferred_classes", doc: "Classes whose objects are taken over from another script.",
		shape: &shape{kinds: kindArray, elem: &transfer, want: `an array of "{from: string, from_script: string, to: string}" objects`},
	},
}

var (
	rename   = shape{kinds: kindTable, fields: renameFields, wrong: `Expected %q to be in an array of "{from: string, to: string}" objects but got %s`}
	transfer = shape{kinds: kindTable, fields: transferFields, wrong: `Expected %q to be in an array of "{from: string, from_script: string, to: string}" objects but got %s`}
)

var renameFields = []*field{
	{name: "from", must: true, shape: &aName, doc: "Class that has the objects."},
	{name: "to", must: true, shape: &aName, doc: "Class that gets them. The script exports it."},
}

var transferFields = []*field{
	{name: "from", must: true, shape: &aName, doc: "Class that has the objects."},
	{name: "from_script", must: true, shape: &aName, doc: "Script of that class."},
	{name: "to", must: true, shape: &aName, doc: "Class that gets them. This script exports it."},
}
