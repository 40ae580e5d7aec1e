package migrate

import (
	"fmt"
	"slices"
)

// Namespace is one row of the namespace table: the permanent key, and the
// script and class that it belongs to now.
type Namespace struct {
	Key, Script, Class string
	SQLite             bool
	ReceivedFrom       string // script that it was last transferred from, ""
}

// State is what [Apply] and [Reconcile] work on. It is not changed.
type State struct {
	Script     string
	Tag        string        // the applied migration tag, "" for none
	Namespaces []Namespace   // of all scripts
	Exports    []string      // class-like exports of the candidate
	Bound      []string      // classes of its own that the candidate's bindings name
	NewKey     func() string // makes a namespace key
	Declared                 // only for Reconcile
}

// Change is what [Apply] or [Reconcile] makes of a state.
type Change struct {
	Namespaces []Namespace // the whole table afterwards, of all scripts
	Deleted    []Namespace // rows of the table before that are gone
	Effects    []Effect    // what happened, in order
	Tag        string      // the applied tag afterwards

	// Only of Reconcile.
	Handovers      []Handover // of all scripts afterwards
	Reconciliation *Reconciliation
}

// Effect is one thing that happens to a namespace.
type Effect struct {
	Kind       string // "create", "rename", "delete", "transfer", or "pending" for a transfer that waits for its other side
	Class      string // the class that is created, deleted or renamed; of a transfer, the class at its source
	To         string // the new class name after a rename or transfer
	FromScript string // where a transferred class comes from
	ToScript   string // where it goes, of a transfer by exports
	Key        string // of the namespace
	SQLite     bool   // the class may use the SQL API
	Step       int    // index of the step that does it
}

// Apply does all steps of an upload or none of them. A nil up is an upload
// without migrations, for which the checks of exports and bindings are made
// all the same. A violation comes back as a [*Refusal].
//
// Exports and bindings are compared with the table at the end only: where one
// step creates A and a later one renames it to B, the code exports B and need
// not know A. Without that, a fresh environment could never catch up with the
// history of an old one.
func Apply(s State, up *Upload) (Change, error) {
	a := applier{State: s, table: slices.Clone(s.Namespaces), touched: make(map[string]string)}
	tag, err := a.checkTags(up)
	if err != nil {
		return Change{}, err
	}
	if up != nil {
		for i, step := range up.Steps {
			a.at = i
			if err := a.step(step); err != nil {
				return Change{}, err
			}
		}
	}
	if err := a.checkCode(); err != nil {
		return Change{}, err
	}
	return Change{Namespaces: a.table, Deleted: a.deleted, Effects: a.effects, Tag: tag}, nil
}

// applier is one run of Apply.
type applier struct {
	State
	table   []Namespace
	deleted []Namespace
	effects []Effect
	at      int               // index of the step that is being done
	gone    []string          // classes that a directive deleted
	touched map[string]string // namespace key -> the directive that last gave it its class
}

func (a *applier) checkTags(up *Upload) (string, error) {
	switch {
	case up == nil:
		return a.Tag, nil
	case up.OldTag != a.Tag:
		return "", tagMismatch(a.Tag)
	case up.NewTag == "" && a.Tag != "":
		// Once a script has a tag, each change of its classes must be named,
		// or the next client could not tell what has been applied.
		return "", tagMissing(a.Tag)
	}
	return up.NewTag, nil
}

// step does the directives in the order in which Wrangler simulates them, so
// that a list that Wrangler accepts means the same here.
func (a *applier) step(s Step) error {
	for _, class := range s.DeletedClasses {
		if err := a.remove(class); err != nil {
			return err
		}
	}
	for _, r := range s.RenamedClasses {
		if err := a.rename(r); err != nil {
			return err
		}
	}
	for _, class := range s.NewClasses {
		if err := a.create(class, false); err != nil {
			return err
		}
	}
	for _, class := range s.NewSQLiteClasses {
		if err := a.create(class, true); err != nil {
			return err
		}
	}
	for _, t := range s.TransferredClasses {
		if err := a.transfer(t); err != nil {
			return err
		}
	}
	return nil
}

