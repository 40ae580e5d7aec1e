package cfapi

import (
	"context"
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
