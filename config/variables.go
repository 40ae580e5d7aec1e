package config

import (
	"cmp"
	"slices"

	"paddock/internal/diag"
)

// checkVariable looks for values that cannot travel as JSON.
func checkVariable(c *checker, n *node) {
	switch n.kind {
	case kindDate:
		c.report(diag.Errorf("wrong-type", n.at(), "The field %q is a TOML date, which is not supported", n.path()).
			WithHint("Write it in quotation marks."))
	case kindFloat:
		if _, text := n.plain().(string); text {
			c.errorf("wrong-type", n.at(), "The field %q is %v, which JSON cannot hold", n.path(), n.value)
		}
	}
	for _, child := range n.list {
		checkVariable(c, child)
	}
}

func readVars(d *draft, n *node) {
	d.Vars = nil
	for _, v := range n.fields() {
		d.Vars = append(d.Vars, Var{Name: v.name, Value: v.plain(), Location: v.keyAt()})
	}
	slices.SortFunc(d.Vars, func(a, b Var) int { return cmp.Compare(a.Name, b.Name) })
}
