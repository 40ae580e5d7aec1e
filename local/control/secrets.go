package control

import (
	"net/http"

	"paddock/internal/cfapi"
	"paddock/local"
)

func (a *API) listSecrets(r *http.Request) (any, error) {
	names, err := a.rt.Secrets(r.Context(), r.PathValue("script"))
	if err != nil {
		return nil, notFound(err)
	}
	list := []cfapi.Secret{}
	for _, name := range names {
		list = append(list, cfapi.Secret{Name: name, Type: cfapi.BindingSecretText})
	}
	return list, nil
}

func (a *API) putSecret(r *http.Request) (any, error) {
	body, err := readJSON[cfapi.Secret](r)
	if err != nil {
		return nil, err
	}
	if err := checkSecret(body.Name, &body); err != nil {
		return nil, err
	}
	err = a.setSecrets(r, map[string]*string{body.Name: body.Text})
	return cfapi.Secret{Name: body.Name, Type: body.Type}, err
}

func (a *API) deleteSecret(r *http.Request) (any, error) {
	return nil, a.setSecrets(r, map[string]*string{r.PathValue("name"): nil})
}

func (a *API) bulkSecrets(r *http.Request) (any, error) {
	body, err := readJSON[cfapi.SecretsPatch](r)
	if err != nil {
		return nil, err
	}
	values, err := secretValues(body.Secrets)
	if err != nil {
		return nil, err
	}
	return nil, a.setSecrets(r, values)
}

func (a *API) setSecrets(r *http.Request, values map[string]*string) error {
	if len(values) == 0 {
		return nil
	}
	return notFound(a.rt.SetSecrets(r.Context(), local.SecretChange{Script: r.PathValue("script"), Values: values, Source: source(r)}))
}

// patchLatest makes a version with other secrets out of the latest one.
func (a *API) patchLatest(r *http.Request) (any, error) {
	body, err := readJSON[cfapi.VersionPatch](r)
	if err != nil {
		return nil, err
	}
	values, err := secretValues(body.Env)
	if err != nil {
		return nil, err
	}
	v, err := a.rt.UploadSecrets(r.Context(), local.SecretChange{
		Script: r.PathValue("script"), Values: values, Source: source(r),
		Message: body.Annotations[cfapi.AnnotationMessage], Tag: body.Annotations[cfapi.AnnotationTag],
	})
	if err != nil {
		return nil, notFound(err)
	}
	return a.detailVersion(r, v)
}

// secretValues turns a merge patch into values; nil deletes.
func secretValues(patch map[string]*cfapi.Secret) (map[string]*string, error) {
	values := map[string]*string{}
	for name, secret := range patch {
		if secret == nil {
			values[name] = nil
			continue
		}
		if err := checkSecret(name, secret); err != nil {
			return nil, err
		}
		values[name] = secret.Text
	}
	return values, nil
}

func checkSecret(name string, s *cfapi.Secret) error {
	if s.Type != "" && s.Type != cfapi.BindingSecretText {
		return &local.Refusal{Code: cfapi.CodeMalformedBody, Message: "secret \"" + name + "\" has a type that this runtime does not support: it must be secret_text"}
	}
	if s.Text == nil {
		return &local.Refusal{Code: cfapi.CodeMalformedBody, Message: "secret \"" + name + "\" has no text"}
	}
	return nil
}
