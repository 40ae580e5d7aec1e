package check

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"paddock/config"
	"paddock/internal/diag"
)

// find turns paths into configurations, each once. The path "" stands for the
// one that is found in dir or above. Paths that are none are reported.
func find(dir string, paths []string) (targets []string, problems diag.List) {
	if len(paths) == 0 {
		return []string{""}, nil
	}
	seen := make(map[string]bool)
	for _, path := range paths {
		target, problem := resolve(dir, path)
		if problem != nil {
			problems = append(problems, *problem)
			continue
		}
		if !seen[target] {
			seen[target] = true
			targets = append(targets, target)
		}
	}
	return targets, problems
}

// resolve finds the configuration for a path. A folder stands for its own one:
// Wrangler would look above, too, but whoever names a folder means that one.
// What is wrong with a file is said by whoever reads it.
func resolve(dir, path string) (string, *diag.Diagnostic) {
	full := path
	if !filepath.IsAbs(full) {
		full = filepath.Join(dir, path)
	}
	info, err := os.Stat(full)
	if err != nil || !info.IsDir() {
		return full, nil
	}
	if found := configIn(full); found != "" {
		return found, nil
	}
	d := diag.Errorf("no-config", diag.Location{}, "there is no wrangler.json, wrangler.jsonc or wrangler.toml in %s", path)
	if below := configsBelow(full, path); len(below) > 0 {
		d = d.WithHint("Did you mean %s?", strings.Join(below, " or "))
	}
	return "", &d
}

// configIn returns the configuration of a folder that Wrangler prefers, or "".
func configIn(dir string) string {
	for _, name := range config.Names() {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

// configsBelow returns folders in dir that have a configuration, as many as
// one can choose from, with the name that dir was given.
func configsBelow(dir, name string) []string {
	const most = 3
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // they were only a hint
	}
	var found []string
	for _, e := range entries {
		if path := filepath.Join(dir, e.Name()); e.IsDir() && configIn(path) != "" {
			if len(found) == most {
				return append(found, "another folder in it")
			}
			found = append(found, fmt.Sprintf("%q", filepath.Join(name, e.Name())))
		}
	}
	return found
}
