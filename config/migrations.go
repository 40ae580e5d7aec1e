package config

import (
	"paddock/internal/diag"
	"paddock/migrate"
)

// checkMigrations looks at the list as a whole: at its tags, and at the story
// that it tells.
func checkMigrations(c *checker, n *node) {
	tags := make(map[string]*node)
	past := history{checker: c, classes: make(map[string]*node)}
	for _, e := range n.elements() {
		checkTag(c, e.get("tag"), tags)
		past.play(e)
	}
}

// checkTag looks at the tag of an entry, which must tell it from all others:
// it is all that a script remembers of what has been applied.
func checkTag(c *checker, n *node, tags map[string]*node) {
	if !n.is(kindString) {
		return
	}
	switch first := tags[n.text()]; {
	case n.text() == "":
		c.errorf("bad-value", n.at(), "%q is empty; each migration needs a tag of its own", n.path())
	case first != nil:
		c.report(diag.Errorf("duplicate-tag", n.at(), "The migration tag %q appears multiple times in the list of migrations", n.text()).
			WithHint("Give this entry a tag of its own. An entry that has been applied must keep its tag.").
			WithRelated("the first one is here", first.at()))
	default:
		tags[n.text()] = n
	}
}

func readMigrations(d *draft, n *node) {
	for _, e := range n.elements() {
		if !e.is(kindTable) {
			continue
		}
		m := migrate.Migration{Tag: e.get("tag").text(), Location: e.at(), Step: readStep(e)}
		if tag := e.get("tag"); tag != nil {
			m.Location = tag.at()
		}
		d.Migrations = append(d.Migrations, m)
	}
}

// readStep reads the directives of an entry, without those that are not
// complete.
func readStep(e *node) migrate.Step {
	s := migrate.Step{
		NewClasses:       e.get("new_classes").texts(),
		NewSQLiteClasses: e.get("new_sqlite_classes").texts(),
		DeletedClasses:   e.get("deleted_classes").texts(),
	}
	for _, m := range e.get("renamed_classes").elements() {
		if r := (migrate.Rename{From: m.get("from").text(), To: m.get("to").text()}); r.From != "" && r.To != "" {
			s.RenamedClasses = append(s.RenamedClasses, r)
		}
	}
	for _, m := range e.get("transferred_classes").elements() {
		t := migrate.Transfer{From: m.get("from").text(), FromScript: m.get("from_script").text(), To: m.get("to").text()}
		if t.From != "" && t.FromScript != "" && t.To != "" {
			s.TransferredClasses = append(s.TransferredClasses, t)
		}
	}
	return s
}

// history plays the list to find steps that do not fit the ones before. It
// only warns, in the words in which Wrangler refuses: a class may have been
// created before the list began, or from the command line.
type history struct {
	checker *checker
	classes map[string]*node // the place that brought each class that exists
}

// play takes the directives of a step in Wrangler's order.
func (h *history) play(e *node) {
	for _, n := range e.get("deleted_classes").elements() {
		h.leave(n, "deleted_classes")
	}
	for _, n := range e.get("renamed_classes").elements() {
		h.leave(n.get("from"), "renamed_classes")
		h.enter(n.get("to"), "renamed_classes")
	}
	for _, directive := range []string{"new_classes", "new_sqlite_classes"} {
		for _, n := range e.get(directive).elements() {
			h.enter(n, directive)
		}
	}
	for _, n := range e.get("transferred_classes").elements() {
		h.enter(n.get("to"), "transferred_classes")
	}
}

func (h *history) leave(n *node, directive string) {
	class := n.text()
	if class == "" {
		return
	}
	if h.classes[class] == nil {
		h.checker.report(diag.Warningf("migration-history", n.at(),
			"Cannot apply %s migration to non-existent class %s", directive, class).
			WithHint("No earlier entry of the list introduces it. That is right only if it was created before the list began."))
	}
	delete(h.classes, class)
}

func (h *history) enter(n *node, directive string) {
	class := n.text()
	if class == "" {
		return
	}
	if before := h.classes[class]; before != nil {
		h.checker.report(diag.Warningf("migration-history", n.at(),
			"Cannot apply %s migration to existing class %s", directive, class).
			WithRelated("it was introduced here", before.at()))
	}
	h.classes[class] = n
}
