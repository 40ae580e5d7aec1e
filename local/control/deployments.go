package control

import (
	"net/http"

	"paddock/internal/cfapi"
	"paddock/local"
)

// shownDeployments is how many deployments the list has, as on the platform:
// Wrangler asks for each of their versions.
const shownDeployments = 10

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
	for _, d := range list[:min(len(list), shownDeployments)] {
		out.Deployments = append(out.Deployments, describeDeployment(d))
	}
	return out, nil
}

func (a *API) postDeployment(r *http.Request) (any, error) {
	body, err := readJSON[cfapi.DeploymentCreate](r)
	if err != nil {
		return nil, err
	}
	if body.Strategy != "" && body.Strategy != "percentage" {
		return nil, &local.Refusal{Code: cfapi.CodeMalformedBody, Message: `the only strategy of a deployment is "percentage"`}
	}
	req := local.DeployRequest{
		Script: r.PathValue("script"), Source: source(r), Message: body.Annotations[cfapi.AnnotationMessage],
		Force: r.URL.Query().Get("force") == "true",
	}
	for _, v := range body.Versions {
		req.Shares = append(req.Shares, local.Share{Version: v.VersionID, Percentage: v.Percentage})
	}
	d, err := a.rt.Deploy(r.Context(), req)
	if err != nil {
		return nil, notFound(err)
	}
	return describeDeployment(d), nil
}

func describeDeployment(d local.Deployment) cfapi.Deployment {
	out := cfapi.Deployment{
		ID: d.ID, Source: d.Source, Strategy: "percentage", AuthorEmail: d.Author, CreatedOn: stamp(d.CreatedOn),
		Annotations: annotations(d.Message, d.TriggeredBy),
		Versions:    []cfapi.DeploymentVersion{{VersionID: d.Version, Percentage: d.Percentage}},
	}
	if d.Other != "" {
		out.Versions = append(out.Versions, cfapi.DeploymentVersion{VersionID: d.Other, Percentage: 100 - d.Percentage})
	}
	return out
}
