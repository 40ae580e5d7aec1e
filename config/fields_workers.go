package config

// Bindings to other Workers, workflows, and programs beside the Worker.
var workerFields = []*field{
	{
		name: "services", class: notInherited, since: "2.0.6", def: "[]", label: "Worker", partly: true,
		shape: &shape{kinds: kindArray, elem: &service}, doc: "Other Workers, for requests and calls.",
		read: readServices,
	},
	{
		name: "workflows", class: notInherited, since: "3.82", def: "[]", do: unsupported, label: "Workflow", partly: true,
		shape: &shape{kinds: kindArray, elem: &workflow, check: checkWorkflows}, doc: "Workflows.",
	},
	{
		name: "containers", class: notInherited, since: "3.94", do: unsupported,
		shape: &shape{kinds: kindArray | kindNull, elem: &container, check: checkContainers}, doc: "Containers that belong to Durable Object classes.",
		read: func(d *draft, n *node) { d.containers = n },
	},
	{
		name: "cloudchamber", class: notInherited, since: "3.23", def: "{}", do: inactive,
		shape: &shape{kinds: kindTable, fields: cloudchamberFields, open: true, check: checkCloudchamber}, doc: "Defaults of the cloudchamber commands.",
	},
	{
		name: "dispatch_namespaces", class: notInherited, since: "2.0.28", def: "[]", do: unsupported, label: "Dispatch Namespace", partly: true,
		shape: &shape{kinds: kindArray, elem: &dispatcher}, doc: "Dispatch namespaces of Workers for Platforms.",
	},
	{
		name: "worker_loaders", class: notInherited, since: "4.39", def: "[]", do: unsupported, label: "Worker Loader", partly: true,
		shape: &shape{kinds: kindArray, elem: &bindingOnly}, doc: "Loaders of Workers at run time.",
	},
	{
		name: "tail_consumers", class: notInherited, since: "3.0", do: inactive,
		shape: &shape{kinds: kindArray, elem: &tailConsumer}, doc: "Workers that get what this one logs.",
	},
	{
		name: "streaming_tail_consumers", class: notInherited, since: "4.49", do: inactive,
		shape: &shape{kinds: kindArray | kindNull, elem: &streamingTail}, doc: "The same, while an invocation lasts.",
	},
	{
		name: "connect", class: notInherited, since: "4.125", def: "[]", do: unsupported,
		shape: &shape{kinds: kindArray, elem: &connector, check: checkConnect}, doc: "Ports whose connections the Worker gets.",
	},
}

var (
	service       = shape{kinds: kindTable, entry: listed, fields: serviceKeys, open: true}
	workflow      = shape{kinds: kindTable, entry: listed, fields: workflowKeys}
	dispatcher    = shape{kinds: kindTable, entry: listed, fields: dispatchFields, open: true}
	bindingOnly   = shape{kinds: kindTable, entry: listed, fields: bindingOnlyFields}
	tailConsumer  = shape{kinds: kindTable, fields: tailFields, open: true}
	streamingTail = shape{kinds: kindTable, fields: streamingTailFields, open: true}
	connector     = shape{kinds: kindTable, fields: connectFields}
)

var serviceKeys = []*field{
	&bindingKey,
	{name: "service", must: true, shape: &aText, doc: "Script to call. An environment of it is <script>-<environment>."},
	{
		name: "environment", shape: &aText, since: "2.0.6", do: inactive, usual: "production",
		doc:  "Service environment. There are none any more.",
		hint: "Write the environment's own script into \"service\": <script>-<environment>.",
	},
	{name: "entrypoint", shape: &aText, def: "the default export", doc: "Exported class to call."},
	{name: "props", shape: &anyMap, doc: "Values that the entrypoint finds in ctx.props."},
	&remoteKey,
	{name: "dev", do: inactive, shape: &shape{kinds: kindTable, fields: pluginFields}, doc: "A plugin that stands in for the script in dev."},
}

var pluginFields = []*field{
	{name: "plugin", must: true, shape: &shape{kinds: kindTable, fields: pluginKeys}, doc: "The plugin."},
	{name: "options", shape: &anyMap, doc: "Its options."},
}

var pluginKeys = []*field{
	{name: "package", must: true, shape: &aText, doc: "Package that has it."},
	{name: "name", must: true, shape: &aText, doc: "Its name there."},
}

