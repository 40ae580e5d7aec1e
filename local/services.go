package local

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"paddock/internal/cfapi"
	"paddock/local/store"
)

// defaultEntrypoint is what clients may call the default export, which for the
// engine has no name.
const defaultEntrypoint = "default"

// checkServices refuses service bindings to scripts that are not there, and to
// what these do not export. awaited are scripts that will be there.
func checkServices(w world, v store.Version, awaited []string) error {
	for _, b := range v.Bindings {
		if b.Type != cfapi.BindingService || b.Service == v.Script {
			continue
		}
		target, ok := w.scripts[b.Service]
		if !ok && !slices.Contains(awaited, b.Service) {
			return refuse(cfapi.CodeServiceTarget, "Could not resolve service binding '%s'. Target script '%s' not found.", b.Name, b.Service)
		}
		if ok && !callable(target.Version, b.Entrypoint) {
			return noEntrypoint(b)
		}
	}
	return nil
}

// checkOwnServices does the same for the bindings of a version to itself.
func checkOwnServices(v store.Version) error {
	for _, b := range v.Bindings {
		if b.Type == cfapi.BindingService && b.Service == v.Script && !callable(v, b.Entrypoint) {
			return noEntrypoint(b)
		}
	}
	return nil
}

func noEntrypoint(b store.Binding) error {
	return refuse(cfapi.CodeServiceEntrypoint,
		"Could not resolve service binding '%s'. Target script '%s' has no entrypoint named '%s': export a class of this name that extends WorkerEntrypoint, or correct the binding.",
		b.Name, b.Service, b.Entrypoint)
}

// callable reports whether a version has an entrypoint. Of old versions only
// the classes are known.
func callable(v store.Version, entrypoint string) bool {
	if entrypoint == "" {
		return true
	}
	if v.Entrypoints == nil {
		return slices.Contains(v.Classes, entrypoint)
	}
	return slices.Contains(v.Entrypoints, entrypoint)
}

// callee returns the service that a binding to a version in force leads to.
// Requests to a script get its static files too. Props would not come through
// these to the script, and go there directly.
func callee(v store.Version, b store.Binding) string {
	if v.Assets != nil && b.Entrypoint == "" && len(b.Props) == 0 {
		return assetsService(b.Service)
	}
	return b.Service
}

// versionMetadata is the value of a version_metadata binding. A candidate has
// no id yet, and nobody who could remember it.
func versionMetadata(v store.Version) json.RawMessage {
	id, created := v.ID, v.CreatedOn
	if id == "" {
		id, created = uuid.Nil.String(), time.Now()
	}
	text, err := json.Marshal(map[string]string{"id": id, "tag": v.Tag, "timestamp": created.UTC().Format(time.RFC3339Nano)})
	if err != nil {
		panic(err) // strings only
	}
	return text
}
