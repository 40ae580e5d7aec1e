package control

import (
	"encoding/json"
	"net/http"
	"slices"

	"paddock/internal/cfapi"
	"paddock/local"
)

// handleWorkers answers about a script apart from its versions: where it
// answers, and what it is in the newer part of the API, which writes "workers"
// twice. Wrangler asks there after every upload and fails without an answer,
// when the code is live already.
func (a *API) handleWorkers(account string) {
	script := account + "/workers/scripts/{script}"
	service := account + "/workers/services/{script}/environments/{environment}"
	a.handle("GET "+account+"/workers/workers/{script}", a.getWorker)
	for _, path := range []string{script, service} {
		a.handle("GET "+path+"/subdomain", a.getSubdomain)
		a.handle("POST "+path+"/subdomain", a.postSubdomain)
		a.handle("GET "+path+"/bindings", a.listBindings)
	}
	a.handle("GET "+service, a.getEnvironment)
	a.handle("GET "+account+"/workers/tails/by-consumer/{script}", a.listTailed)
}

func (a *API) getWorker(r *http.Request) (any, error) {
	d, err := a.rt.Script(r.Context(), r.PathValue("script"))
	if err != nil {
		return nil, notFound(err)
	}
	settings := describeSettings(d)
	return cfapi.Worker{
		ID: d.Script.Tag, Name: d.Script.Name, CreatedOn: stamp(d.Script.CreatedOn), UpdatedOn: stamp(d.Script.ModifiedOn),
		Logpush: *settings.Logpush, Tags: d.Script.Tags, Subdomain: a.subdomain(d),
		Observability: settings.Observability, TailConsumers: settings.TailConsumers,
	}, nil
}

// subdomain says whether a script is to answer at the platform's workers.dev.
// Here it answers at its name in any case.
func (a *API) subdomain(d local.Deployed) cfapi.Subdomain {
	s := cfapi.Subdomain{Enabled: isTrue(d.Script.Kept.WorkersDev), PreviewsEnabled: isTrue(d.Script.Kept.Previews)}
	if public := a.rt.Public(); public != "" {
		s.URL = local.ScriptURL(public, d.Script.Name)
	}
	return s
}

func isTrue(b *bool) bool { return b != nil && *b }

func (a *API) getSubdomain(r *http.Request) (any, error) {
	d, err := a.rt.Script(r.Context(), r.PathValue("script"))
	if err != nil {
		return nil, notFound(err)
	}
	return a.subdomain(d), nil
}

func (a *API) postSubdomain(r *http.Request) (any, error) {
	body, err := readJSON[cfapi.SubdomainChange](r)
	if err != nil {
		return nil, err
	}
	kept := local.Kept{WorkersDev: body.Enabled, Previews: body.PreviewsEnabled}
	d, err := a.rt.SetScript(r.Context(), r.PathValue("script"), local.Settings{Kept: kept})
	if err != nil {
		return nil, notFound(err)
	}
	return a.subdomain(d), nil
}

func (a *API) listBindings(r *http.Request) (any, error) {
	d, err := a.rt.Script(r.Context(), r.PathValue("script"))
	if err != nil {
		return nil, notFound(err)
	}
	return describeBindings(d.Version.Bindings), nil
}

// getEnvironment returns the one environment that a script has.
func (a *API) getEnvironment(r *http.Request) (any, error) {
	if name := r.PathValue("environment"); name != production {
		return nil, &local.Refusal{Code: cfapi.CodeEnvironmentNotFound, Message: `a script has only the environment "` + production + `" here`}
	}
	d, err := a.rt.Script(r.Context(), r.PathValue("script"))
	if err != nil {
		return nil, notFound(err)
	}
	return describeService(d).DefaultEnvironment, nil
}

// listTailed returns the scripts whose events a script is to get.
func (a *API) listTailed(r *http.Request) (any, error) {
	consumer := cfapi.TailConsumer{Service: r.PathValue("script"), Environment: production}
	status, err := a.rt.Status(r.Context())
	if err != nil {
		return nil, err
	}
	tailed := []cfapi.TailConsumption{}
	for _, s := range status.Scripts {
		kept := s.Script.Kept
		if names(kept.TailConsumers, consumer.Service) || names(kept.StreamingTailConsumers, consumer.Service) {
			producer := cfapi.TailConsumer{Service: s.Script.Name, Environment: production}
			tailed = append(tailed, cfapi.TailConsumption{Producer: producer, Consumer: consumer})
		}
	}
	return tailed, nil
}

// names reports whether a list of consumers, which is kept as it was sent, has
// a script.
func names(list json.RawMessage, script string) bool {
	var consumers []cfapi.TailConsumer
	if list == nil || json.Unmarshal(list, &consumers) != nil {
		return false
	}
	return slices.ContainsFunc(consumers, func(c cfapi.TailConsumer) bool { return c.Service == script })
}
