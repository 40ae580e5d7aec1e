package bundle

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"paddock/config"
	"paddock/internal/diag"
)

// entryExports reads from esbuild's metafile what the entry point exports.
func entryExports(metafile string) ([]string, error) {
	var meta struct {
		Outputs map[string]struct {
			EntryPoint string   `json:"entryPoint"`
			Exports    []string `json:"exports"`
		} `json:"outputs"`
	}
	if err := json.Unmarshal([]byte(metafile), &meta); err != nil {
		return nil, fmt.Errorf("read the bundler's report: %w", err)
	}
	for _, out := range meta.Outputs {
		if out.EntryPoint != "" {
			return out.Exports, nil
		}
	}
	return nil, errors.New("read the bundler's report: no entry point in it")
}

// CheckExports compares a successful build with the worker's bindings to itself:
// a class or entrypoint of its own that a binding names must be exported. Each
// class is reported once, at its first binding.
func CheckExports(w *config.Worker, r *Result) diag.List {
	var list diag.List
	var reported []string
	for _, binding := range w.DurableObjects {
		class := binding.Class
		if binding.Script != "" || slices.Contains(r.Exports, class) || slices.Contains(reported, class) {
			continue
		}
		reported = append(reported, class)
		d := diag.Errorf("class-not-exported", binding.Location,
			"Your Worker depends on the following Durable Objects, which are not exported in your entrypoint file: %s", class)
		list = append(list, d.WithHint("%s", exportHint(class, r)))
	}
	for _, s := range w.Services {
		if s.Service != w.Name || s.Entrypoint == "" || slices.Contains(r.Exports, s.Entrypoint) {
			continue
		}
		list = append(list, diag.Errorf("entrypoint-not-exported", s.EntrypointLocation,
			"Your Worker binds an entrypoint of its own as %s, which is not exported in your entrypoint file: %s", s.Name, s.Entrypoint).
			WithHint("%s", exportHint(s.Entrypoint, r)))
	}
	return list
}

func exportHint(class string, r *Result) string {
	for _, name := range r.Exports {
		if strings.EqualFold(name, class) {
			return fmt.Sprintf("did you mean %q, which is exported?", name)
		}
	}
	return fmt.Sprintf("the entry-point file must export the class: export class %s { … }", class)
}
