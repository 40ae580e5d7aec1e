package control

import (
	"net/http"

	"paddock/internal/cfapi"
	"paddock/local"
	"paddock/migrate"
)

func (a *API) listVersions(r *http.Request) (any, error) {
	list, err := a.rt.Versions(r.Context(), r.PathValue("script"))
	if err != nil {
		return nil, notFound(err)
	}
	out := cfapi.Versions{Items: []cfapi.Version{}}
	for _, v := range list {
		out.Items = append(out.Items, describeVersion(v))
	}
	return out, nil
}

func (a *API) getVersion(r *http.Request) (any, error) {
	v, err := a.rt.Version(r.Context(), r.PathValue("script"), r.PathValue("version"))
	if err != nil {
		return nil, notFound(err)
	}
	return a.detailVersion(r, v)
}

func (a *API) postVersion(r *http.Request) (any, error) {
	up, done, err := a.decodeUpload(r)
	defer done()
	if err != nil {
		return nil, err
	}
	v, err := a.rt.UploadVersion(r.Context(), up)
	if err != nil {
		return nil, notFound(err)
	}
	return a.detailVersion(r, v)
}

// detailVersion returns a version with its contents.
func (a *API) detailVersion(r *http.Request, v local.Version) (any, error) {
	tag, err := a.rt.MigrationTag(r.Context(), v)
	if err != nil {
		return nil, err
	}
	out := describeVersion(v)
	out.Resources = &cfapi.VersionResources{
		Bindings: describeBindings(v.Bindings),
		Script: cfapi.VersionScript{
			ETag: etag(v), Handlers: v.Handlers, NamedHandlers: namedHandlers(v), LastDeployedFrom: "wrangler",
		},
		ScriptRuntime: cfapi.ScriptRuntime{
			CompatibilityDate: v.CompatibilityDate, CompatibilityFlags: v.CompatibilityFlags, UsageModel: "standard", MigrationTag: tag,
			Exports: migrate.LiveExports(v.Exports),
		},
	}
	return out, nil
}

// describeVersion returns a version as lists show it.
func describeVersion(v local.Version) cfapi.Version {
	out := cfapi.Version{
		ID: v.ID, Number: v.Number, StartupTimeMS: int(v.StartupTime.Milliseconds()),
		Metadata: cfapi.VersionMetadata{
			CreatedOn: stamp(v.CreatedOn), ModifiedOn: stamp(v.CreatedOn), Source: v.Source, AuthorEmail: v.Author,
		},
		Annotations: annotations(v.Message, v.TriggeredBy),
	}
	if v.Tag != "" {
		out.Annotations[cfapi.AnnotationTag] = v.Tag
	}
	return out
}

func annotations(message, trigger string) map[string]string {
	notes := map[string]string{}
	if message != "" {
		notes[cfapi.AnnotationMessage] = message
	}
	if trigger != "" {
		notes[cfapi.AnnotationTriggeredBy] = trigger
	}
	return notes
}

// describeBindings returns bindings as answers show them: secrets by name only.
func describeBindings(list []local.Binding) []cfapi.Binding {
	out := []cfapi.Binding{}
	for _, b := range list {
		shown := cfapi.Binding{
			Name: b.Name, Type: b.Type, Text: b.Text, JSON: b.JSON,
			ClassName: b.Class, ScriptName: b.Script, NamespaceID: b.Namespace,
			ID: b.ID, Service: b.Service, Entrypoint: b.Entrypoint, Props: b.Props, Environment: b.Environment, Fields: b.Fields,
		}
		switch b.Type {
		case cfapi.BindingKVNamespace:
			shown.NamespaceID = b.ID
		case cfapi.BindingQueue:
			shown.QueueName = b.ID
		}
		out = append(out, shown)
	}
	return out
}
