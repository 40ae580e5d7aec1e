package control

import (
	"net/http"
	"slices"

	"paddock/internal/cfapi"
	"paddock/local"
)

// handleStorage registers what clients ask of KV namespaces and D1 databases.
func (a *API) handleStorage(account string) {
	kv := account + "/storage/kv/namespaces"
	a.handle("GET "+kv, a.listKV)
	a.handle("POST "+kv, a.createKV)
	a.handle("GET "+kv+"/{id}", a.getKV)
	a.handle("PUT "+kv+"/{id}", a.renameKV)
	a.handle("DELETE "+kv+"/{id}", a.deleteKV)
	a.handleKVValues(kv + "/{id}")
	d1 := account + "/d1/database"
	a.handle("GET "+d1, a.listD1)
	a.handle("POST "+d1, a.createD1)
	a.handle("GET "+d1+"/{id}", a.getD1)
	a.handle("DELETE "+d1+"/{id}", a.deleteD1)
	a.handle("POST "+d1+"/{id}/query", a.queryD1)
	a.handle("POST "+d1+"/{id}/raw", a.queryD1)
}

// resource returns the resource that the path names by its id; a database may
// be named by its name, too.
func (a *API) resource(r *http.Request, kind string) (local.Resource, error) {
	list, err := a.rt.Resources(r.Context(), kind)
	if err != nil {
		return local.Resource{}, err
	}
	id := r.PathValue("id")
	i := slices.IndexFunc(list, func(res local.Resource) bool { return res.ID == id })
	if i < 0 && kind == cfapi.BindingD1 {
		i = slices.IndexFunc(list, func(res local.Resource) bool { return res.Name == id })
	}
	if i < 0 {
		return local.Resource{}, local.ErrNotFound
	}
	return list[i], nil
}

// described describes every element of a list; none makes an empty list.
func described[T, U any](list []T, describe func(T) U) []U {
	out := make([]U, 0, len(list))
	for _, v := range list {
		out = append(out, describe(v))
	}
	return out
}

// maxName is how long the name of a resource may be.
const maxName = 512
