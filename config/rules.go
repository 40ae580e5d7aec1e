package config

import "paddock/internal/diag"

// checkRules warns of rules that never count: a type is closed by its first
// rule that does not fall through.
func checkRules(c *checker, n *node) {
	closed := make(map[string]*node)
	for _, rule := range n.elements() {
		kind, through := rule.get("type").text(), rule.get("fallthrough")
		first := closed[kind]
		switch {
		case kind == "":
		case first != nil && first.get("fallthrough") == nil:
			c.report(diag.Warningf("shadowed-rule", rule.at(), "The rule of type %q before this one does not have a fallback, the following rules will be ignored", kind).
				WithHint("Set fallthrough = true in the first rule to use both, or false to say that this is meant.").
				WithRelated("the rule that closes the type is here", first.at()))
		case first == nil && !through.truth():
			closed[kind] = rule
		}
	}
}
