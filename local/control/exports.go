package control

import (
	"encoding/json"
	"errors"

	"paddock/internal/cfapi"
	"paddock/migrate"
)

// describeReconciliation returns what a declaration of exports did, nil if
// there was none.
func describeReconciliation(r *migrate.Reconciliation) *cfapi.ExportsReconciliation {
	if r == nil {
		return nil
	}
	out := &cfapi.ExportsReconciliation{
		Created: append([]string{}, r.Created...), Updated: []string{}, Deleted: append([]string{}, r.Deleted...),
		Renamed: []cfapi.ExportsRename{}, Transferred: []cfapi.ExportsTransfer{}, TransferPending: []cfapi.ExportsTransferAwait{},
		Warnings: describeNotes(r.Warnings), Info: describeNotes(r.Info), RemovableEntries: append([]string{}, r.Removable...),
	}
	for _, rename := range r.Renamed {
		out.Renamed = append(out.Renamed, cfapi.ExportsRename(rename))
	}
	for _, t := range r.Transferred {
		phase := "pending"
		if t.Committed {
			phase = "committed"
		}
		out.Transferred = append(out.Transferred, cfapi.ExportsTransfer{Class: t.Class, To: t.To, Phase: phase})
	}
	for _, p := range r.Pending {
		out.TransferPending = append(out.TransferPending, cfapi.ExportsTransferAwait(p))
	}
	return out
}

func describeNotes(list []migrate.Note) []cfapi.ExportsNote {
	out := []cfapi.ExportsNote{}
	for _, n := range list {
		out = append(out, cfapi.ExportsNote{
			Class: n.Class, Scenario: n.Scenario, Message: n.Message, Suggestion: n.Suggestion,
			ReferencingScripts: n.Scripts, NamespaceID: n.Key,
		})
	}
	return out
}

// details returns the meta of an error: what it says of the single classes of
// a declaration.
func details(err error) json.RawMessage {
	var refused *migrate.Refusal
	if !errors.As(err, &refused) {
		return nil
	}
	return cfapi.ExportsMeta(describeNotes(refused.Details))
}
