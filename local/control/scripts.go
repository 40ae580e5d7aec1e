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
	if err != nil {
		return nil, notFound(err)
	}
	script := describe(d)
	production := cfapi.ServiceEnvironment{Environment: "production", CreatedOn: script.CreatedOn, ModifiedOn: script.ModifiedOn}
	service := cfapi.Service{
		ID: script.ID, CreatedOn: script.CreatedOn, ModifiedOn: script.ModifiedOn, UsageModel: script.UsageModel,
		Environments: []cfapi.ServiceEnvironment{production}, DefaultEnvironment: production,
	}
	service.DefaultEnvironment.Script = &script
	return service, nil
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
	form, err := cfapi.DecodeForm(r, cfapi.DefaultLimits)
	if err != nil {
		return nil, err
	}
	published, err := a.rt.Publish(r.Context(), local.Upload{Script: r.PathValue("script"), Form: form, Source: source(r)})
	if err != nil {
		return nil, err
	}
	return cfapi.ScriptUpload{
		Script:        describe(published.Deployed),
		DeploymentID:  published.Version.ID,
		StartupTimeMS: int(published.Version.StartupTime.Milliseconds()),
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

func (a *API) listDeployments(r *http.Request) (any, error) {
	name := r.PathValue("script")
	if _, err := a.rt.Script(r.Context(), name); err != nil {
		return nil, notFound(err)
	}
	list, err := a.rt.Deployments(r.Context(), name)
	if err != nil {
		return nil, err
	}
	out := cfapi.Deployments{Deployments: []cfapi.Deployment{}}
	for _, d := range list {
		deployment := cfapi.Deployment{
			ID: d.ID, Source: d.Source, Strategy: "percentage", CreatedOn: stamp(d.CreatedOn),
			Versions: []cfapi.DeploymentVersion{{VersionID: d.Version, Percentage: 100}},
		}
		if d.Message != "" {
			deployment.Annotations = map[string]string{cfapi.AnnotationMessage: d.Message}
		}
		out.Deployments = append(out.Deployments, deployment)
	}
	return out, nil
}

// describe returns a script as the API shows it. The store's lists are never
// nil, so none becomes null, which clients cannot iterate over.
func describe(d local.Deployed) cfapi.Script {
	s := cfapi.Script{
		ID: d.Script.Name, Tag: d.Script.Tag, Tags: []string{}, ETag: d.Version.Modules[0].SHA256,
		Handlers: d.Version.Handlers, CreatedOn: stamp(d.Script.CreatedOn), ModifiedOn: stamp(d.Script.ModifiedOn),
		MigrationTag: d.Script.MigrationTag, UsageModel: "standard",
		CompatibilityDate: d.Version.CompatibilityDate, CompatibilityFlags: d.Version.CompatibilityFlags,
		LastDeployedFrom: "wrangler", // see the field's comment
	}
	for _, c := range d.Version.Classes {
		s.NamedHandlers = append(s.NamedHandlers, cfapi.NamedHandler{Name: c, Handlers: []string{"class"}})
	}
	return s
}

func stamp(t time.Time) string { return t.UTC().Format(cfapi.TimeLayout) }
