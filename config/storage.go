package config

import "paddock/internal/diag"

// readResources reads the entries of a list of resources, whose id has the key.
func readResources(n *node, id string) []Resource {
	var list []Resource
	for _, e := range n.elements() {
		if name := e.get("binding"); name.text() != "" {
			list = append(list, Resource{
				Name: name.text(), ID: e.get(id).text(), As: e.get("database_name").text(), Location: name.at(),
			})
		}
	}
	return list
}

// The checks of single kinds of bindings.

func checkKVID(c *checker, n *node) {
	if n.text() == "" {
		c.errorf("bad-value", n.at(), "%q bindings should have a string \"id\" field, but it is empty", n.parent.path())
	}
}

func checkBucket(c *checker, n *node) {
	if name := n.text(); !bucketName(name) {
		c.report(diag.Errorf("bad-value", n.at(), "%s=%s is invalid", n.path(), n.quote()).
			WithHint("Bucket names must begin and end with an alphanumeric character, only contain lowercase letters, numbers, and hyphens, and be between 3 and 63 characters long."))
	}
}

func bucketName(s string) bool {
	if len(s) < 3 || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-':
		default:
			return false
		}
	}
	return true
}

func checkConsumerType(c *checker, n *node) {
	if n.text() != "worker" {
		c.report(diag.Errorf("bad-value", n.at(), "%q has an invalid \"type\" value: %s. Only \"worker\" consumers can be configured", n.parent.path(), n.quote()).
			WithHint("Configure a consumer that pulls its messages with `wrangler queues consumer http add`."))
	}
}

func checkPipeline(c *checker, n *node) {
	if n.get("stream") == nil && n.get("pipeline") == nil {
		c.errorf("missing-field", n.at(), "%q bindings must have a string \"stream\" field", n.path())
	}
}

func checkNotEmpty(c *checker, n *node) {
	switch {
	case n.is(kindArray) && len(n.list) == 0:
		c.errorf("bad-value", n.at(), "%q must not be an empty array", n.path())
	case n.is(kindString) && n.text() == "":
		c.errorf("bad-value", n.at(), "%q must not be an empty string", n.path())
	}
}
