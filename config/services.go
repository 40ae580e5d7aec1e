package config

import (
	"slices"

	"paddock/internal/diag"
)

// readServices reads the complete entries of services.
func readServices(d *draft, n *node) {
	d.Services = nil
	for _, e := range n.elements() {
		name, service := e.get("binding").text(), e.get("service")
		if name == "" || service.text() == "" {
			continue
		}
		s := Service{
			Name: name, Service: service.text(), Environment: e.get("environment").text(),
			Entrypoint: e.get("entrypoint").text(), Location: service.at(),
		}
		if props := e.get("props"); props.is(kindTable) {
			s.Props, _ = props.plain().(map[string]any)
		}
		if at := e.get("entrypoint"); at != nil {
			s.EntrypointLocation = at.at()
		}
		d.Services = append(d.Services, s)
	}
}

func checkWorkflowName(c *checker, n *node) {
	name := n.text()
	ok := name != "" && len(name) <= 64 && name[0] != '-'
	for i := range len(name) {
		ch := name[i]
		ok = ok && ('a' <= ch && ch <= 'z' || 'A' <= ch && ch <= 'Z' || '0' <= ch && ch <= '9' || ch == '_' || ch == '-')
	}
	if !ok {
		c.report(diag.Errorf("bad-value", n.at(), "%q is invalid: %s", n.path(), n.quote()).
			WithHint("Workflow names must be 1-64 characters long, start with a letter, number, or underscore, and may only contain letters, numbers, underscores, or hyphens."))
	}
}

func checkWorkflows(c *checker, n *node) {
	first := make(map[string]*node)
	for _, e := range n.elements() {
		name := e.get("name")
		switch before := first[name.text()]; {
		case name.text() == "":
		case before != nil:
			c.report(diag.Errorf("duplicate-workflow", name.at(), "%q bindings must have unique \"name\" values; %s stands twice", n.path(), name.quote()).
				WithRelated("the first one is here", before.at()))
		default:
			first[name.text()] = name
		}
	}
}

func checkSteps(c *checker, n *node) {
	const most = 25_000
	switch steps := n.number(); {
	case steps < 1 || steps != float64(int64(steps)):
		c.errorf("out-of-range", n.at(), "%q must be a positive integer but got %s", n.path(), n.quote())
	case steps > most:
		c.warnf("out-of-range", n.at(), "%q exceeds the production maximum of 25,000", n.path())
	}
}

func checkSendEmail(c *checker, n *node) {
	one, many := n.get("destination_address"), n.get("allowed_destination_addresses")
	if one != nil && many != nil {
		c.report(diag.Errorf("exclusive-fields", many.keyAt(),
			"%q bindings should have either a \"destination_address\" or \"allowed_destination_addresses\" field, but not both", n.path()).
			WithRelated("the other one is here", one.keyAt()))
	}
}

func checkPeriod(c *checker, n *node) {
	if p := n.number(); p != 10 && p != 60 {
		c.errorf("bad-value", n.at(), "%q bindings \"simple.period\" must be either 10 or 60 but got %s", n.parent.parent.path(), n.quote())
	}
}

func checkVPCNetwork(c *checker, n *node) {
	if n.get("tunnel_id") == nil && n.get("network_id") == nil {
		c.errorf("missing-field", n.at(), "%q bindings must have either a \"tunnel_id\" or \"network_id\"", n.path())
	}
	c.exclusive(n, "tunnel_id", "network_id")
}

func checkConnect(c *checker, n *node) {
	first := make(map[string]*node)
	for _, e := range n.elements() {
		protocol, port := e.get("protocol").text(), e.get("port")
		if protocol == "" || !port.is(kindNumber) {
			continue
		}
		key := protocol + port.quote()
		if before := first[key]; before != nil {
			c.report(diag.Errorf("duplicate-port", port.at(), "Each entry in %q must use a unique protocol and port", n.path()).
				WithRelated("the first one is here", before.at()))
			continue
		}
		first[key] = port
	}
}

func checkUnsafe(c *checker, n *node) {
	c.warnf("experimental", n.keyAt(), "%q fields are experimental and may change or break at any time", n.path())
}

// nativeTypes are the types of bindings that have a field of their own.
var nativeTypes = []string{
	"plain_text", "secret_text", "json", "wasm_module", "data_blob", "text_blob", "browser", "ai", "images", "stream", "media",
	"version_metadata", "kv_namespace", "durable_object_namespace", "send_email", "queue", "r2_bucket", "d1", "vectorize",
	"hyperdrive", "service", "fetcher", "analytics_engine", "dispatch_namespace", "mtls_certificate", "pipelines",
	"secrets_store_secret", "workflow", "ratelimit", "worker_loader", "vpc_service", "vpc_network", "logfwdr", "assets",
}

func checkUnsafeBinding(c *checker, n *node) {
	kind := n.get("type")
	switch {
	case kind.text() == "metadata" && n.get("name").text() != "":
		c.warnf("deprecated-field", kind.at(), "The deployment object in the metadata binding is now deprecated. Please switch to using the version_metadata binding")
	case slices.Contains(nativeTypes, kind.text()):
		c.warnf("native-binding", kind.at(), "The binding type %q is directly supported by wrangler", kind.text())
	}
}

func checkCapnp(c *checker, n *node) {
	compiled, base, sources := n.get("compiled_schema"), n.get("base_path"), n.get("source_schemas")
	switch {
	case compiled != nil:
		c.exclusive(n, "compiled_schema", "base_path")
		c.exclusive(n, "compiled_schema", "source_schemas")
	case base == nil || sources == nil:
		c.errorf("missing-field", n.at(), "%q needs either \"compiled_schema\", or \"base_path\" and \"source_schemas\"", n.path())
	}
}

func checkLogfwdr(c *checker, n *node) {
	if old := n.get("schema"); old != nil {
		c.errorf("removed-field", old.keyAt(), "%q binding \"schema\" property has been replaced with the \"unsafe.capnp\" object", n.path())
	}
}