func (a *applier) remove(class string) error {
	i := a.find(a.Script, class)
	if i < 0 {
		return refuse(codeClassState, "Cannot apply --delete-class migration to class '%s' that does not exist in this script", class)
	}
	row := a.table[i]
	a.table = slices.Delete(a.table, i, i+1)
	a.gone = append(a.gone, class)
	before := slices.IndexFunc(a.Namespaces, func(n Namespace) bool { return n.Key == row.Key })
	if before < 0 {
		// Created earlier in this very upload: there are no objects, and
		// nothing outside has seen the key.
		a.effects = slices.DeleteFunc(a.effects, func(e Effect) bool { return e.Key == row.Key })
		return nil
	}
	a.deleted = append(a.deleted, a.Namespaces[before])
	a.did(Effect{Kind: "delete", Class: class}, row)
	return nil
}

func (a *applier) rename(r Rename) error {
	i := a.find(a.Script, r.From)
	if i < 0 {
		return refuse(codeClassState, "Cannot apply --rename-class migration to class '%s' that does not exist in this script", r.From)
	}
	if a.find(a.Script, r.To) >= 0 {
		return refuse(codeClassState, "Cannot apply --rename-class migration from class '%s' to class '%s' that is already depended on by existing Durable Objects", r.From, r.To)
	}
	a.label(i, r.To, "rename-class")
	a.did(Effect{Kind: "rename", Class: r.From, To: r.To}, a.table[i])
	return nil
}

func (a *applier) create(class string, sqlite bool) error {
	if a.find(a.Script, class) >= 0 {
		return refuse(codeClassState, "Cannot apply new-class migration to class '%s' that is already depended on by existing Durable Objects", class)
	}
	a.table = append(a.table, Namespace{Key: a.NewKey(), SQLite: sqlite})
	i := len(a.table) - 1
	a.label(i, class, "new-class")
	a.did(Effect{Kind: "create", Class: class}, a.table[i])
	return nil
}

func (a *applier) transfer(t Transfer) error {
	if t.FromScript == a.Script {
		return refuse(codeClassState, "Cannot apply --transfer-class migration to class '%s' of this script itself; use a rename-class migration", t.From)
	}
	i := a.find(t.FromScript, t.From)
	if i < 0 {
		return refuse(codeClassState, "Cannot apply --transfer-class migration to class '%s' that does not exist in script '%s'", t.From, t.FromScript)
	}
	if a.find(a.Script, t.To) >= 0 {
		return refuse(codeClassState, "Cannot apply --transfer-class migration to class '%s' that is already depended on by existing Durable Objects", t.To)
	}
	a.label(i, t.To, "transfer-class")
	a.table[i].ReceivedFrom = t.FromScript
	a.did(Effect{Kind: "transfer", Class: t.From, To: t.To, FromScript: t.FromScript}, a.table[i])
	return nil
}

// did notes what the step at hand has done to a namespace.
func (a *applier) did(e Effect, n Namespace) {
	e.Key, e.SQLite, e.Step = n.Key, n.SQLite, a.at
	a.effects = append(a.effects, e)
}

// label makes row i the namespace of a class of this script.
func (a *applier) label(i int, class, directive string) {
	a.table[i].Script, a.table[i].Class = a.Script, class
	a.touched[a.table[i].Key] = directive
}

func (a *applier) find(script, class string) int {
	return slices.IndexFunc(a.table, func(n Namespace) bool { return n.Script == script && n.Class == class })
}

// checkCode holds the candidate's exports and bindings against the table.
func (a *applier) checkCode() error {
	for _, class := range a.gone {
		if a.find(a.Script, class) < 0 && slices.Contains(a.Bound, class) {
			return refuse(codeBinding, "Cannot apply --delete-class migration to class %s without also removing the binding that references it", class)
		}
	}
	for _, n := range a.table {
		if n.Script != a.Script || slices.Contains(a.Exports, n.Class) {
			continue
		}
		if directive := a.touched[n.Key]; directive != "" {
			return refuse(codeNotExported, "Cannot apply %s migration to class '%s' that is not exported by script", directive, n.Class)
		}
		return refuse(codeExportLost, "New version of script does not export class '%s' which is depended on by existing Durable Objects. "+
			"If you want to delete the Durable Objects associated with this class, use a delete-class migration.", n.Class)
	}
	for _, class := range a.Bound {
		if a.find(a.Script, class) < 0 {
			return refuse(codeBinding, "%s", unbound(class, a.Exports))
		}
	}
	return nil
}

// unbound says why a binding finds no namespace.
func unbound(class string, exports []string) string {
	if !slices.Contains(exports, class) {
		return fmt.Sprintf("Cannot create binding for class '%s' that is not exported by script", class)
	}
	return fmt.Sprintf("Cannot create binding for class '%s' because it is not currently configured to implement Durable Objects. "+
		"Configure a migration in your configuration to add this class.", class)
}
