package cfapi

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
)

// Versions returns the versions of a script, the newest first, without their
// contents.
func (c *Client) Versions(ctx context.Context, script string) ([]Version, error) {
	list, err := Call[Versions](ctx, c, http.MethodGet, c.scriptPath(script, "versions")+"?deployable=true", nil)
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// Version returns one version with its contents.
func (c *Client) Version(ctx context.Context, script, id string) (*Version, error) {
	return Call[Version](ctx, c, http.MethodGet, c.scriptPath(script, "versions", id), nil)
}

// UploadVersion uploads a script without deploying it.
func (c *Client) UploadVersion(ctx context.Context, script string, form Form) (*Version, error) {
	var body bytes.Buffer
	contentType, err := EncodeForm(&body, form)
	if err != nil {
		return nil, fmt.Errorf("encode upload of %s: %w", script, err)
	}
	path := c.scriptPath(script, "versions") + "?bindings_inherit=strict"
	return Call[Version](ctx, c, http.MethodPost, path, Body{ContentType: contentType, Data: body.Bytes()})
}

// Deployments returns the last deployments of a script, the newest first.
func (c *Client) Deployments(ctx context.Context, script string) ([]Deployment, error) {
	list, err := Call[Deployments](ctx, c, http.MethodGet, c.scriptPath(script, "deployments"), nil)
	if err != nil {
		return nil, err
	}
	return list.Deployments, nil
}

// CreateDeployment puts versions in force. Without force, a server refuses with
// [CodeSecretsChanged] to go back to a version with other secrets.
func (c *Client) CreateDeployment(ctx context.Context, script string, create DeploymentCreate, force bool) (*Deployment, error) {
	path := c.scriptPath(script, "deployments")
	if force {
		path += "?force=true"
	}
	return Call[Deployment](ctx, c, http.MethodPost, path, create)
}

func (c *Client) scriptPath(script string, elements ...string) string {
	return c.AccountPath(append([]string{"workers", "scripts", script}, elements...)...)
}
