package control

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"paddock/internal/cfapi"
	"paddock/local"
)

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
