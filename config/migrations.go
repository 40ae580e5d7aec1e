package config

import (
	"paddock/internal/diag"
	"paddock/migrate"
)

// checkMigrations looks at the list as a whole: at its tags, and at the story
// that it tells.
func checkMigrations(c *checker, n *node) {
	tags := make(map[string]*node)
	for _, e := range n.elements() {
		checkTag(c, e.get("tag"), tags)
	}
	for _, d := range play(n).Problems() {
		c.report(d)
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
	d.Classes = play(n).Classes()
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

// play replays the list. Places are those of the class names.
func play(list *node) *migrate.History {
	var h migrate.History
	for _, e := range list.elements() {
		for _, n := range e.get("deleted_classes").named() {
			h.Delete(n.text(), n.at())
		}
		for _, n := range e.get("renamed_classes").elements() {
			if from, to := n.get("from"), n.get("to"); from.text() != "" && to.text() != "" {
				h.Rename(from.text(), from.at(), to.text(), to.at())
			}
		}
		for _, n := range e.get("new_classes").named() {
			h.Create(n.text(), false, n.at())
		}
		for _, n := range e.get("new_sqlite_classes").named() {
			h.Create(n.text(), true, n.at())
		}
		for _, n := range e.get("transferred_classes").elements() {
			if to := n.get("to"); to.text() != "" {
				h.Transfer(to.text(), to.at())
			}
		}
	}
	return &h
}

// named returns the elements of an array that are strings and not empty.
func (n *node) named() []*node {
	var list []*node
	for _, e := range n.elements() {
		if e.text() != "" {
			list = append(list, e)
		}
	}
	return list
}
