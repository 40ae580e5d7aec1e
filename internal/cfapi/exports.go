package cfapi

import "encoding/json"

// ExportsReconciliation is what a declaration of exports did to Durable Object
// classes. Every list is there, also when it is empty: clients iterate over
// them.
type ExportsReconciliation struct {
	Created          []string               `json:"created"`
	Updated          []string               `json:"updated"`
	Deleted          []string               `json:"deleted"`
	Renamed          []ExportsRename        `json:"renamed"`
	Transferred      []ExportsTransfer      `json:"transferred"`
	TransferPending  []ExportsTransferAwait `json:"transfer_pending"`
	Warnings         []ExportsNote          `json:"warnings"`
	Info             []ExportsNote          `json:"info"`
	RemovableEntries []string               `json:"removable_entries"` // tombstones that are done
}

// ExportsRename is a class that has got another name.
type ExportsRename struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// ExportsTransfer is a class that was handed over to another script.
type ExportsTransfer struct {
	Class string `json:"class"`
	To    string `json:"to"`    // script
	Phase string `json:"phase"` // "committed"; of a local runtime also "pending", while that script has not declared it
}

// ExportsTransferAwait is a class that waits for its source to hand it over.
type ExportsTransferAwait struct {
	Class string `json:"class"`
	From  string `json:"from"` // script
}

// ExportsNote says something of one class. Scenario is what clients may look
// for; errors with [CodeExportsRefused] have such notes as details.
type ExportsNote struct {
	Class              string   `json:"class"`
	Scenario           string   `json:"scenario"`
	Message            string   `json:"message"`
	Suggestion         string   `json:"suggestion,omitempty"`
	ReferencingScripts []string `json:"referencing_scripts,omitempty"`
	NamespaceID        string   `json:"namespace_id,omitempty"`
}

// exportsMeta is the meta of an error with [CodeExportsRefused].
type exportsMeta struct {
	Details []ExportsNote `json:"details"`
}

// ExportsMeta returns the meta of a refusal with details, nil without any.
func ExportsMeta(details []ExportsNote) json.RawMessage {
	if len(details) == 0 {
		return nil
	}
	meta, err := json.Marshal(exportsMeta{details})
	if err != nil {
		panic(err) // strings only
	}
	return meta
}

// ExportsDetails returns what an error says of the single classes of a
// declaration, nil if it is another one.
func (e Error) ExportsDetails() []ExportsNote {
	var meta exportsMeta
	if e.Code != CodeExportsRefused || json.Unmarshal(e.Meta, &meta) != nil {
		return nil
	}
	return meta.Details
}
