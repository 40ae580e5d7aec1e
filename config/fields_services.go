package config

// Bindings to Cloudflare's other products.
var serviceFields = []*field{
	{name: "ai", class: notInherited, since: "3.9.1", do: unsupported, label: "AI", shape: &shape{kinds: kindTable, entry: listed, fields: aiFields, open: true}, doc: "Workers AI."},
	{name: "browser", class: notInherited, since: "3.0", do: unsupported, label: "Browser Run", shape: &remoteBinding, doc: "Browser rendering."},
	{name: "images", class: notInherited, since: "3.107", do: unsupported, label: "Images", shape: &remoteBinding, doc: "Images."},
	{name: "media", class: notInherited, since: "4.44", do: unsupported, label: "Media", shape: &remoteBinding, doc: "Media transformations."},
	{name: "stream", class: notInherited, since: "4.76", do: unsupported, label: "Stream", shape: &remoteBinding, doc: "Stream."},
	{name: "analytics", class: notInherited, since: "4.164", do: unsupported, label: "Analytics SQL", shape: &remoteBinding, doc: "Queries of analytics."},
	{name: "websearch", class: notInherited, since: "4.98", until: "4.125", do: unsupported, label: "Web Search", shape: &remoteBinding, doc: "Web search."},
	{
		name: "version_metadata", class: notInherited, since: "3.40", label: "Worker Version Metadata",
		shape: &shape{kinds: kindTable, entry: listed, fields: bindingOnlyFields, open: true}, doc: "Id and tag of the version that runs.",
		read: func(d *draft, n *node) { d.VersionMetadata = n.get("binding").text() },
	},
	{
		name: "mtls_certificates", class: notInherited, since: "2.10", def: "[]", do: unsupported, label: "mTLS Certificate", partly: true,
		shape: &shape{kinds: kindArray, elem: &certificate}, doc: "Client certificates for requests.",
	},
	{
		name: "send_email", class: notInherited, since: "2.14", def: "[]", do: unsupported, label: "Send Email",
		shape: &shape{kinds: kindArray, elem: &sendEmail}, doc: "Sending of mail.",
	},
	{
		name: "ratelimits", class: notInherited, since: "4.36", def: "[]", do: unsupported, label: "Rate Limit",
		shape: &shape{kinds: kindArray, elem: &rateLimit}, doc: "Counters that limit a rate.",
	},
	{
		name: "ai_search", class: notInherited, since: "4.78", def: "[]", do: unsupported, label: "AI Search Instance", partly: true,
		shape: &shape{kinds: kindArray, elem: &aiSearch}, doc: "Instances of AI Search.",
	},
	{
		name: "ai_search_namespaces", class: notInherited, since: "4.78", def: "[]", do: unsupported, label: "AI Search Namespace", partly: true,
		shape: &shape{kinds: kindArray, elem: &namespaced}, doc: "Namespaces of AI Search.",
	},
	{
		name: "agent_memory", class: notInherited, since: "4.95", def: "[]", do: unsupported, label: "Agent Memory", partly: true,
		shape: &shape{kinds: kindArray, elem: &namespaced}, doc: "Memory of agents.",
	},
	{
		name: "flagship", class: notInherited, since: "4.82", def: "[]", do: unsupported, label: "Flagship", partly: true,
		shape: &shape{kinds: kindArray, elem: &flagship}, doc: "Feature flags.",
	},
	{
		name: "vpc_services", class: notInherited, since: "4.39", def: "[]", do: unsupported, label: "VPC Service", partly: true,
		shape: &shape{kinds: kindArray, elem: &vpcService}, doc: "Services in a private network.",
	},
	{
		name: "vpc_networks", class: notInherited, since: "4.80", def: "[]", do: unsupported, label: "VPC Network", partly: true,
		shape: &shape{kinds: kindArray, elem: &vpcNetwork}, doc: "Private networks.",
	},
	{
		name: "unsafe_hello_world", class: notInherited, since: "4.20", def: "[]", do: unsupported, label: "Hello World", partly: true,
		shape: &shape{kinds: kindArray, elem: &helloWorld}, doc: "For Cloudflare's own use.",
	},
	{
		name: "unsafe", class: notInherited, since: "2.0", def: "{}", do: unsupported, label: "Unsafe Metadata", partly: true,
		shape: &shape{kinds: kindTable, fields: unsafeFields, check: checkUnsafe}, doc: "Bindings and metadata that Wrangler does not know.",
	},
	{
		name: "logfwdr", class: inheritable, since: "2.0.24", def: "{ bindings = [] }", do: unsupported, label: "logfwdr",
		shape: &shape{kinds: kindTable, fields: logfwdrFields, check: checkLogfwdr}, doc: "For Cloudflare's own use.",
	},
}

var remoteBinding = shape{kinds: kindTable, entry: listed, fields: remoteFields}

var remoteFields = []*field{&bindingKey, &remoteKey}

