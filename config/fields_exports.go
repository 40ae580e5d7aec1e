package config

// An entry of exports. Which keys it may have depends on its type and, for a
// Durable Object, on its state; checkExport knows.
var export = shape{kinds: kindTable, fields: exportFields, open: true, check: checkExport}

var exportFields = []*field{
	{
		name: "type", must: true, doc: "What is exported.",
		shape: &shape{kinds: kindString, enum: []string{"durable-object", "worker", "workflow"}},
	},
	{
		name: "state", def: "created", doc: "Whether a Durable Object class lives, or what became of it.",
		shape: &shape{kinds: kindString, enum: []string{"created", "deleted", "renamed", "transferred", "expecting-transfer"}},
	},
	{
		name: "storage", doc: "Storage of a Durable Object class.",
		shape: &shape{kinds: kindString, enum: []string{"sqlite", "legacy-kv"}},
	},
	{name: "container", shape: &aName, do: unsupported, doc: "Entry of containers that belongs to the class."},
	{name: "renamed_to", shape: &aName, doc: "Class that has the objects now."},
	{name: "transferred_to", shape: &aName, doc: "Script that has the objects now."},
	{name: "transfer_from", shape: &aName, doc: "Script that hands the objects over."},
	{name: "cache", shape: &shape{kinds: kindTable, fields: exportCacheFields}, doc: "Cache of an entrypoint."},
	{name: "name", shape: &shape{kinds: kindString, format: &workflowFormat}, since: "4.164", doc: "Name of a workflow."},
	{name: "limits", shape: &shape{kinds: kindTable, fields: workflowLimitFields}, since: "4.164", doc: "Limits of a workflow."},
	{name: "concurrency", shape: &shape{kinds: kindTable, fields: concurrencyFields}, since: "4.164", doc: "How many instances of a workflow run at once."},
	{name: "schedules", shape: &schedules, since: "4.164", doc: "When instances of a workflow start by themselves."},
	{name: "default_retention", shape: &shape{kinds: kindTable, fields: retentionFields}, since: "4.164", doc: "How long finished instances of a workflow are kept."},
	{name: "jurisdiction", shape: &jurisdiction, since: "4.164", doc: "Where a workflow runs."},
}

var exportCacheFields = []*field{
	{name: "enabled", must: true, shape: &aBool, doc: "Whether answers are cached."},
}
