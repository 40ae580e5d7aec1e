package config

import "testing"

func TestBundling(t *testing.T) {
	for _, c := range []struct {
		text string
		want Bundling
	}{
		{`main = "a.js"`, BundledHere},
		{``, BundledHere}, // whoever bundles says what is missing
		{"main = \"a.js\"\n[build]\ncommand = \"\"", BundledHere},
		{"main = \"a.js\"\n[build]\ncommand = \"make\"", BundledElsewhere},
		{"main = \"a.js\"\nno_bundle = true", BundledElsewhere},
		{"main = \"a.js\"\nno_bundle = false", BundledHere},
		{"main = \"a.js\"\nalias = { a = \"b\" }", BundledElsewhere},
		{"main = \"a.js\"\nalias = {}", BundledHere},
		{"main = \"a.js\"\n[[rules]]\ntype = \"Text\"\nglobs = [\"**/*.md\"]", BundledElsewhere},
		{"type = \"rust\"", BundledElsewhere},
		{"main = \"a.js\"\n[assets]\ndirectory = \"public\"", BundledHere},
		{"[assets]\ndirectory = \"public\"", NoCode},
		{"[site]\nbucket = \"public\"", NoCode},
		{`pages_build_output_dir = "dist"`, NoCode},
		{"main = \"a.js\"\n[env.staging]\nno_bundle = true", BundledHere},
	} {
		w, _ := load(t, "wrangler.toml", c.text).Resolve("", Overrides{})
		if w.Bundling != c.want {
			t.Errorf("%q: %v, want %v", c.text, w.Bundling, c.want)
		}
	}
	f := load(t, "wrangler.toml", "main = \"a.js\"\n[env.staging]\nno_bundle = true")
	if w, _ := f.Resolve("staging", Overrides{}); w.Bundling != BundledElsewhere {
		t.Errorf("an environment's own no_bundle: %v", w.Bundling)
	}
}
