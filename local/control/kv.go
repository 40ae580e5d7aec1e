package control

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"paddock/internal/cfapi"
	"paddock/local"
)

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
