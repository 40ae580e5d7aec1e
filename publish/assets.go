package publish

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"paddock/config"
	"paddock/internal/cfapi"
	"paddock/internal/diag"
)

// Files in the folder of static files that say how the others are served.
// They are not served themselves.
const (
	headersFile   = "_headers"
	redirectsFile = "_redirects"
	ignoreFile    = ".assetsignore"
)

// AssetInputs returns the paths of what decides how a worker's static files are
// served, whether it exists or not: the folder, and the files in it that say so.
func AssetInputs(w *config.Worker) []string {
	if w.Assets == nil || w.Assets.Dir == "" {
		return nil
	}
	list := []string{w.Assets.Dir}
	for _, name := range []string{headersFile, redirectsFile, ignoreFile} {
		list = append(list, filepath.Join(w.Assets.Dir, name))
	}
	return list
}

// CheckAssets says what is wrong with a worker's static files before any of
// them is looked at.
func CheckAssets(w *config.Worker) diag.List {
	a := w.Assets
	if a == nil {
		return nil
	}
	fail := func(format string, args ...any) diag.List {
		return diag.List{diag.Errorf("assets", a.Location, format, args...)}
	}
	if a.Dir == "" {
		return fail("The `assets` property in your configuration is missing the required `directory` property.")
	}
	info, err := os.Stat(a.Dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fail("The directory specified by the \"assets.directory\" field in your configuration file does not exist: %s", a.Dir)
	case err != nil:
		return fail("The directory specified by the \"assets.directory\" field in your configuration file cannot be read: %v", err)
	case !info.IsDir():
		return fail("The path specified by the \"assets.directory\" field in your configuration file doesn't point to a directory: %s", a.Dir)
	case w.Main == "" && (a.WorkerFirst || len(a.WorkerFirstOn) > 0):
		return diag.List{diag.Errorf("assets", a.Location, "Cannot set run_worker_first without a Worker script.").
			WithHint("Remove run_worker_first from the configuration, or provide a Worker script in \"main\".")}
	case w.Main != "" && a.WorkerFirst && a.Binding == "":
		return diag.List{diag.Warningf("assets", a.Location, "run_worker_first=true set without an assets binding").
			WithHint("The Worker answers every request and cannot reach the files: set assets.binding.")}
	}
	return nil
}

// assetsBinding is the binding of a worker to its static files, if it has one.
func assetsBinding(w *config.Worker) []cfapi.Binding {
	if w.Assets == nil || w.Assets.Binding == "" || w.Main == "" {
		return nil
	}
	return []cfapi.Binding{{Name: w.Assets.Binding, Type: cfapi.BindingAssets}}
}

// ReadAssets returns how a worker's static files are to be served, and which
// are none, as the text of .assetsignore. The worker must have some.
func ReadAssets(w *config.Worker) (c cfapi.AssetsConfig, ignore string, err error) {
	a := w.Assets
	c = cfapi.AssetsConfig{HTMLHandling: a.HTMLHandling, NotFoundHandling: a.NotFoundHandling, BasePath: a.BasePath}
	if a.WorkerFirst {
		c.RunWorkerFirst = json.RawMessage("true")
	} else if len(a.WorkerFirstOn) > 0 {
		if c.RunWorkerFirst, err = json.Marshal(a.WorkerFirstOn); err != nil {
			return c, "", err
		}
	}
	for name, into := range map[string]*string{headersFile: &c.Headers, redirectsFile: &c.Redirects, ignoreFile: &ignore} {
		text, err := os.ReadFile(filepath.Join(a.Dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return c, "", err
		}
		if !utf8.Valid(text) || strings.ContainsRune(string(text), 0) {
			return c, "", fmt.Errorf("the %s file at %q must be UTF-8 encoded and must not contain null characters: save the file as UTF-8 and try again", name, filepath.Join(a.Dir, name))
		}
		*into = string(text)
	}
	return c, ignore, nil
}
