package control

import (
	"net/http"
	"regexp"
	"sync"

	"paddock/internal/cfapi"
	"paddock/local"
)

// Bounds of a page of objects, as on the platform.
const (
	leastObjects   = 10
	defaultObjects = 1000
	mostObjects    = 10000
)

func (a *API) handleNamespaces(account string) {
	namespaces := account + "/workers/durable_objects/namespaces"
	a.handle("GET "+namespaces, a.listNamespaces)
	a.handle("GET "+namespaces+"/{namespace}", a.getNamespace)
	a.handle("GET "+namespaces+"/{namespace}/objects", a.listObjects)
}

func (a *API) listNamespaces(r *http.Request) (any, error) {
	list, err := a.rt.Namespaces(r.Context())
	if err != nil {
		return nil, err
	}
	out := []cfapi.Namespace{}
	for _, n := range list {
		out = append(out, describeClass(n))
	}
	return paged(r, out)
}

func (a *API) getNamespace(r *http.Request) (any, error) {
	n, err := a.namespace(r)
	return describeClass(n), err
}

// namespace returns the namespace that a path names.
func (a *API) namespace(r *http.Request) (local.Namespace, error) {
	list, err := a.rt.Namespaces(r.Context())
	if err != nil {
		return local.Namespace{}, err
	}
	for _, n := range list {
		if n.Key == r.PathValue("namespace") {
			return n, nil
		}
	}
	return local.Namespace{}, &local.Refusal{Code: cfapi.CodeNamespaceNotFound, Message: "there is no such Durable Object namespace"}
}

func describeClass(n local.Namespace) cfapi.Namespace {
	return cfapi.Namespace{ID: n.Key, Name: n.Script + "_" + n.Class, Script: n.Script, Class: n.Class, UseSQLite: n.SQLite}
}

// cursors are the ids of objects.
var cursors = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([0-9a-f]{64})?$`) })

func (a *API) listObjects(r *http.Request) (any, error) {
	n, err := a.namespace(r)
	if err != nil {
		return nil, err
	}
	limit, err := queryNumber(r, "limit", defaultObjects, leastObjects, mostObjects)
	if err != nil {
		return nil, err
	}
	after := r.URL.Query().Get("cursor")
	if !cursors().MatchString(after) {
		return nil, &local.Refusal{Code: cfapi.CodeMalformedBody, Message: "the cursor is not one that this API gave out"}
	}
	ids, more, err := a.rt.Objects(n.Key, after, limit)
	if err != nil {
		return nil, err
	}
	out := []cfapi.Object{}
	for _, id := range ids {
		out = append(out, cfapi.Object{ID: id, HasStoredData: true})
	}
	info := cfapi.ResultInfo{Count: len(out), Cursors: &cfapi.Cursors{}}
	if more {
		info.Cursor = ids[len(ids)-1]
		info.Cursors.After = info.Cursor
	}
	return page{out, info}, nil
}
