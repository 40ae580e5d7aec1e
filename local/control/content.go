package control

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"

	"paddock/internal/cfapi"
)

// handleContent answers with the code of a script as it was uploaded.
func (a *API) handleContent(account string) {
	script := account + "/workers/scripts/{script}"
	a.handle("GET "+script, a.getContent)
	a.handle("GET "+script+"/content/v2", a.getContent)
	a.handle("GET "+account+"/workers/services/{script}/environments/{environment}/content/v2", a.getContent)
}

// getContent answers with a form of the modules of the version in force, and
// names the main one in a header.
func (a *API) getContent(r *http.Request) (any, error) {
	d, err := a.rt.Script(r.Context(), r.PathValue("script"))
	if err != nil {
		return nil, notFound(err)
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, m := range d.Version.Modules {
		if m.Type == cfapi.TypeSourceMap {
			continue // no module
		}
		content, err := a.rt.Content(m)
		if err != nil {
			return nil, err
		}
		if err := cfapi.WritePart(form, cfapi.Part{Name: m.Name, Filename: m.Name, ContentType: m.Type, Content: content}); err != nil {
			return nil, err
		}
	}
	if err := form.Close(); err != nil {
		return nil, fmt.Errorf("end the form: %w", err)
	}
	header := http.Header{}
	header.Set("Content-Type", form.FormDataContentType())
	header.Set("Cf-Entrypoint", d.Version.MainModule)
	header.Set("ETag", `"`+etag(d.Version)+`"`)
	header.Set("Last-Modified", d.Script.ModifiedOn.UTC().Format(http.TimeFormat))
	return download{header, body.Bytes()}, nil
}
