package cfapi

import (
	"context"
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

// Deployments returns the last deployments of a script, the newest first.
func (c *Client) Deployments(ctx context.Context, script string) ([]Deployment, error) {
	list, err := Call[Deployments](ctx, c, http.MethodGet, c.scriptPath(script, "deployments"), nil)
	if err != nil {
		return nil, err
	}
	return list.Deployments, nil
}

func (c *Client) scriptPath(script string, elements ...string) string {
	return c.AccountPath(append([]string{"workers", "scripts", script}, elements...)...)
}
