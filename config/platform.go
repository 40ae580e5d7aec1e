package config

import (
	"fmt"
	"path/filepath"

	"paddock/internal/diag"
)

func checkObservability(c *checker, n *node) {
	for _, switches := range []*node{n, n.get("logs"), n.get("traces"), n.get("issues")} {
		if switches.get("enabled") != nil {
			return
		}
	}
	c.errorf("missing-field", n.at(), "%q or %q is required", n.path()+".enabled", n.path()+".logs.enabled")
}

// observed says whether the Worker's events are collected. Wrangler takes
// logs.enabled for it when enabled itself is absent.
func observed(n *node) bool {
	if on := n.get("enabled"); on != nil {
		return on.truth()
	}
	return n.get("logs").get("enabled").truth()
}

func checkPlacement(c *checker, n *node) {
	mode, hint := n.get("mode"), n.get("hint")
	var targets []*node
	for _, key := range []string{"region", "host", "hostname"} {
		if e := n.get(key); e != nil {
			targets = append(targets, e)
		}
	}
	switch {
	case hint != nil && len(targets) > 0:
		c.report(diag.Errorf("exclusive-fields", hint.keyAt(),
			"%q cannot have both \"hint\" (smart format) and \"region\"/\"host\"/\"hostname\" (targeted format) fields", n.path()).
			WithRelated("the other one is here", targets[0].keyAt()))
	case hint.text() != "" && mode.text() != "smart":
		c.errorf("bad-value", hint.keyAt(), "%q can only be set when %q is \"smart\"", hint.path(), n.path()+".mode")
	case len(targets) > 1:
		c.report(diag.Errorf("exclusive-fields", targets[1].keyAt(), "%q fields %q, %q are mutually exclusive. Only one can be specified", n.path(), targets[0].name, targets[1].name).
			WithRelated("the other one is here", targets[0].keyAt()))
	case len(targets) == 1 && mode.text() == "smart":
		c.errorf("bad-value", mode.at(), "Expected %q field to be \"targeted\" but got %s", mode.path(), mode.quote())
	case len(targets) == 1 && targets[0].is(kindString) && targets[0].text() == "":
		c.errorf("bad-value", targets[0].at(), "%q must be a non-empty string", targets[0].path())
	case len(targets) == 0 && mode == nil:
		c.errorf("missing-field", n.at(), "%q is a required field", n.path()+".mode")
	case len(targets) == 0 && mode.text() == "targeted":
		c.errorf("missing-field", mode.at(), "%q or %q or %q is required", n.path()+".region", n.path()+".host", n.path()+".hostname")
	}
}

// checkPreviews looks at a table that has what an environment may have, as far
// as it concerns previews.
func checkPreviews(c *checker, n *node) {
	for _, e := range n.fields() {
		f := c.lookup(e.name)
		if f == nil || f.name == "previews" || !previewed(f) {
			c.warnf("unexpected-field", e.keyAt(), "Unexpected field %q in %q", e.name, n.path())
			continue
		}
		c.field(f, e, &shape{})
	}
}

// previewed says whether previews may have a field.
func previewed(f *field) bool {
	switch f.name {
	case "logpush", "observability", "limits", "cache", "placement":
		return true
	}
	return f.class == notInherited
}

func checkAssets(c *checker, n *node) {
	if n.is(kindString) {
		c.report(diag.Warningf("old-form", n.at(), "%q is an object since Wrangler 3.78", n.path()).
			WithHint("Write %s", fmt.Sprintf(`assets = { directory = %s }`, n.quote())))
	}
}

func readAssets(d *draft, n *node) {
	d.assets, d.Assets = n, nil
	if !n.is(kindTable) || n.empty() {
		return
	}
	text := func(key string) string { return n.get(key).text() }
	d.Assets = &Assets{
		Dir: text("directory"), Binding: text("binding"), HTMLHandling: text("html_handling"),
		NotFoundHandling: text("not_found_handling"), BasePath: text("base_path"), Location: n.keyAt(),
	}
	if dir := n.get("directory"); dir != nil {
		d.Assets.Location = dir.at()
	}
	if dir := filepath.FromSlash(d.Assets.Dir); dir != "" {
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(d.Dir, dir)
		}
		d.Assets.Dir = filepath.Clean(dir)
	}
	switch first := n.get("run_worker_first"); {
	case first.truth():
		d.Assets.WorkerFirst = true
	case first.is(kindArray):
		d.Assets.WorkerFirstOn = first.texts()
	}
}

// finishFiles holds the ways of serving files against each other.
func (r *resolver) finishFiles(c *checker, d *draft) {
	if d.assets != nil && d.site != nil && !d.assets.empty() {
		c.report(diag.Errorf("exclusive-fields", d.site.keyAt(), "Cannot use assets and Workers Sites in the same Worker").
			WithRelated("the assets are here", d.assets.keyAt()))
	}
	if entry := d.site.get("entry-point"); entry != nil && d.main != nil && !d.main.inEnv() {
		c.report(diag.Errorf("two-entry-points", entry.keyAt(), "Don't define both the `main` and `site.entry-point` fields in your configuration").
			WithHint("They serve the same purpose: to point to the entry-point of your worker. Remove the deprecated `site.entry-point`.").
			WithRelated("`main` is here", d.main.keyAt()))
	}
	if d.site != nil && d.site.get("entry-point") == nil && d.main == nil && d.upload == nil {
		c.report(diag.Warningf("missing-field", d.site.keyAt(), "Because you've defined a [site] configuration, we're defaulting to \"workers-site\" for the deprecated `site.entry-point` field").
			WithHint("Add the top level `main` field to your configuration: main = \"workers-site/index.js\""))
	}
	if binding := d.assets.get("binding"); binding != nil && d.Main == "" {
		c.report(diag.Warningf("assets-binding", binding.keyAt(), "Cannot use assets with a binding in an assets-only Worker").
			WithHint("Remove the asset binding from your configuration, or provide a Worker script in \"main\"."))
	}
}

func checkLegacyEnv(c *checker, n *node) {
	if c.file.UserPath != "" {
		return // build tools write what Wrangler's reader gave them
	}
	if n.value == false {
		c.report(diag.Errorf("removed-field", n.keyAt(), "The %q field is no longer supported", n.path()).
			WithHint("Service environments are gone. Remove it; each environment is a script of its own."))
		return
	}
	c.warnf("removed-field", n.keyAt(), "The %q field is no longer supported, and true is what happens anyway", n.path())
}
