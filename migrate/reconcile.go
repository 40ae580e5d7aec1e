package migrate

import (
	"cmp"
	"fmt"
	"slices"
)

// Declared is what [Reconcile] needs to know beside the rest of a [State].
type Declared struct {
	// Scripts is the others, each with the classes that its version in force
	// exports.
	Scripts map[string][]string
	// Bindings is the Durable Object bindings of the others.
	Bindings []ForeignBinding
	// Handovers is the transfers that one side has declared.
	Handovers []Handover
	// DeleteBound lets classes be deleted that other scripts bind.
	DeleteBound bool
}

// A ForeignBinding is a binding of another script, under the names that it was
// uploaded with, and to the namespace that it leads to now.
type ForeignBinding struct {
	Script       string // that binds
	Owner, Class string // that it names
	Key          string // of the namespace
}

// A Handover is one side's word for a transfer that waits for the other's.
type Handover struct {
	Script, Class string // who has declared it, and for which class
	Other         string // the other script
	Incoming      bool   // Script is the one that gets the class
}

// Reconcile makes of a script's namespaces what its declaration says, all of
// it or nothing. What is declared and is so already changes nothing, so that
// a declaration can be uploaded any number of times. A declaration that does
// not fit comes back as a [*Refusal] with a detail for each class.
//
// A transfer is done once both scripts have declared it, the class
// `transferred` at its source and `expecting-transfer` at its target, in
// either order. Until then the objects stay where they are.
func Reconcile(s State, declared []Export) (Change, error) {
	r := reconciler{applier: applier{State: s, table: slices.Clone(s.Namespaces), touched: make(map[string]string)}}
	r.entries = make(map[string]Export)
	for _, e := range slices.SortedFunc(slices.Values(declared), func(a, b Export) int { return cmp.Compare(a.Class, b.Class) }) {
		r.entries[e.Class] = e
		r.order = append(r.order, e)
	}
	r.handovers = slices.DeleteFunc(slices.Clone(s.Handovers), func(h Handover) bool { return h.Script == s.Script })
	r.undeclared()
	r.reconcile()
	if len(r.wrong) > 0 {
		slices.SortStableFunc(r.wrong, func(a, b Note) int { return cmp.Compare(a.Class, b.Class) })
		return Change{}, refuseExports(r.wrong)
	}
	if err := r.checkBound(); err != nil {
		return Change{}, err
	}
	return Change{
		Namespaces: r.table, Deleted: r.deleted, Effects: r.effects, Tag: s.Tag,
		Handovers: r.handovers, Reconciliation: &r.report,
	}, nil
}

// reconciler is one run of Reconcile.
type reconciler struct {
	applier
	order     []Export          // by class
	entries   map[string]Export // by class
	handovers []Handover        // of the others, and then of this script
	report    Reconciliation
	wrong     []Note
}

// reconcile goes through the entries, the tombstones first: they make room for
// what is live.
func (r *reconciler) reconcile() {
	steps := []struct {
		state string
		do    func(Export)
	}{
		{StateDeleted, r.delete}, {StateRenamed, r.moveLabel}, {StateTransferred, r.handOver},
		{StateExpecting, r.expect}, {StateCreated, r.ensure},
	}
	for _, e := range r.order {
		if problem := e.problem(); problem != "" {
			r.refuse(e, exportInvalid, "Correct the entry.", "The `exports` entry is invalid: %s.", problem)
		}
	}
	for _, step := range steps {
		for _, e := range r.order {
			if e.State == step.state && e.problem() == "" {
				step.do(e)
			}
		}
	}
}

// undeclared refuses to leave a namespace without a word.
func (r *reconciler) undeclared() {
	for _, n := range r.Namespaces {
		if _, there := r.entries[n.Class]; there || n.Script != r.Script {
			continue
		}
		e := Export{Class: n.Class}
		if r.inCode(n.Class) {
			r.refuse(e, classNotDeclared, "Add a live entry to keep the namespace, or a `deleted`, `renamed` or `transferred` entry to retire it.",
				"A namespace exists for '%s', which the code exports, but no `exports` entry declares it.", n.Class)
			continue
		}
		r.refuse(e, namespaceOrphaned, "Add an `exports` entry for the class, or a `deleted` entry to remove the namespace.",
			"A namespace exists for '%s' but no `exports` entry declares it.", n.Class)
	}
}

func (r *reconciler) delete(e Export) {
	i := r.own(e.Class)
	users := r.binders(i)
	switch {
	case r.inCode(e.Class):
		r.refuse(e, deletedInCode, "Remove the class from the code, then upload the `deleted` entry.",
			"The class is declared as deleted, but the code still exports it.")
	case i < 0:
		r.stale(e, nil)
	case len(users) > 0 && !r.DeleteBound:
		r.refuse(e, deletedBound, "Upload the scripts that bind to it without the binding, then upload this one again.",
			"Other scripts still bind to the namespace that would be deleted.")
	default:
		_ = r.remove(e.Class) // it is there
		r.report.Deleted = append(r.report.Deleted, e.Class)
	}
}

