package config

import (
	"path/filepath"

	"paddock/internal/diag"
)

// defaultUploadDir is where Wrangler 1 looked for the built Worker.
const defaultUploadDir = "dist"

func readMain(r *reader, n *node, d *draft) {
	if n.value == "" {
		r.errorf("bad-value", n.at(), "%q is empty; it should be the path of the entry point", n.path())
		return
	}
	d.main = n
}

// readBuild reads [build], of which only upload matters here: the form in
// which Wrangler 1 named the entry point.
func readBuild(r *reader, n *node, d *draft) {
	r.onlyKeys(n, "command", "cwd", "watch_dir", "upload")
	if command := n.get("command"); r.str(command) != "" {
		r.inactive(command, "Run the build yourself before paddock.")
	}
	r.str(n.get("cwd"))
	if watch := n.get("watch_dir"); watch != nil && r.expect(watch, kindString|kindArray) && watch.is(kindArray) {
		r.strings(watch)
	}
	d.upload = nil
	upload := n.get("upload")
	if upload == nil || !r.expect(upload, kindTable) {
		return
	}
	r.onlyKeys(upload, "format", "main", "dir", "rules")
	r.str(upload.get("dir"))
	if rules := upload.get("rules"); rules != nil && r.expect(rules, kindArray) && !rules.empty() {
		r.inactive(rules, hintOwnBundler)
	}
	r.uploadFormat(upload.get("format"))
	r.str(upload.get("main"))
	d.upload = upload
}

func (r *reader) uploadFormat(n *node) {
	switch format := r.str(n); format {
	case "", "modules":
	case "service-worker":
		r.report(diag.Errorf("unsupported-format", n.at(), "paddock does not support the service-worker format").
			WithHint("Export your handlers from an ES module: export default { fetch(request, env, ctx) { … } }"))
	default:
		r.errorf("bad-value", n.at(), "Expected %q field to be one of [\"modules\",\"service-worker\"] but got %s", n.path(), n.quote())
	}
}

// finishEntry decides on the entry point. Where both forms name one, they must
// mean the same file, except that an environment's form beats the top level's.
func (r *resolver) finishEntry(out *reader, d *draft) {
	uploadMain := d.upload.get("main")
	mainPath, uploadPath := d.entryPath(d.main, nil), d.entryPath(uploadMain, d.upload)
	switch {
	case mainPath != "" && uploadPath != "" && d.main.inEnv() == uploadMain.inEnv() && mainPath != uploadPath:
		problem := diag.Errorf("two-entry-points", uploadMain.at(),
			"Don't define both the `main` and `build.upload.main` fields in your configuration")
		problem.Related = []diag.Related{{Message: "`main` names another file", Location: d.main.at()}}
		out.report(problem.WithHint("They should point to the entry point to your worker. Remove the `build.upload` section."))
	case uploadPath != "" && (mainPath == "" || uploadMain.inEnv() && !d.main.inEnv()):
		d.Main, d.MainLocation = uploadPath, uploadMain.at()
	case mainPath != "":
		d.Main, d.MainLocation = mainPath, d.main.at()
	case d.upload != nil && uploadMain == nil:
		out.report(diag.Errorf("missing-field", d.upload.keyAt(), "%q is a required field", d.upload.path()+".main").
			WithHint("It is the path of the entry point, relative to %q.", d.upload.path()+".dir"))
	}
}

// entryPath makes an absolute path of a node's text, which is relative to the
// file's folder or, in [build.upload], to its dir. It is "" if there is none.
func (d *draft) entryPath(n, upload *node) string {
	if !n.is(kindString) || n.value == "" {
		return ""
	}
	folder := ""
	if upload != nil {
		folder = defaultUploadDir
		if dir := upload.get("dir"); dir.is(kindString) {
			folder = dir.value.(string)
		}
	}
	path := d.Dir
	for _, next := range []string{folder, n.value.(string)} {
		if next = filepath.FromSlash(next); filepath.IsAbs(next) {
			path = next
		} else {
			path = filepath.Join(path, next)
		}
	}
	return filepath.Clean(path)
}
