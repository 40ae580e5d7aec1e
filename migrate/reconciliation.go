package migrate

import "fmt"

// Reconciliation is what [Reconcile] has to say of what it did, in the terms
// of Cloudflare's API.
type Reconciliation struct {
	Created     []string // classes
	Deleted     []string
	Renamed     []Rename
	Transferred []Transferred
	Pending     []Expected // transfers that wait for their source
	Warnings    []Note
	Info        []Note
	Removable   []string // tombstones that are done and may be taken out of the declaration
}

// Transferred is a transfer to another script.
type Transferred struct {
	Class, To string
	Committed bool // false: the target has not declared it yet
}

// Expected is a class that a script waits for.
type Expected struct{ Class, From string }

// A Note says something of one class. Scenario is Cloudflare's name for what
// happened.
type Note struct {
	Class, Scenario, Message string
	Suggestion               string   // what to do, of refusals
	Scripts                  []string // others that bind to the class
	Key                      string   // of the namespace, if there is one
}

// Scenarios of a [Note], as clients may look for them.
const (
	classNotDeclared     = "provisioned_class_missing_from_config"
	classNotInCode       = "config_export_not_in_code"
	classNowhere         = "config_references_nonexistent_class"
	namespaceOrphaned    = "orphaned_provisioned_namespace"
	storageDiffers       = "storage_type_mismatch"
	exportInvalid        = "invalid_export"
	deletedInCode        = "tombstone_delete_class_still_in_code"
	deletedBound         = "tombstone_delete_blocked_by_external_bindings"
	renameOccupied       = "tombstone_renamed_to_occupied"
	tombstoneInCode      = "tombstone_class_still_in_code"
	tombstoneStale       = "stale_tombstone"
	transferNotExpected  = "transferred_pending_not_found"
	transferNoTarget     = "transferred_target_missing"
	transferOtherTarget  = "transferred_target_mismatch"
	expectNoSource       = "phase_one_transfer_source_missing"
	expectNoNamespace    = "phase_one_transfer_source_namespace_missing"
	expectOccupied       = "phase_one_transfer_target_class_provisioned"
	expectAfterCommit    = "phase_one_transfer_after_commit_mismatch"
	expectDuplicate      = "phase_one_transfer_duplicate"
	expectAlreadyApplied = "transfer_receive_already_applied"
)

// codeExports is Cloudflare's code for a declaration that cannot be reconciled.
const codeExports = 100402

// refuseExports tells all that is wrong with a declaration. Wrangler shows the
// details; the message has their text for everybody else.
func refuseExports(details []Note) *Refusal {
	r := &Refusal{Code: codeExports, Status: statusBadRequest, Details: details}
	r.Message = "Durable Object exports reconciliation failed:"
	for _, d := range details {
		r.Message += fmt.Sprintf("\n  [%s] class '%s': %s", d.Scenario, d.Class, d.Message)
	}
	return r
}