var aiFields = []*field{
	&bindingKey,
	{name: "staging", shape: &aBool, doc: "For Cloudflare's own use."},
	&remoteKey,
}

var (
	certificate = shape{kinds: kindTable, entry: listed, fields: certificateFields}
	sendEmail   = shape{kinds: kindTable, entry: listed, fields: sendEmailFields, check: checkSendEmail}
	rateLimit   = shape{kinds: kindTable, entry: listed, fields: rateLimitFields}
	aiSearch    = shape{kinds: kindTable, entry: listed, fields: aiSearchFields}
	flagship    = shape{kinds: kindTable, entry: listed, fields: flagshipFields}
	vpcService  = shape{kinds: kindTable, entry: listed, fields: vpcServiceFields}
	vpcNetwork  = shape{kinds: kindTable, entry: listed, fields: vpcNetworkFields, check: checkVPCNetwork}
	helloWorld  = shape{kinds: kindTable, entry: listed, fields: helloWorldFields}
)

var certificateFields = []*field{
	&bindingKey,
	{name: "certificate_id", must: true, shape: &aName, doc: "Id of the certificate."},
	&remoteKey,
}

var sendEmailFields = []*field{
	{name: "name", must: true, shape: &aBinding, doc: "Name of the binding in the Worker's env."},
	{name: "destination_address", shape: &aText, doc: "The one address that mail may go to."},
	{name: "allowed_destination_addresses", shape: &texts, doc: "The addresses that mail may go to."},
	{name: "allowed_sender_addresses", shape: &texts, doc: "The addresses that mail may come from."},
	&remoteKey,
}

var rateLimitFields = []*field{
	{name: "name", must: true, shape: &aBinding, doc: "Name of the binding in the Worker's env."},
	{name: "namespace_id", must: true, shape: &aText, doc: "A number of yours, as text, that tells counters apart."},
	{name: "simple", must: true, shape: &shape{kinds: kindTable, fields: simpleLimitFields}, doc: "The limit."},
}

var simpleLimitFields = []*field{
	{name: "limit", must: true, shape: &aNumber, doc: "Most calls in a period."},
	{name: "period", must: true, shape: &shape{kinds: kindNumber, check: checkPeriod}, doc: "The period: 10 or 60 seconds."},
}

var aiSearchFields = []*field{
	&bindingKey,
	{name: "instance_name", must: true, shape: &aText, doc: "Name of the instance."},
	&remoteKey,
}

var flagshipFields = []*field{
	&bindingKey,
	{name: "app_id", shape: &aText, doc: "Id of the app."},
	&remoteKey,
}

var vpcServiceFields = []*field{
	&bindingKey,
	{name: "service_id", must: true, shape: &aText, doc: "Id of the service."},
	&remoteKey,
}

var vpcNetworkFields = []*field{
	&bindingKey,
	{name: "tunnel_id", shape: &aText, doc: "Id of a tunnel."},
	{name: "network_id", shape: &aText, doc: "Id of a network."},
	&remoteKey,
}

var helloWorldFields = []*field{
	&bindingKey,
	{name: "enable_timer", shape: &aBool, doc: "For Cloudflare's own use."},
}

var unsafeBinding = shape{kinds: kindTable, entry: ": binding", fields: unsafeBindingFields, open: true, check: checkUnsafeBinding}

var unsafeFields = []*field{
	{name: "bindings", shape: &shape{kinds: kindArray, elem: &unsafeBinding}, doc: "Bindings, which are uploaded as they are."},
	{name: "metadata", shape: &anyMap, doc: "Metadata, which is uploaded as it is."},
	{name: "capnp", shape: &shape{kinds: kindTable, fields: capnpFields, check: checkCapnp}, doc: "Cap'n Proto schemas."},
}

var unsafeBindingFields = []*field{
	{name: "name", must: true, shape: &aBinding, doc: "Name of the binding in the Worker's env."},
	{name: "type", must: true, shape: &aText, doc: "Type of the binding."},
	{name: "dev", shape: &anyMap, doc: "A plugin that stands in for the binding in dev."},
}

var capnpFields = []*field{
	{name: "base_path", shape: &aPath, doc: "Folder of the schemas."},
	{name: "source_schemas", shape: &texts, doc: "The schemas."},
	{name: "compiled_schema", shape: &aPath, doc: "Schemas that have been compiled."},
}

var forward = shape{kinds: kindTable, entry: ": binding", fields: forwardFields}

var logfwdrFields = []*field{
	{name: "bindings", must: true, shape: &shape{kinds: kindArray, elem: &forward}, doc: "Bindings."},
	{name: "schema", shape: &anyJSON, until: "2", doc: "Replaced by unsafe.capnp."},
}

var forwardFields = []*field{
	{name: "name", must: true, shape: &aBinding, doc: "Name of the binding in the Worker's env."},
	{name: "destination", must: true, shape: &aText, doc: "Where lines go."},
}
