package config

import (
	"path/filepath"

	"paddock/internal/diag"
)

// defaultUploadDir is where Wrangler 1 looked for the built Worker.
const defaultUploadDir = "dist"

// finishEntry decides on the entry point. Where both forms name one, they must
// mean the same file, except that an environment's form beats the top level's.
func (r *resolver) finishEntry(c *checker, d *draft) {
	uploadMain := d.upload.get("main")
	mainPath, uploadPath := d.entryPath(d.main, nil), d.entryPath(uploadMain, d.upload)
	switch {
	case mainPath != "" && uploadPath != "" && d.main.inEnv() == uploadMain.inEnv() && mainPath != uploadPath:
		c.report(diag.Errorf("two-entry-points", uploadMain.at(),
			"Don't define both the `main` and `build.upload.main` fields in your configuration").
			WithHint("They should point to the entry point to your worker. Remove the `build.upload` section.").
			WithRelated("`main` names another file", d.main.at()))
	case uploadPath != "" && (mainPath == "" || uploadMain.inEnv() && !d.main.inEnv()):
		d.Main, d.MainLocation = uploadPath, uploadMain.at()
	case mainPath != "":
		d.Main, d.MainLocation = mainPath, d.main.at()
	case d.upload != nil && uploadMain == nil && d.upload.get("format").text() != serviceWorker:
		c.report(diag.Warningf("missing-field", d.upload.keyAt(), "%q is a required field", d.upload.path()+".main").
			WithHint("It is the path of the entry point, relative to %q.", d.upload.path()+".dir"))
	}
}

// entryPath makes an absolute path of a node's text, which is relative to the
// file's folder or, in [build.upload], to its dir. It is "" if there is none.
func (d *draft) entryPath(n, upload *node) string {
	if n.text() == "" {
		return ""
	}
	folder := ""
	if upload != nil {
		folder = defaultUploadDir
		if dir := upload.get("dir"); dir.is(kindString) {
			folder = dir.text()
		}
	}
	path := d.Dir
	for _, next := range []string{folder, n.text()} {
		if next = filepath.FromSlash(next); filepath.IsAbs(next) {
			path = next
		} else {
			path = filepath.Join(path, next)
		}
	}
	return filepath.Clean(path)
}
