package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"paddock/internal/diag"
)

// fileNames are Wrangler's names of a configuration, the one that wins first.
var fileNames = []string{"wrangler.json", "wrangler.jsonc", "wrangler.toml"}

// Names returns the names that a configuration may have, the one that Wrangler
// prefers first.
func Names() []string { return slices.Clone(fileNames) }

// maxSize is far above any real configuration. Without it, a wrong path such
// as a disk image would be read into memory whole.
const maxSize = 4 << 20

// discover looks for a configuration in dir and above, as Wrangler does: name
// by name over the whole chain, so that a wrangler.json further up beats a
// wrangler.toml close by. As that surprises people, it is said.
func discover(dir string) (path string, problems diag.List) {
	nearest := ""
	for _, name := range fileNames {
		found := findUp(dir, name)
		if found == "" {
			continue
		}
		if path == "" {
			path = found
		}
		if len(filepath.Dir(found)) > len(filepath.Dir(nearest)) || nearest == "" {
			nearest = found
		}
	}
	if path == "" {
		return "", diag.List{diag.Errorf("no-config", diag.Location{},
			"no wrangler.json, wrangler.jsonc or wrangler.toml was found in %s or any folder above it", dir).
			WithHint("Go to your project's folder, or name the file with --config.")}
	}
	if filepath.Dir(nearest) != filepath.Dir(path) {
		problems = append(problems, diag.Warningf("config-shadowed", diag.Location{},
			"using %s, although %s is nearer", displayName(dir, path), displayName(dir, nearest)).
			WithHint("Wrangler prefers .json over .jsonc over .toml, wherever they are. Choose one with --config."))
	}
	return path, problems
}

// findUp looks for a file in a folder and those above it. A link that leads
// nowhere is found, too, so that it is named and not passed over.
func findUp(dir, name string) string {
	for {
		path := filepath.Join(dir, name)
		info, err := os.Stat(path)
		if err == nil && info.Mode().IsRegular() {
			return path
		}
		if link, lost := os.Lstat(path); err != nil && lost == nil && link.Mode()&fs.ModeSymlink != 0 {
			return path
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}

// readFile returns the text of a configuration.
func readFile(path, name string) (string, *diag.Diagnostic) {
	refuse := func(code, message string, args ...any) (string, *diag.Diagnostic) {
		d := diag.Errorf(code, diag.Location{File: name}, message, args...)
		return "", &d
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return refuse("config-unreadable", "Could not read file: %s: there is no such file", name)
	case err != nil:
		return refuse("config-unreadable", "Could not read file: %s: %v", name, reason(err))
	case info.IsDir():
		return refuse("config-unreadable", "Could not read file: %s: it is a folder, not a configuration file", name)
	case !info.Mode().IsRegular():
		return refuse("config-unreadable", "Could not read file: %s: it is not a regular file", name)
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".toml", ".json", ".jsonc":
	default:
		return refuse("config-suffix", "%s is not a configuration: its name must end in .toml, .json or .jsonc", name)
	}
	text, err := readText(path)
	if err != nil {
		return refuse("config-unreadable", "Could not read file: %s: %v", name, reason(err))
	}
	return text, nil
}

func readText(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return "", err
	}
	if len(data) > maxSize {
		return "", fmt.Errorf("it is larger than %d MiB, which no configuration is", maxSize>>20)
	}
	return string(data), nil
}

// reason leaves out the operation and path that os puts before an error, as
// the message names the file already.
func reason(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// checkEncoding finds what neither parser should see.
func checkEncoding(src *diag.Source) *diag.Diagnostic {
	for _, mark := range []struct{ bytes, name string }{
		{"\x00\x00\xfe\xff", "UTF-32 BE"}, {"\xff\xfe\x00\x00", "UTF-32 LE"},
		{"\xfe\xff", "UTF-16 BE"}, {"\xff\xfe", "UTF-16 LE"},
	} {
		if strings.HasPrefix(src.Text, mark.bytes) {
			d := diag.Errorf("encoding", diag.Location{File: src.Name},
				"the configuration begins with a %s byte order marker", mark.name).
				WithHint("Save the file as UTF-8.")
			return &d
		}
	}
	if utf8.ValidString(src.Text) {
		return nil
	}
	offset := 0
	for offset < len(src.Text) {
		r, size := utf8.DecodeRuneInString(src.Text[offset:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		offset += size
	}
	d := diag.Errorf("encoding", src.Location(offset, offset+1), "invalid UTF-8").
		WithHint("Save the file as UTF-8.")
	return &d
}
