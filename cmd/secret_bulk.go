package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"paddock/config"
	"paddock/internal/cfapi"
	"paddock/internal/diag"
)

func (a *app) secretBulkCommand() *cobra.Command {
	o := &scriptOptions{app: a}
	c := &cobra.Command{
		Use:   "bulk [file]",
		Short: "Set several secrets at once, from a JSON object or a .env file",
		Long: "Set several secrets at once, from a file or, without one or with -, from stdin:\n" +
			"a JSON object of names and values, where null deletes, or lines NAME=VALUE.",
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, list []string) error { return o.bulkSecrets(c.Context(), strings.Join(list, "")) },
	}
	o.nameFlag(c)
	return c
}

func (o *scriptOptions) bulkSecrets(ctx context.Context, file string) error {
	values, err := o.readSecrets(ctx, file)
	if err != nil {
		return err
	}
	client, script, err := o.target(ctx)
	if err != nil {
		return err
	}
	patch, puts := cfapi.SecretsPatch{Secrets: map[string]*cfapi.Secret{}}, 0
	for name, value := range values {
		patch.Secrets[name] = nil
		if value != nil {
			patch.Secrets[name] = cfapi.NewSecret(name, *value)
			puts++
		}
	}
	fmt.Fprintf(o.io.Err, "Processing the secrets for the Worker %q\n", script)
	send := func() error { return client.PatchSecrets(ctx, script, patch) }
	if puts > 0 {
		err = o.withDraft(ctx, client, script, send)
	} else {
		err = o.unknownScript(send(), script)
	}
	if err != nil {
		return err
	}
	return o.showBulk(values, puts)
}

func (o *scriptOptions) showBulk(values map[string]*string, puts int) error {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(values)) {
		done := "created"
		if values[name] == nil {
			done = "deleted"
		}
		fmt.Fprintf(&b, "Successfully %s secret for key: %s\n", done, diag.Printable(name))
	}
	fmt.Fprint(&b, "\nFinished processing secrets file:\n")
	if deleted := len(values) - puts; deleted > 0 {
		fmt.Fprintf(&b, "%d secrets successfully deleted\n", deleted)
	}
	if puts > 0 {
		fmt.Fprintf(&b, "%d secrets successfully created\n", puts)
	}
	return o.write(&b)
}

// readSecrets reads a file or stdin; nil stands for a secret to delete.
func (o *scriptOptions) readSecrets(ctx context.Context, file string) (map[string]*string, error) {
	name, read := file, func() (string, error) {
		text, err := os.ReadFile(file)
		return string(text), err
	}
	if file == "" || file == "-" {
		name, read = "stdin", func() (string, error) {
			text, err := io.ReadAll(o.io.In)
			return string(text), err
		}
	}
	text, err := interruptible(ctx, read)
	if err != nil {
		return nil, fmt.Errorf("read secrets: %w", err)
	}
	values, err := parseSecrets(text)
	if err == nil && len(values) == 0 {
		err = fmt.Errorf("there are no secrets in it")
	}
	if err != nil {
		return nil, fmt.Errorf("read secrets from %s: %w", name, err)
	}
	return values, nil
}

// parseDotenv is strict where dotenv is not: a line that is passed over would
// be a secret that is not there.
func parseDotenv(text string) (map[string]*string, error) {
	values, misread := config.Dotenv(text)
	if len(misread) > 0 {
		return nil, fmt.Errorf("line %d is not of the form NAME=VALUE", misread[0])
	}
	secrets := make(map[string]*string, len(values))
	for name, value := range values {
		secrets[name] = &value
	}
	return secrets, nil
}

// parseSecrets reads a JSON object or a .env file. Errors tell names and lines,
// and nothing of the values.
func parseSecrets(text string) (map[string]*string, error) {
	text = strings.TrimPrefix(text, "\ufeff")
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		return parseDotenv(text)
	}
	var fields map[string]any
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		line := 1
		if wrong := (*json.SyntaxError)(nil); errors.As(err, &wrong) {
			line += strings.Count(text[:min(int(wrong.Offset), len(text))], "\n")
		}
		return nil, fmt.Errorf("it is not valid JSON: see line %d", line) // the error itself shows what stands there
	}
	values := map[string]*string{}
	for name, value := range fields {
		switch value := value.(type) {
		case string:
			values[name] = &value
		case nil:
			values[name] = nil
		default:
			return nil, fmt.Errorf("the value for %q is not a string: write it in quotes, or null to delete the secret", name)
		}
	}
	return values, nil
}
