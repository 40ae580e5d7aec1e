package control

import (
	"errors"
	"net/http"
	"slices"
	"strings"

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

func (a *API) listKV(r *http.Request) (any, error) {
	list, err := a.rt.Resources(r.Context(), cfapi.BindingKVNamespace)
	if err != nil {
		return nil, err
	}
	if r.URL.Query().Get("order") == "id" {
		slices.SortFunc(list, func(a, b local.Resource) int { return strings.Compare(a.ID, b.ID) })
	}
	if r.URL.Query().Get("direction") == "desc" {
		slices.Reverse(list)
	}
	return paged(r, described(list, describeKV))
}

func (a *API) createKV(r *http.Request) (any, error) {
	title, err := kvTitle(r)
	if err != nil {
		return nil, err
	}
	res, err := a.rt.AddResource(r.Context(), cfapi.BindingKVNamespace, title)
	if err != nil {
		return nil, kvError(err)
	}
	return describeKV(res), nil
}

func (a *API) getKV(r *http.Request) (any, error) {
	res, err := a.resource(r, cfapi.BindingKVNamespace)
	if err != nil {
		return nil, kvError(err)
	}
	return describeKV(res), nil
}

func (a *API) renameKV(r *http.Request) (any, error) {
	title, err := kvTitle(r)
	if err != nil {
		return nil, err
	}
	res, err := a.rt.RenameResource(r.Context(), cfapi.BindingKVNamespace, r.PathValue("id"), title)
	if err != nil {
		return nil, kvError(err)
	}
	return describeKV(res), nil
}

func (a *API) deleteKV(r *http.Request) (any, error) {
	return nil, kvError(a.rt.DeleteResource(r.Context(), cfapi.BindingKVNamespace, r.PathValue("id")))
}

// kvTitle reads the body of a request that names a namespace.
func kvTitle(r *http.Request) (string, error) {
	body, err := readJSON[cfapi.KVNamespaceCreate](r)
	if err == nil && (body.Title == "" || len(body.Title) > maxName) {
		err = &local.Refusal{Code: cfapi.CodeKVTitle, Message: "the title of a namespace has 1 to 512 bytes"}
	}
	return body.Title, err
}

// maxName is how long the name of a resource may be.
const maxName = 512

// kvError gives errors the codes and words that they have in Cloudflare's API.
func kvError(err error) error {
	used := (*local.InUseError)(nil)
	switch {
	case errors.Is(err, local.ErrNotFound):
		return &local.Refusal{Code: cfapi.CodeKVNotFound, Status: http.StatusNotFound, Message: "namespace not found"}
	case errors.Is(err, local.ErrTaken):
		return &local.Refusal{Code: cfapi.CodeKVTitleTaken, Message: "a namespace with this account ID and title already exists"}
	case errors.As(err, &used):
		return &local.Refusal{Code: cfapi.CodeKVInUse, Message: "namespace has associated scripts: " + strings.Join(used.Scripts, ", ")}
	}
	return err
}

func describeKV(res local.Resource) cfapi.KVNamespace {
	return cfapi.KVNamespace{ID: res.ID, Title: res.Name, SupportsURLEncoding: true}
}

func (a *API) listD1(r *http.Request) (any, error) {
	list, err := a.rt.Resources(r.Context(), cfapi.BindingD1)
	if err != nil {
		return nil, err
	}
	if name := r.URL.Query().Get("name"); name != "" {
		list = slices.DeleteFunc(list, func(res local.Resource) bool { return !strings.Contains(res.Name, name) })
	}
	return paged(r, described(list, describeD1))
}

func (a *API) createD1(r *http.Request) (any, error) {
	body, err := readJSON[cfapi.D1DatabaseCreate](r)
	if err != nil {
		return nil, err
	}
	if body.Name == "" || len(body.Name) > maxName {
		return nil, &local.Refusal{Code: cfapi.CodeMalformedBody, Message: "the name of a database has 1 to 512 bytes"}
	}
	res, err := a.rt.AddResource(r.Context(), cfapi.BindingD1, body.Name)
	if err != nil {
		return nil, d1Error(err, body.Name)
	}
	return describeD1(res), nil
}

func (a *API) getD1(r *http.Request) (any, error) {
	res, err := a.resource(r, cfapi.BindingD1)
	if err != nil {
		return nil, d1Error(err, r.PathValue("id"))
	}
	return describeD1(res), nil
}

func (a *API) deleteD1(r *http.Request) (any, error) {
	res, err := a.resource(r, cfapi.BindingD1)
	if err == nil {
		err = a.rt.DeleteResource(r.Context(), cfapi.BindingD1, res.ID)
	}
	return nil, d1Error(err, r.PathValue("id"))
}

func d1Error(err error, name string) error {
	used := (*local.InUseError)(nil)
	switch {
	case errors.Is(err, local.ErrNotFound):
		return &local.Refusal{Code: cfapi.CodeD1NotFound, Message: "The database " + name + " could not be found"}
	case errors.Is(err, local.ErrTaken):
		return &local.Refusal{Code: cfapi.CodeD1NameTaken, Message: "database with name '" + name + "' already exists"}
	case errors.As(err, &used):
		return &local.Refusal{Code: cfapi.CodeMalformedBody, Message: "the database is bound by " + strings.Join(used.Scripts, ", ")}
	}
	return err
}

func describeD1(res local.Resource) cfapi.D1Database {
	return cfapi.D1Database{UUID: res.ID, Name: res.Name, CreatedAt: stamp(res.CreatedOn), Version: "production"}
}

// resource returns the resource that the path names by its id or, if there is
// none of that id, by its name.
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
