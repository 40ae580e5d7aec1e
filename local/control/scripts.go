package control

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"paddock/internal/cfapi"
	"paddock/local"
)

// notFound turns the runtime's answer into the API's.
func notFound(err error) error {
	if errors.Is(err, local.ErrNotFound) {
		return &local.Refusal{Code: cfapi.CodeScriptNotFound, Message: "This Worker does not exist on this runtime."}
	}
	return err
}

func (a *API) getService(r *http.Request) (any, error) {
	d, err := a.rt.Script(r.Context(), r.PathValue("script"))
	if errors.Is(err, local.ErrNotFound) {
		// Wrangler 2 prints every other code here with a stack trace.
		return nil, &local.Refusal{Code: cfapi.CodeServiceNotFound, Message: "This Worker does not exist on this runtime."}
	}
	if err != nil {
		return nil, notFound(err)
	}
	return describeService(d), nil
}

// production is the one environment that every script has.
const production = "production"

func describeService(d local.Deployed) cfapi.Service {
	script := describe(d)
	environment := cfapi.ServiceEnvironment{Environment: production, CreatedOn: script.CreatedOn, ModifiedOn: script.ModifiedOn}
	service := cfapi.Service{
		ID: script.ID, CreatedOn: script.CreatedOn, ModifiedOn: script.ModifiedOn, UsageModel: script.UsageModel,
		Environments: []cfapi.ServiceEnvironment{environment}, DefaultEnvironment: environment,
	}
	service.DefaultEnvironment.Script = &script
	return service
}

func (a *API) listScripts(r *http.Request) (any, error) {
	status, err := a.rt.Status(r.Context())
	if err != nil {
		return nil, err
	}
	list := []cfapi.Script{}
	for _, s := range status.Scripts {
		list = append(list, describe(s.Deployed))
	}
	return list, nil
}

func (a *API) putScript(r *http.Request) (any, error) {
	up, done, err := a.decodeUpload(r)
	defer done()
	if err != nil {
		return nil, err
	}
	published, err := a.rt.Publish(r.Context(), up)
	if err != nil {
		return nil, err
	}
	return cfapi.ScriptUpload{
		Script:        describe(published.Deployed),
		DeploymentID:  published.Version.ID,
		StartupTimeMS: int(published.Version.StartupTime.Milliseconds()),

		ExportsReconciliation: describeReconciliation(published.Reconciliation),
	}, nil
}

// source names the client as the lists of versions show it.
func source(r *http.Request) string {
	for _, known := range []string{"paddock", "wrangler", "terraform"} {
		if strings.HasPrefix(strings.ToLower(r.UserAgent()), known) {
			return known
		}
	}
	return "api"
}

// describe returns a script as the API shows it. The store's lists are never
// nil, so none becomes null, which clients cannot iterate over.
func describe(d local.Deployed) cfapi.Script {
	s := cfapi.Script{
		ID: d.Script.Name, Tag: d.Script.Tag, Tags: d.Script.Tags, ETag: etag(d.Version), HasModules: len(d.Version.Modules) > 0, HasAssets: d.Version.Assets != nil,
		Handlers: d.Version.Handlers, CreatedOn: stamp(d.Script.CreatedOn), ModifiedOn: stamp(d.Script.ModifiedOn),
		MigrationTag: d.Script.MigrationTag, UsageModel: "standard",
		CompatibilityDate: d.Version.CompatibilityDate, CompatibilityFlags: d.Version.CompatibilityFlags,
		LastDeployedFrom: "wrangler", // see the field's comment
	}
	s.NamedHandlers = namedHandlers(d.Version)
	return s
}

// etag names the contents of a version, as far as anybody asks for them by it.
func etag(v local.Version) string {
	if len(v.Modules) == 0 {
		return v.Assets.Manifest
	}
	return v.Modules[0].SHA256
}

func namedHandlers(v local.Version) []cfapi.NamedHandler {
	var list []cfapi.NamedHandler
	for _, c := range v.Classes {
		list = append(list, cfapi.NamedHandler{Name: c, Handlers: []string{"class"}})
	}
	return list
}

func stamp(t time.Time) string { return t.UTC().Format(cfapi.TimeLayout) }
