package cfapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// Secret is a secret of a script, in bodies with its value, in answers without.
type Secret struct {
	Name string  `json:"name"`
	Text *string `json:"text,omitempty"`
	Type string  `json:"type"` // "secret_text"
}

// NewSecret returns a secret with a value.
func NewSecret(name, text string) *Secret {
	return &Secret{Name: name, Text: &text, Type: BindingSecretText}
}

// String names the secret. It exists so that one printed by accident does not
// show its value.
func (s Secret) String() string { return fmt.Sprintf("%s (%s)", s.Name, s.Type) }

// GoString is String, for the same reason.
func (s Secret) GoString() string { return s.String() }

// SecretsPatch is the body of PATCH workers/scripts/{script}/secrets-bulk, a
// merge patch: nil deletes a secret.
type SecretsPatch struct {
	Secrets map[string]*Secret `json:"secrets"`
}

// VersionPatch is the body of PATCH workers/workers/{script}/versions/latest, a
// merge patch that makes a version out of the latest one.
type VersionPatch struct {
	Env         map[string]*Secret `json:"env"`
	Annotations map[string]string  `json:"annotations,omitempty"`
}

// Secrets lists the secrets of a script, by name only.
func (c *Client) Secrets(ctx context.Context, script string) ([]Secret, error) {
	list, err := Call[[]Secret](ctx, c, http.MethodGet, c.scriptPath(script, "secrets"), nil)
	if err != nil {
		return nil, err
	}
	return *list, nil
}

// PutSecret sets a secret of a script.
func (c *Client) PutSecret(ctx context.Context, script string, secret *Secret) error {
	_, err := c.Do(ctx, http.MethodPut, c.scriptPath(script, "secrets"), secret)
	return err
}

// DeleteSecret removes a secret of a script.
func (c *Client) DeleteSecret(ctx context.Context, script, name string) error {
	_, err := c.Do(ctx, http.MethodDelete, c.scriptPath(script, "secrets", name)+"?url_encoded=true", nil)
	return err
}

// PatchSecrets sets and removes several secrets at once.
func (c *Client) PatchSecrets(ctx context.Context, script string, patch SecretsPatch) error {
	data, err := json.Marshal(patch)
	if err != nil {
		return fmt.Errorf("encode secrets of %s: %w", script, err)
	}
	_, err = c.Do(ctx, http.MethodPatch, c.scriptPath(script, "secrets-bulk"), Body{ContentType: "application/merge-patch+json", Data: data})
	return err
}
