package config

// How the platform treats a Worker.
var platformFields = []*field{
	{
		name: "observability", class: inheritable, since: "3.77",
		shape: &shape{kinds: kindTable, fields: observabilityFields, check: checkObservability},
		doc:   "What is collected of the Worker's invocations. With enabled, or logs.enabled, a tail needs no restart of the engine.",
		read:  func(d *draft, n *node) { d.Observability = observed(n) },
	},
	{name: "logpush", class: inheritable, shape: &aBool, since: "2.2", do: ignored, doc: "Whether events go to Logpush."},
	{
		name: "limits", class: inheritable, since: "3.14", do: inactive,
		shape: &shape{kinds: kindTable | kindNull, fields: limitFields, open: true}, doc: "Limits of each invocation.",
	},
	{
		name: "placement", class: inheritable, since: "2.20", do: inactive,
		shape: &shape{kinds: kindTable, fields: placementFields, open: true, check: checkPlacement}, doc: "Where the Worker runs.",
	},
	{
		name: "cache", class: inheritable, since: "4.69", do: inactive,
		shape: &shape{kinds: kindTable, fields: cacheFields}, doc: "Cache before the Worker.",
	},
	{
		name: "access", class: inheritable, since: "4.123", do: inactive,
		shape: &shape{kinds: kindTable, fields: accessFields}, doc: "Cloudflare Access in dev.",
	},
	{
		name: "compliance_region", class: inheritable, since: "4.17", def: "public", do: inactive,
		shape: &shape{kinds: kindString, enum: []string{"public", "fedramp_high"}}, doc: "Cloudflare's cloud that is deployed to.",
	},
	{name: "first_party_worker", class: inheritable, shape: &aBool, since: "2.0.24", do: inactive, usual: false, doc: "For Cloudflare's own use."},
	{
		name: "previews", class: inheritable, since: "4.82", do: inactive,
		shape: &shape{kinds: kindTable, check: checkPreviews}, doc: "Settings and bindings of previews: binding fields, logpush, observability, limits, cache and placement.",
	},
}

var samplingRate = shape{kinds: kindNumber, max: 1}

var observabilityFields = []*field{
	{name: "enabled", shape: &aBool, doc: "Whether logs are collected."},
	{name: "head_sampling_rate", do: ignored, shape: &samplingRate, def: "1", doc: "Share of the invocations."},
	{name: "redact_query_string", do: ignored, shape: &aBool, since: "4.164", doc: "Whether queries of URLs are left out."},
	{name: "logs", shape: &shape{kinds: kindTable, fields: logFields}, doc: "Logs."},
	{name: "traces", do: ignored, shape: &shape{kinds: kindTable, fields: traceFields}, doc: "Traces."},
	{name: "issues", do: ignored, shape: &shape{kinds: kindTable, fields: enabledFields}, since: "4.164", doc: "Issues."},
}

var logFields = []*field{
	{name: "enabled", shape: &aBool, doc: "Whether logs are collected."},
	{name: "head_sampling_rate", do: ignored, shape: &samplingRate, def: "1", doc: "Share of the invocations."},
	{name: "invocation_logs", do: ignored, shape: &aBool, def: "true", doc: "Whether each invocation has a line of its own."},
	{name: "destinations", do: ignored, shape: &texts, doc: "Where logs go."},
	{name: "persist", do: ignored, shape: &aBool, def: "true", doc: "Whether they are kept."},
}

var traceFields = []*field{
	{name: "enabled", shape: &aBool, doc: "Whether traces are collected."},
	{name: "head_sampling_rate", do: ignored, shape: &samplingRate, def: "1", doc: "Share of the invocations."},
	{name: "destinations", do: ignored, shape: &texts, doc: "Where traces go."},
	{name: "persist", do: ignored, shape: &aBool, def: "true", doc: "Whether they are kept."},
}

var limitFields = []*field{
	{name: "cpu_ms", shape: &aNumber, doc: "Milliseconds of CPU time."},
	{name: "subrequests", shape: &aNumber, doc: "Requests that the Worker makes."},
}

var placementFields = []*field{
	{name: "mode", shape: &shape{kinds: kindString, enum: []string{"off", "smart", "targeted"}}, doc: "How the place is chosen."},
	{name: "hint", shape: &aText, doc: "A place, for smart."},
	{name: "region", shape: &aText, doc: "Region of a cloud to be close to."},
	{name: "host", shape: &aText, doc: "Host and port to be close to."},
	{name: "hostname", shape: &aText, doc: "Host name to be close to."},
}

var cacheFields = []*field{
	{name: "enabled", must: true, shape: &aBool, doc: "Whether answers are cached."},
	{name: "cross_version_cache", shape: &aBool, doc: "Whether versions share the cache."},
}

var accessFields = []*field{
	{name: "dev", shape: &shape{kinds: kindTable, fields: accessDevFields}, doc: "What dev pretends."},
}

var accessDevFields = []*field{
	{name: "aud", must: true, shape: &aText, doc: "Audience of the token."},
	{name: "identity", shape: &anyMap, doc: "Claims of the token."},
}
