package migrate

import "slices"

// The two sides of a transfer. Whichever declares it second moves the
// namespace; the first leaves a [Handover].

// handOver is the source's side.
func (r *reconciler) handOver(e Export) {
	to, i := e.TransferredTo, r.own(e.Class)
	if to == r.Script {
		r.refuse(e, exportInvalid, "Use a `renamed` entry within a script.", "`transferred_to` names this script itself.")
		return
	}
	if i < 0 {
		r.stale(e, r.named(e.Class))
		return
	}
	waiting := r.waiting(func(h Handover) bool { return h.Incoming && h.Other == r.Script && h.Class == e.Class })
	classes, exists := r.Scripts[to]
	switch {
	case slices.Contains(waiting, to) && !slices.Contains(classes, e.Class):
		r.refuse(e, transferNoTarget, "Upload that script with code that exports the class.",
			"The script '%s' expects the class, but its version in force does not export it.", to)
	case slices.Contains(waiting, to) && r.find(to, e.Class) >= 0:
		r.refuse(e, expectOccupied, "Delete or rename its class first.", "The script '%s' has a class '%s' of its own.", to, e.Class)
	case slices.Contains(waiting, to):
		r.move(i, e.Class, r.Script, to)
		r.applied(e, r.table[i].Key)
	case len(waiting) > 0:
		r.refuse(e, transferOtherTarget, "Name that script, or upload it without its `expecting-transfer` entry.",
			"`transferred_to` names '%s', but the script that expects the class is '%s'.", to, waiting[0])
	case !r.inCode(e.Class):
		// Somebody has to run the objects until they are taken.
		r.refuse(e, transferNotExpected, "Upload that script first, with an `expecting-transfer` entry that names this one; or keep the class in the code until it has been.",
			"The code does not export the class any more, and the script '%s' does not expect it yet.", to)
	default:
		r.handovers = append(r.handovers, Handover{Script: r.Script, Class: e.Class, Other: to})
		r.report.Transferred = append(r.report.Transferred, Transferred{Class: e.Class, To: to})
		r.did(Effect{Kind: "pending", Class: e.Class, FromScript: r.Script, ToScript: to}, r.table[i])
		note := Note{Class: e.Class, Scenario: transferNotExpected, Key: r.table[i].Key,
			Message: "The class is handed over once the script '" + to + "' declares it as `expecting-transfer`."}
		if !exists {
			note.Scenario = transferNoTarget
			note.Message += " That script does not exist yet."
		}
		r.report.Info = append(r.report.Info, note)
	}
}

// expect is the target's side.
func (r *reconciler) expect(e Export) {
	if !r.exported(e) {
		return
	}
	if i := r.own(e.Class); i >= 0 {
		r.received(e, r.table[i])
		return
	}
	from := e.TransferFrom
	if from == r.Script {
		r.refuse(e, exportInvalid, "Use a `renamed` entry within a script.", "`transfer_from` names this script itself.")
		return
	}
	_, exists := r.Scripts[from]
	i := r.find(from, e.Class)
	switch {
	case slices.ContainsFunc(r.State.Handovers, func(h Handover) bool {
		return h.Incoming && h.Script == r.Script && h.Class == e.Class && h.Other != from
	}):
		r.refuse(e, expectDuplicate, "Upload without the entry first, to call the other transfer off.", "The class is expected from another script already.")
	case !exists:
		r.refuse(e, expectNoSource, "Correct the name of the script.", "`transfer_from` names the script '%s', which does not exist.", from)
	case i < 0:
		r.refuse(e, expectNoNamespace, "Publish the class there first.", "The script '%s' has no class '%s'.", from, e.Class)
	case !r.sameStorage(e, r.table[i]):
	case len(r.waiting(func(h Handover) bool {
		return !h.Incoming && h.Script == from && h.Other == r.Script && h.Class == e.Class
	})) > 0:
		r.move(i, e.Class, from, r.Script)
	default:
		r.handovers = append(r.handovers, Handover{Script: r.Script, Class: e.Class, Other: from, Incoming: true})
		r.report.Pending = append(r.report.Pending, Expected{Class: e.Class, From: from})
		r.did(Effect{Kind: "pending", Class: e.Class, FromScript: from, ToScript: r.Script}, r.table[i])
	}
}

// received looks at a class that is expected and here.
func (r *reconciler) received(e Export, n Namespace) {
	switch n.ReceivedFrom {
	case e.TransferFrom:
		if r.sameStorage(e, n) {
			r.report.Info = append(r.report.Info, Note{Class: e.Class, Scenario: expectAlreadyApplied, Key: n.Key,
				Message: "The class has been transferred from '" + e.TransferFrom + "'. The entry may become a live one, without `state` and `transfer_from`."})
		}
	case "":
		r.refuse(e, expectOccupied, "Replace the entry by a live one, or delete the class first.", "The script has a class '%s' already.", e.Class)
	default:
		r.refuse(e, expectAfterCommit, "Remove `state` and `transfer_from` from the entry.",
			"The class was transferred from '%s', not from '%s'.", n.ReceivedFrom, e.TransferFrom)
	}
}

// move gives the namespace in row i to another script. No objects are moved.
func (r *reconciler) move(i int, class, from, to string) {
	r.table[i].Script, r.table[i].ReceivedFrom = to, from
	r.handovers = slices.DeleteFunc(r.handovers, func(h Handover) bool {
		return h.Class == class && (h.Script == from && !h.Incoming || h.Script == to && h.Incoming)
	})
	r.report.Transferred = append(r.report.Transferred, Transferred{Class: class, To: to, Committed: true})
	r.did(Effect{Kind: "transfer", Class: class, To: class, FromScript: from, ToScript: to}, r.table[i])
}

// waiting returns the scripts of the handovers of a kind.
func (r *reconciler) waiting(which func(Handover) bool) []string {
	var list []string
	for _, h := range r.handovers {
		if which(h) {
			list = append(list, h.Script)
		}
	}
	slices.Sort(list)
	return list
}
