//go:build !linux

package engine

import (
	"fmt"
	"os"
	"path/filepath"
)

const configFile = "config.capnp"

// passConfig hands the configuration to the child as a file in dir, which
// nobody else may enter, as this system knows no files in memory. It holds
// secrets, so it is removed as soon as the child has read it. passConfig
// returns its path, and no file in memory.
func passConfig(text, dir string, _ *inherited) (path string, memory *os.File, err error) {
	path = filepath.Join(dir, configFile)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return "", nil, fmt.Errorf("write engine configuration: %w", err)
	}
	return path, nil, nil
}

// removeConfig removes the file from dir. One that cannot be removed now goes
// with the folder when the engine ends.
func removeConfig(dir string) { _ = os.Remove(filepath.Join(dir, configFile)) }

func enlargePipe(*os.File) {}
