package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkLoadResolve is a configuration of some hundred lines, from the file
// to the Worker of an environment.
func BenchmarkLoadResolve(b *testing.B) {
	toml, err := os.ReadFile(filepath.Join("testdata", "valid", "environments.toml"))
	if err != nil {
		b.Fatal(err)
	}
	json, err := os.ReadFile(filepath.Join("testdata", "valid", "bindings.jsonc"))
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	for name, text := range map[string]string{
		"100.toml":  string(toml) + strings.Repeat("# a line\n", 20),
		"100.jsonc": strings.ReplaceAll(string(json), ", \"", ",\n\""),
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
		b.Run(filepath.Ext(name)[1:], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				file, problems := Load(dir, path)
				if file == nil {
					b.Fatal(problems)
				}
				file.Resolve("", Overrides{})
			}
		})
	}
}