var workflowKeys = []*field{
	&bindingKey,
	{name: "name", must: true, shape: &shape{kinds: kindString, format: &workflowFormat}, doc: "Name of the workflow, unique in the account."},
	{name: "class_name", must: true, shape: &aText, doc: "Class that implements it."},
	{name: "script_name", shape: &aText, def: "this script", doc: "Script that defines the class."},
	{name: "limits", shape: &shape{kinds: kindTable, fields: workflowLimitFields}, doc: "Limits of each instance."},
	{name: "concurrency", shape: &shape{kinds: kindTable, fields: concurrencyFields}, since: "4.164", doc: "How many instances run at once."},
	{name: "schedules", shape: &schedules, doc: "When instances start by themselves."},
	{name: "default_retention", shape: &shape{kinds: kindTable, fields: retentionFields}, since: "4.164", doc: "How long finished instances are kept."},
	{name: "jurisdiction", shape: &jurisdiction, since: "4.164", doc: "Where instances run."},
	&remoteKey,
}

var (
	schedules    = shape{kinds: kindString | kindArray, elem: &schedule, check: checkNotEmpty}
	schedule     = shape{kinds: kindString, format: &cronFormat, check: checkNotEmpty}
	jurisdiction = shape{kinds: kindString, enum: []string{"eu", "fedramp", "us"}}
	period       = shape{kinds: kindString | kindNumber, format: &nonEmptyFormat, whole: true, min: 1, max: unlimited}
)

var workflowLimitFields = []*field{
	{name: "steps", shape: &shape{kinds: kindNumber, check: checkSteps}, doc: "Most steps."},
}

var concurrencyFields = []*field{
	{name: "limit", shape: &shape{kinds: kindNumber, whole: true, min: 1, max: unlimited}, since: "4.164", doc: "Most instances."},
}

var retentionFields = []*field{
	{name: "success_retention", shape: &period, since: "4.164", doc: "For instances that succeeded."},
	{name: "error_retention", shape: &period, since: "4.164", doc: "For instances that failed."},
}

var dispatchFields = []*field{
	&bindingKey,
	{name: "namespace", shape: &aText, doc: "Name of the namespace."},
	{name: "outbound", shape: &shape{kinds: kindTable, fields: outboundFields, open: true}, doc: "Worker that the requests of dispatched ones go through."},
	&remoteKey,
}

var outboundFields = []*field{
	{name: "service", must: true, shape: &aText, doc: "The script."},
	{name: "environment", shape: &aText, doc: "Service environment. There are none any more."},
	{name: "parameters", shape: &texts, doc: "Names of what the dispatcher passes on."},
}

var bindingOnlyFields = []*field{&bindingKey}

var tailFields = []*field{
	{name: "service", must: true, shape: &aText, doc: "The script."},
	{name: "environment", shape: &aText, doc: "Service environment. There are none any more."},
}

var streamingTailFields = []*field{
	{name: "service", must: true, shape: &aText, doc: "The script."},
}

var connectFields = []*field{
	{name: "protocol", must: true, shape: &shape{kinds: kindString, enum: []string{"tcp", "udp"}}, doc: "Protocol of the port."},
	{name: "port", must: true, shape: &shape{kinds: kindNumber, whole: true, min: 1, max: 65535}, doc: "The port."},
	{name: "address", shape: &aText, doc: "Address of the port."},
	{name: "idle_timeout_ms", shape: &shape{kinds: kindNumber, whole: true, max: 1<<32 - 1}, since: "4.164", doc: "When an idle flow of udp ends."},
	{name: "max_pending_bytes", shape: &shape{kinds: kindNumber, whole: true, max: 1<<32 - 1}, since: "4.164", doc: "Most bytes of udp that wait for the Worker."},
}

var cloudchamberFields = []*field{
	{name: "image", shape: &aText, doc: "Image of the container."},
	{name: "location", shape: &aText, doc: "Where it runs."},
	{name: "instance_type", shape: &shape{kinds: kindString, enum: instanceTypes}, doc: "Size of the instance."},
	{name: "vcpu", shape: &aNumber, doc: "Processors."},
	{name: "memory", shape: &aText, doc: "Memory, with its unit."},
	{name: "ipv4", shape: &aBool, doc: "Whether it has an address of IPv4."},
}
