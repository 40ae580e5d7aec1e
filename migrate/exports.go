package migrate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"paddock/internal/diag"
)

// An Export is one Durable Object class in the declaration `exports`, which
// newer configurations have in place of a list of migrations: not what is to
// be done, but what shall be.
type Export struct {
	Class         string `json:"-"`
	State         string `json:"state"`
	Storage       string `json:"storage"`        // of live classes
	RenamedTo     string `json:"renamed_to"`     // class of the same script
	TransferredTo string `json:"transferred_to"` // script
	TransferFrom  string `json:"transfer_from"`  // script

	Location diag.Location `json:"-"` // in a configuration
}

// States of an [Export]. The middle three are tombstones: they say what became
// of a class that was.
const (
	StateCreated     = "created"
	StateDeleted     = "deleted"
	StateRenamed     = "renamed"
	StateTransferred = "transferred"
	StateExpecting   = "expecting-transfer"
)

// Kinds of storage of a live [Export].
const (
	StorageSQLite   = "sqlite"
	StorageKeyValue = "legacy-kv"
)

// Live reports whether the class exists.
func (e Export) Live() bool { return e.State == StateCreated || e.State == StateExpecting }

// ParseExports reads the wire form of a declaration, an object keyed by name,
// and returns its Durable Object classes by name. Entrypoints are left out:
// nothing becomes of them. What does not fit a class's state is no error here,
// but a refusal of [Reconcile].
func ParseExports(raw json.RawMessage) ([]Export, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var entries map[string]json.RawMessage
	if err := json.Unmarshal(raw, &entries); err != nil {
		return nil, fmt.Errorf("`exports` must be an object keyed by class name")
	}
	var list []Export
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		e := struct {
			Type string `json:"type"`
			Export
		}{}
		if err := json.Unmarshal(entries[name], &e); err != nil {
			return nil, fmt.Errorf("the entry %q of `exports` is malformed: a field has the wrong type", name)
		}
		switch e.Type {
		case "durable-object":
			e.Class = name
			if e.State == "" {
				e.State = StateCreated
			}
			list = append(list, e.Export)
		case "worker":
		default:
			return nil, fmt.Errorf("the entry %q of `exports` has the type %q, which is not supported", name, e.Type)
		}
	}
	return list, nil
}

// SameExports reports whether two declarations have the same live classes with
// the same storage. Tombstones do not matter: they are done once.
func SameExports(a, b []Export) bool {
	live := func(list []Export) map[string]string {
		classes := map[string]string{}
		for _, e := range list {
			if e.Live() {
				classes[e.Class] = e.Storage
			}
		}
		return classes
	}
	return maps.Equal(live(a), live(b))
}

// LiveExports returns a declaration without its tombstones, as versions are
// shown.
func LiveExports(raw json.RawMessage) json.RawMessage {
	var entries map[string]json.RawMessage
	if json.Unmarshal(raw, &entries) != nil {
		return nil
	}
	maps.DeleteFunc(entries, func(_ string, entry json.RawMessage) bool {
		var e Export
		return json.Unmarshal(entry, &e) != nil || e.State != "" && !e.Live()
	})
	if len(entries) == 0 {
		return nil
	}
	var out bytes.Buffer
	if json.NewEncoder(&out).Encode(entries) != nil {
		return nil
	}
	return bytes.TrimSpace(out.Bytes())
}

// problem says what is wrong with the entry in itself, "" if nothing is.
func (e Export) problem() string {
	fields := []struct {
		name, value string
		states      []string
	}{
		{"storage", e.Storage, []string{StateCreated, StateExpecting}},
		{"renamed_to", e.RenamedTo, []string{StateRenamed}},
		{"transferred_to", e.TransferredTo, []string{StateTransferred}},
		{"transfer_from", e.TransferFrom, []string{StateExpecting}},
	}
	if !slices.Contains([]string{StateCreated, StateDeleted, StateRenamed, StateTransferred, StateExpecting}, e.State) {
		return fmt.Sprintf("the state %q is not known", e.State)
	}
	for _, f := range fields {
		wanted := slices.Contains(f.states, e.State)
		switch {
		case wanted && f.value == "":
			return fmt.Sprintf("%q is required for state %q", f.name, e.State)
		case !wanted && f.value != "":
			return fmt.Sprintf("%q is forbidden on state %q", f.name, e.State)
		}
	}
	switch {
	case !identifier(e.Class):
		return "the name is no name of a class"
	case e.Live() && e.Storage != StorageSQLite && e.Storage != StorageKeyValue:
		return fmt.Sprintf("the storage %q is not known", e.Storage)
	case e.State == StateRenamed && !identifier(e.RenamedTo):
		return fmt.Sprintf("%q is no name of a class: %q", "renamed_to", e.RenamedTo)
	case e.State == StateRenamed && e.RenamedTo == e.Class:
		return fmt.Sprintf("%q cannot equal the source class name", "renamed_to")
	}
	return ""
}

// identifier reports whether s is an identifier of JavaScript, of ASCII.
func identifier(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_$"
	return s != "" && strings.Trim(s, letters+"0123456789") == "" && strings.Contains(letters, s[:1])
}
