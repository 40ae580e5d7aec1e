package cfapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// What changes a script. All of it goes through settle, so that nothing is done
// twice because its answer got lost.

// done is the result of changes that have none.
type done struct{}

// PutScript uploads a script and deploys it.
func (c *Client) PutScript(ctx context.Context, script string, form Form) (*ScriptUpload, error) {
	return c.putScript(ctx, script, "?excludeScript=true&bindings_inherit=strict", form)
}

// PutDraft makes a script that does nothing yet.
func (c *Client) PutDraft(ctx context.Context, script string) error {
	logpush := false
	_, err := c.putScript(ctx, script, "", Form{
		Metadata: Metadata{MainModule: script, Logpush: &logpush},
		Parts:    []Part{{Name: script, ContentType: TypeESModule, Content: []byte("export default { fetch() {} }")}},
	})
	return err
}

func (c *Client) putScript(ctx context.Context, script, query string, form Form) (*ScriptUpload, error) {
	body, err := encodeForm(script, form)
	if err != nil {
		return nil, err
	}
	known, err := c.knownVersions(ctx, script)
	if err != nil {
		return nil, err
	}
	path := c.scriptPath(script) + query
	return settle(ctx, c, func() (*ScriptUpload, error) {
		return Call[ScriptUpload](ctx, c, http.MethodPut, path, body)
	}, func() (*ScriptUpload, error) {
		v, err := c.newVersion(ctx, script, known, form.Metadata.isOf)
		if v == nil || err != nil {
			return nil, err
		}
		list, err := c.Deployments(ctx, script)
		if err != nil || len(list) == 0 || !list[0].serves(v.ID) {
			return nil, err
		}
		upload := &ScriptUpload{DeploymentID: v.ID, StartupTimeMS: v.StartupTimeMS}
		upload.ID, upload.MigrationTag = script, v.Resources.ScriptRuntime.MigrationTag
		return upload, nil
	})
}

// UploadVersion uploads a script without deploying it.
func (c *Client) UploadVersion(ctx context.Context, script string, form Form) (*Version, error) {
	body, err := encodeForm(script, form)
	if err != nil {
		return nil, err
	}
	known, err := c.knownVersions(ctx, script)
	if err != nil {
		return nil, err
	}
	path := c.scriptPath(script, "versions") + "?bindings_inherit=strict"
	return settle(ctx, c, func() (*Version, error) {
		return Call[Version](ctx, c, http.MethodPost, path, body)
	}, func() (*Version, error) {
		return c.newVersion(ctx, script, known, form.Metadata.isOf)
	})
}

// CreateDeployment puts versions in force. Without force, a server refuses with
// [CodeSecretsChanged] to go back to a version with other secrets.
func (c *Client) CreateDeployment(ctx context.Context, script string, create DeploymentCreate, force bool) (*Deployment, error) {
	path := c.scriptPath(script, "deployments")
	if force {
		path += "?force=true"
	}
	before, err := c.newestDeployment(ctx, script)
	if err != nil {
		return nil, err
	}
	return settle(ctx, c, func() (*Deployment, error) {
		return Call[Deployment](ctx, c, http.MethodPost, path, create)
	}, func() (*Deployment, error) {
		now, err := c.newestDeployment(ctx, script)
		if err != nil || now.ID == before.ID || !now.same(create.Versions) {
			return nil, err
		}
		return now, nil
	})
}

// DeleteService deletes a script with all that belongs to it; force does so
// although others depend on it.
func (c *Client) DeleteService(ctx context.Context, script string, force bool) error {
	path := c.AccountPath("workers", "services", script) + "?force=" + strconv.FormatBool(force)
	return c.change(ctx, http.MethodDelete, path, nil, func() (bool, error) {
		_, err := c.Service(ctx, script)
		if HasCode(err, CodeScriptNotFound, CodeServiceNotFound, CodeEnvironmentNotFound) {
			return true, nil
		}
		return false, err
	})
}

// PutSecret sets a secret of a script.
func (c *Client) PutSecret(ctx context.Context, script string, secret *Secret) error {
	return c.setSecrets(ctx, script, http.MethodPut, c.scriptPath(script, "secrets"), secret, map[string]*Secret{secret.Name: secret})
}

// DeleteSecret removes a secret of a script.
func (c *Client) DeleteSecret(ctx context.Context, script, name string) error {
	path := c.scriptPath(script, "secrets", name) + "?url_encoded=true"
	return c.change(ctx, http.MethodDelete, path, nil, func() (bool, error) {
		list, err := c.Secrets(ctx, script)
		gone := !slices.ContainsFunc(list, func(s Secret) bool { return s.Name == name })
		return err == nil && gone, err
	})
}

// PatchSecrets sets and removes several secrets at once.
func (c *Client) PatchSecrets(ctx context.Context, script string, patch SecretsPatch) error {
	data, err := json.Marshal(patch)
	if err != nil {
		return fmt.Errorf("encode secrets of %s: %w", script, err)
	}
	body := Body{ContentType: "application/merge-patch+json", Data: data}
	return c.setSecrets(ctx, script, http.MethodPatch, c.scriptPath(script, "secrets-bulk"), body, patch.Secrets)
}

