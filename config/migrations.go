package config

import (
	"paddock/internal/diag"
	"paddock/migrate"
)

// readMigrations reads the list of migrations, and plays it to warn of steps
// that look wrong.
func readMigrations(r *reader, n *node, d *draft) {
	if !n.is(kindArray) {
		r.report(diag.Errorf("wrong-type", n.at(), "The optional %q field should be an array, but got %s", n.path(), n.quote()).
			WithHint("In TOML the list is written with two brackets: [[migrations]]"))
		return
	}
	tags := make(map[string]*node)
	past := history{reader: r, classes: make(map[string]bool)}
	for _, e := range n.list {
		if !r.expect(e, kindTable) {
			continue
		}
		m := migrate.Migration{Tag: r.migrationTag(e, tags), Location: e.at()}
		if tag := e.get("tag"); tag != nil {
			m.Location = tag.at()
		}
		m.Step = r.migrationStep(e)
		past.play(e)
		d.Migrations = append(d.Migrations, m)
	}
}

// migrationTag reads the tag of an entry, which must tell it from all others:
// it is all that a script remembers of what has been applied.
func (r *reader) migrationTag(e *node, tags map[string]*node) string {
	n := e.get("tag")
	if n == nil {
		r.errorf("missing-field", e.at(), "%q is a required field", e.path()+".tag")
		return ""
	}
	if !r.expect(n, kindString) {
		return ""
	}
	tag := n.value.(string)
	switch first := tags[tag]; {
	case tag == "":
		r.errorf("bad-value", n.at(), "%q is empty; each migration needs a tag of its own", n.path())
	case first != nil:
		d := diag.Errorf("duplicate-tag", n.at(), "The migration tag %q appears multiple times in the list of migrations", tag).
			WithHint("Give this entry a tag of its own. An entry that has been applied must keep its tag.")
		d.Related = []diag.Related{{Message: "the first one is here", Location: first.at()}}
		r.report(d)
	default:
		tags[tag] = n
	}
	return tag
}

func (r *reader) migrationStep(e *node) migrate.Step {
	r.onlyKeys(e, "tag", "new_classes", "new_sqlite_classes", "renamed_classes", "deleted_classes", "transferred_classes")
	s := migrate.Step{
		NewClasses:       r.classNames(e.get("new_classes")),
		NewSQLiteClasses: r.classNames(e.get("new_sqlite_classes")),
		DeletedClasses:   r.classNames(e.get("deleted_classes")),
	}
	for _, m := range r.moves(e.get("renamed_classes"), "{from: string, to: string}", "from", "to") {
		s.RenamedClasses = append(s.RenamedClasses, migrate.Rename{From: m["from"], To: m["to"]})
	}
	for _, m := range r.moves(e.get("transferred_classes"), "{from: string, from_script: string, to: string}", "from", "from_script", "to") {
		s.TransferredClasses = append(s.TransferredClasses, migrate.Transfer{From: m["from"], FromScript: m["from_script"], To: m["to"]})
	}
	return s
}

func (r *reader) classNames(n *node) []string {
	var names []string
	for _, e := range r.strings(n) {
		if e.value == "" {
			r.errorf("bad-value", e.at(), "%q is empty; it should be the name of a class", e.path())
			continue
		}
		names = append(names, e.value.(string))
	}
	return names
}

// moves reads an array of tables whose fields are all required texts.
func (r *reader) moves(n *node, shape string, keys ...string) []map[string]string {
	if n == nil {
		return nil
	}
	bad := func(at *node) {
		r.errorf("wrong-type", at.at(), "Expected %q to be an array of %q objects but got %s", n.path(), shape, at.quote())
	}
	if !n.is(kindArray) {
		bad(n)
		return nil
	}
	var list []map[string]string
	for _, e := range n.list {
		m := make(map[string]string)
		for _, key := range keys {
			if v := e.get(key); v.is(kindString) && v.value != "" {
				m[key] = v.value.(string)
			}
		}
		if len(m) < len(keys) {
			bad(e)
			continue
		}
		r.onlyKeys(e, keys...)
		list = append(list, m)
	}
	return list
}

// history plays the list to find steps that do not fit the ones before. It
// only warns, in the words in which Wrangler refuses: a class may have been
// created before the list began, or from the command line.
type history struct {
	reader  *reader
	classes map[string]bool
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
	if !n.is(kindString) {
		return
	}
	class := n.value.(string)
	if !h.classes[class] {
		h.reader.report(diag.Warningf("migration-history", n.at(),
			"Cannot apply %s migration to non-existent class %s", directive, class).
			WithHint("No earlier entry of the list introduces it. That is right only if it was created before the list began."))
	}
	delete(h.classes, class)
}

func (h *history) enter(n *node, directive string) {
	if !n.is(kindString) {
		return
	}
	class := n.value.(string)
	if h.classes[class] {
		h.reader.report(diag.Warningf("migration-history", n.at(),
			"Cannot apply %s migration to existing class %s", directive, class).
			WithHint("An earlier entry of the list has introduced it."))
	}
	h.classes[class] = true
}
