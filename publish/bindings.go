package publish

import (
	"encoding/json"
	"fmt"

	"paddock/config"
	"paddock/internal/cfapi"
)

// addBindings adds the bindings to resources and services. Those to resources
// without an id are open: see [Plan.Provision].
func addBindings(m *cfapi.Metadata, w *config.Worker) error {
	for _, kv := range w.KVNamespaces {
		m.Bindings = append(m.Bindings, cfapi.Binding{Name: kv.Name, Type: cfapi.BindingKVNamespace, NamespaceID: kv.ID})
	}
	for _, db := range w.D1Databases {
		m.Bindings = append(m.Bindings, cfapi.Binding{Name: db.Name, Type: cfapi.BindingD1, ID: db.ID})
	}
	for _, q := range w.Producers {
		m.Bindings = append(m.Bindings, producer(q))
	}
	for _, s := range w.Services {
		b := cfapi.Binding{
			Name: s.Name, Type: cfapi.BindingService, Service: s.Service, Environment: s.Environment, Entrypoint: s.Entrypoint,
		}
		if s.Props != nil {
			props, err := json.Marshal(s.Props)
			if err != nil {
				return fmt.Errorf("props of the binding %s: %w", s.Name, err)
			}
			b.Props = props
		}
		m.Bindings = append(m.Bindings, b)
	}
	if w.VersionMetadata != "" {
		m.Bindings = append(m.Bindings, cfapi.Binding{Name: w.VersionMetadata, Type: cfapi.BindingVersion})
	}
	m.Bindings = append(m.Bindings, assetsBinding(w)...)
	return nil
}

// IsOpen reports whether a binding of a form does not say yet which resource it
// is to.
func IsOpen(b cfapi.Binding) bool {
	_, ok := stores[b.Type]
	return ok && b.ResourceID() == ""
}
