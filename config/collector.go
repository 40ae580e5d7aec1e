package config

import "paddock/internal/diag"

// collector gathers diagnostics, within bounds: a file with thousands of
// problems has one problem.
type collector struct {
	list    diag.List
	dropped int
	failed  bool // an error was dropped
}

const maxProblems = 1000

func (c *collector) add(d diag.Diagnostic) {
	if len(c.list) < maxProblems {
		c.list = append(c.list, d)
		return
	}
	c.dropped++
	c.failed = c.failed || d.Severity == diag.Error
}

// sorted returns what was gathered in source order.
func (c *collector) sorted() diag.List {
	list := c.list.Sorted()
	if c.dropped == 0 {
		return list
	}
	d := diag.Warningf("more-problems", diag.Location{File: list[len(list)-1].Location.File}, "and %d more problems", c.dropped)
	if c.failed {
		d.Severity = diag.Error
	}
	return append(list, d)
}
