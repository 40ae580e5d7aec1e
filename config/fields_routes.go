package config

// What makes a Worker run.
var routeFields = []*field{
	{
		name: "route", class: inheritable, since: "1.0",
		shape: &route,
		doc:   "The route of a Worker that has one only.",
		read:  func(d *draft, n *node) { d.route = n },
	},
	{
		name: "routes", class: inheritable, since: "1.8",
		shape: &shape{kinds: kindArray, elem: &routeItem},
		doc:   "Patterns of the URLs that the Worker answers, and domains of its own.",
		read:  func(d *draft, n *node) { d.routes = n },
	},
	{
		name: "workers_dev", class: inheritable, shape: &aBool, since: "1.3", def: "true without routes",
		doc:  "Whether the Worker has an address under workers.dev. On a local runtime it answers at its name in any case.",
		read: func(d *draft, n *node) { d.WorkersDev = n.flag() },
	},
	{
		name: "preview_urls", class: inheritable, shape: &aBool, since: "3.91", do: inactive, usual: false,
		doc: "Whether each version has an address of its own.",
	},
	{
		name: "triggers", class: inheritable, since: "1.12",
		shape: &shape{kinds: kindTable | kindNull, fields: triggerFields},
		doc:   "Times and events at which the Worker runs.",
		read:  func(d *draft, n *node) { d.Crons = readCrons(n.get("crons")) },
	},
	{
		name: "addresses", class: topLevel, shape: &texts, since: "4.112", do: inactive,
		doc: "Addresses whose mail the Worker gets; *@domain is all of a domain.",
	},
}

const routeWant = `either a string, or an object with shape { pattern, custom_domain, zone_id | zone_name }`

var (
	// Routes are checked whole, as any key that they may not have makes them
	// invalid; the fields are for the documentation.
	route     = shape{kinds: kindString | kindTable, fields: routeKeys, open: true, want: routeWant, check: checkRoute}
	routeItem = shape{kinds: kindString | kindTable, fields: routeKeys, open: true, want: routeWant, check: checkRouteItem}
)

var routeKeys = []*field{
	{name: "pattern", must: true, shape: &aName, doc: "Pattern of the URLs, or the domain."},
	{name: "zone_id", shape: &aText, doc: "Zone of the pattern, by id."},
	{name: "zone_name", shape: &aText, doc: "Zone of the pattern, by name."},
	{name: "custom_domain", shape: &aBool, doc: "Whether the pattern is a domain of the Worker's own."},
	{name: "enabled", shape: &aBool, since: "4.85", doc: "Whether a custom domain reaches the Worker."},
	{name: "previews_enabled", shape: &aBool, since: "4.85", doc: "Whether a custom domain reaches previews."},
}

var cronItem = shape{kinds: kindString, format: &cronFormat, check: checkIgnoredIfEmpty}

var triggerFields = []*field{
	{
		name: "crons", doc: "Cron expressions, in UTC. [] removes what is scheduled; without the field it is left alone.",
		shape: &shape{kinds: kindArray, elem: &cronItem, want: "of type array"},
	},
	{name: "events", shape: &shape{kinds: kindArray, elem: &eventTrigger}, since: "4.118", do: inactive, doc: "Events that start workflows."},
}

var eventTrigger = shape{kinds: kindTable, fields: eventFields}

var eventFields = []*field{
	{
		name: "type", must: true, doc: "The event.",
		shape: &shape{kinds: kindString, enum: []string{
			"cf.artifacts.repo.created", "cf.artifacts.repo.deleted", "cf.artifacts.repo.forked", "cf.artifacts.repo.imported",
			"cf.artifacts.repo.pushed", "cf.artifacts.repo.cloned", "cf.artifacts.repo.fetched",
			"cf.artifacts.repo.token.created", "cf.artifacts.repo.token.revoked",
		}},
	},
	{name: "filter", shape: &shape{kinds: kindTable, fields: eventFilterFields}, doc: "Which repositories count."},
	{name: "targets", must: true, shape: &shape{kinds: kindArray, elem: &eventTarget, check: checkNotEmpty}, doc: "What is started."},
}

var eventFilterFields = []*field{
	{name: "namespace", shape: &aName, doc: "Namespace of the repository."},
	{name: "repo_name", shape: &aName, doc: "Name of the repository."},
}

var eventTarget = shape{kinds: kindTable, fields: eventTargetFields}

var eventTargetFields = []*field{
	{name: "type", must: true, shape: &shape{kinds: kindString, enum: []string{"workflow"}}, doc: "Kind of the target."},
	{name: "workflow_name", must: true, shape: &aName, doc: "Name of the workflow."},
}
