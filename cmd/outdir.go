package cmd

import (
	"fmt"
	"os"
	"path"
	"path/filepath"

	"paddock/bundle"
)

// writeBundle writes the modules of a build into a folder, which is made if it
// is missing. What else is there stays.
func writeBundle(dir string, built *bundle.Result) error {
	for _, m := range built.Modules {
		name, err := filepath.Localize(path.Clean(m.Name))
		if err != nil {
			return fmt.Errorf("write the bundle: the module name %q cannot be a file's: %w", m.Name, err)
		}
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			return fmt.Errorf("write the bundle: %w", err)
		}
		if err := os.WriteFile(file, m.Content, 0o666); err != nil {
			return fmt.Errorf("write the bundle: %w", err)
		}
	}
	return nil
}