// setSecrets makes a version with other secrets, and looks for such a version
// if the answer got lost.
func (c *Client) setSecrets(ctx context.Context, script, method, path string, body any, secrets map[string]*Secret) error {
	known, err := c.knownVersions(ctx, script)
	if err != nil {
		return err
	}
	return c.change(ctx, method, path, body, func() (bool, error) {
		v, err := c.newVersion(ctx, script, known, func(v *Version) bool {
			for name, secret := range secrets {
				if v.has(name, BindingSecretText) != (secret != nil) {
					return false
				}
			}
			return true
		})
		return v != nil, err
	})
}

// change is settle for a call without a result.
func (c *Client) change(ctx context.Context, method, path string, body any, made func() (bool, error)) error {
	_, err := settle(ctx, c, func() (*done, error) {
		_, err := c.Do(ctx, method, path, body)
		return &done{}, err
	}, func() (*done, error) {
		if ok, err := made(); !ok || err != nil {
			return nil, err
		}
		return &done{}, nil
	})
	return err
}

// set is a change that may be made twice, as the second time changes nothing.
func set[T any](ctx context.Context, c *Client, method, path string, body any) (*T, error) {
	return settle(ctx, c, func() (*T, error) { return Call[T](ctx, c, method, path, body) },
		func() (*T, error) { return nil, nil })
}

// encodeForm makes the body of an upload. It is held whole, because servers want
// a Content-Length, and it may have to be sent again.
func encodeForm(script string, form Form) (Body, error) {
	var b bytes.Buffer
	contentType, err := EncodeForm(&b, form)
	if err != nil {
		return Body{}, fmt.Errorf("encode upload of %s: %w", script, err)
	}
	return Body{ContentType: contentType, Data: b.Bytes()}, nil
}

// knownVersions returns the ids of the newest versions, by which one is known
// later that a change has made. Nobody will ask without a Retry.
func (c *Client) knownVersions(ctx context.Context, script string) (map[string]bool, error) {
	if c.Retry == nil {
		return nil, nil
	}
	list, err := c.Versions(ctx, script)
	if HasCode(err, CodeScriptNotFound, CodeServiceNotFound) {
		return nil, nil
	}
	known := make(map[string]bool, len(list))
	for _, v := range list {
		known[v.ID] = true
	}
	return known, err
}

// newVersion returns the version that was made since, and is the one that is
// looked for; nil if there is none.
func (c *Client) newVersion(ctx context.Context, script string, known map[string]bool, is func(*Version) bool) (*Version, error) {
	list, err := c.Versions(ctx, script)
	if HasCode(err, CodeScriptNotFound, CodeServiceNotFound) {
		return nil, nil
	}
	for _, item := range list {
		if known[item.ID] {
			continue
		}
		v, err := c.Version(ctx, script, item.ID)
		if err != nil {
			return nil, err
		}
		if v.Resources != nil && is(v) {
			return v, nil
		}
	}
	return nil, err
}

// newestDeployment returns the deployment in force, a zero one if there is none
// or nobody will ask.
func (c *Client) newestDeployment(ctx context.Context, script string) (*Deployment, error) {
	if c.Retry == nil {
		return &Deployment{}, nil
	}
	list, err := c.Deployments(ctx, script)
	if err != nil || len(list) == 0 {
		return &Deployment{}, err
	}
	return &list[0], nil
}

// isOf reports whether a version is what an upload with this metadata makes. An
// upload cannot be given a mark, so that all that can be seen must be the same.
func (m *Metadata) isOf(v *Version) bool {
	runtime := v.Resources.ScriptRuntime
	if m.Migrations != nil && runtime.MigrationTag != m.Migrations.NewTag ||
		m.CompatibilityDate != "" && runtime.CompatibilityDate != m.CompatibilityDate ||
		!slices.Equal(slices.Sorted(slices.Values(runtime.CompatibilityFlags)), slices.Sorted(slices.Values(m.CompatibilityFlags))) {
		return false
	}
	for _, key := range []string{AnnotationMessage, AnnotationTag} {
		if v.Annotations[key] != m.Annotations[key] {
			return false
		}
	}
	for _, b := range m.Bindings {
		if b.Type != BindingInherit && !v.has(b.Name, b.Type) {
			return false
		}
	}
	return true
}

func (v *Version) has(name, kind string) bool {
	return v.Resources != nil && slices.ContainsFunc(v.Resources.Bindings, func(b Binding) bool { return b.Name == name && b.Type == kind })
}

func (d *Deployment) serves(version string) bool {
	return slices.ContainsFunc(d.Versions, func(v DeploymentVersion) bool { return v.VersionID == version })
}

func (d *Deployment) same(versions []DeploymentVersion) bool {
	shares := func(list []DeploymentVersion) map[string]float64 {
		m := map[string]float64{}
		for _, v := range list {
			m[v.VersionID] = v.Percentage
		}
		return m
	}
	return maps.Equal(shares(d.Versions), shares(versions))
}
