package control

import (
	"net/http"

	"paddock/internal/cfapi"
)

func (a *API) deleteScript(r *http.Request) (any, error) {
	force := r.URL.Query().Get("force") == "true"
	return nil, notFound(a.rt.DeleteScript(r.Context(), r.PathValue("script"), force))
}

// listReferences answers what Wrangler asks before it deletes a script.
func (a *API) listReferences(r *http.Request) (any, error) {
	name := r.PathValue("script")
	refs, err := a.rt.References(r.Context(), name)
	if err != nil {
		return nil, notFound(err)
	}
	out := cfapi.References{
		Services:       cfapi.ServiceReferences{Incoming: []cfapi.ServiceReference{}, Outgoing: []cfapi.ServiceReference{}},
		DurableObjects: []cfapi.DurableObjectReference{},
	}
	for _, ref := range refs {
		from := cfapi.ServiceReference{Name: ref.Binding, Service: ref.Script, Environment: production}
		if ref.Class == "" {
			out.Services.Incoming = append(out.Services.Incoming, from)
			continue
		}
		out.DurableObjects = append(out.DurableObjects, cfapi.DurableObjectReference{
			ServiceReference: from, NamespaceID: ref.Key, NamespaceName: name + "_" + ref.Class,
		})
	}
	return out, nil
}