func (r *reconciler) moveLabel(e Export) {
	to, i := e.RenamedTo, r.own(e.Class)
	switch target, there := r.entries[to]; {
	case !there || target.State != StateCreated:
		r.refuse(e, exportInvalid, fmt.Sprintf("Add a live entry for '%s' to `exports`.", to),
			"`renamed_to` names '%s', which has no live `exports` entry.", to)
	case i < 0:
		r.stale(e, r.named(e.Class))
	case r.own(to) >= 0:
		r.refuse(e, renameOccupied, fmt.Sprintf("Delete '%s' with a `deleted` entry in an upload before this one.", to),
			"`renamed_to` names '%s', which has a namespace already.", to)
	default:
		_ = r.rename(Rename{From: e.Class, To: to}) // both ends were looked at
		r.report.Renamed = append(r.report.Renamed, Rename{From: e.Class, To: to})
		r.applied(e, r.table[i].Key)
	}
}

// ensure sees to a class that shall exist, and has its namespace in this
// script.
func (r *reconciler) ensure(e Export) {
	if !r.exported(e) {
		return
	}
	if i := r.own(e.Class); i >= 0 {
		r.sameStorage(e, r.table[i])
		return
	}
	_ = r.create(e.Class, e.Storage == StorageSQLite) // there is none
	r.report.Created = append(r.report.Created, e.Class)
	if e.Storage == StorageKeyValue {
		r.report.Warnings = append(r.report.Warnings, Note{
			Class: e.Class, Scenario: exportInvalid,
			Message: "The class is created with storage \"legacy-kv\". Cloudflare takes that only for a namespace that exists already.",
		})
	}
}

// exported refuses a live class that the code lacks.
func (r *reconciler) exported(e Export) bool {
	switch {
	case r.inCode(e.Class):
		return true
	case r.own(e.Class) >= 0:
		r.refuse(e, classNotInCode, "Export the class, or replace its entry by a `deleted`, `renamed` or `transferred` one.",
			"The class is declared in `exports`, but the code does not export it.")
	default:
		r.refuse(e, classNowhere, "Remove the entry, or export the class.",
			"The class is declared in `exports`, but it is neither exported by the code nor has a namespace.")
	}
	return false
}

func (r *reconciler) sameStorage(e Export, n Namespace) bool {
	have := StorageKeyValue
	if n.SQLite {
		have = StorageSQLite
	}
	if e.Storage != have {
		r.refuse(e, storageDiffers, fmt.Sprintf("Declare \"storage\": \"%s\". To change it, delete the class and create it anew, without its objects.", have),
			"The class has storage \"%s\", and `exports` declares \"%s\": the storage of a namespace cannot be changed.", have, e.Storage)
	}
	return e.Storage == have
}

// stale tells of a tombstone that has nothing left to do. named is the others
// that still bind to the class under its old name.
func (r *reconciler) stale(e Export, named []string) {
	note := Note{Class: e.Class, Scenario: tombstoneStale, Scripts: named, Message: fmt.Sprintf(
		"Tombstone of type '%s' for class '%s' has no effect (no namespace exists with this class name).", e.State, e.Class)}
	if len(named) == 0 {
		note.Message += " Safe to remove from `exports`."
		r.report.Removable = append(r.report.Removable, e.Class)
	}
	r.report.Info = append(r.report.Info, note)
}

// applied tells of a tombstone that was acted on while the class is still
// there.
func (r *reconciler) applied(e Export, key string) {
	if !r.inCode(e.Class) {
		return
	}
	r.report.Info = append(r.report.Info, Note{
		Class: e.Class, Scenario: tombstoneInCode, Key: key, Scripts: r.named(e.Class), Message: fmt.Sprintf(
			"Tombstone of type '%s' applied. Class '%s' is still exported in code; this is the supported pattern for zero-downtime rollouts.", e.State, e.Class),
	})
}

// checkBound refuses a binding of the script's own to a class that has no
// namespace. One that is on its way is bound where it is.
func (r *reconciler) checkBound() error {
	for _, class := range r.Bound {
		coming := slices.ContainsFunc(r.handovers, func(h Handover) bool { return h.Incoming && h.Script == r.Script && h.Class == class })
		if r.own(class) < 0 && !coming {
			if !r.inCode(class) {
				return refuse(codeBinding, "Cannot create binding for class '%s' that is not exported by script", class)
			}
			return refuse(codeBinding, "Cannot create binding for class '%s' because it is not currently configured to implement Durable Objects. "+
				"Declare it in `exports`.", class)
		}
	}
	return nil
}

func (r *reconciler) own(class string) int { return r.find(r.Script, class) }

func (r *reconciler) inCode(class string) bool { return slices.Contains(r.Exports, class) }

func (r *reconciler) refuse(e Export, scenario, suggestion, format string, args ...any) {
	n := Note{Class: e.Class, Scenario: scenario, Message: fmt.Sprintf(format, args...), Suggestion: suggestion}
	if i := r.own(e.Class); i >= 0 {
		n.Key, n.Scripts = r.table[i].Key, r.binders(i)
	}
	r.wrong = append(r.wrong, n)
}

// binders returns the other scripts that bind to the namespace in row i.
func (r *reconciler) binders(i int) []string {
	if i < 0 {
		return nil
	}
	return r.users(func(b ForeignBinding) bool { return b.Key == r.table[i].Key })
}

// named returns the other scripts whose bindings name a class of this one,
// wherever they lead to by now.
func (r *reconciler) named(class string) []string {
	return r.users(func(b ForeignBinding) bool { return b.Owner == r.Script && b.Class == class })
}

func (r *reconciler) users(which func(ForeignBinding) bool) []string {
	var list []string
	for _, b := range r.Bindings {
		if b.Script != r.Script && which(b) {
			list = append(list, b.Script)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
