package config

// Bundling says who makes of the Worker's sources what is uploaded.
type Bundling int

const (
	// BundledHere means by package bundle, beginning at Main.
	BundledHere Bundling = iota
	// BundledElsewhere means that the configuration asks for what bundle does
	// not do, such as a command of the project's own, no_bundle or alias.
	BundledElsewhere
	// NoCode means that the Worker is made of files only.
	NoCode
)

func (r *resolver) bundling(d *draft) Bundling {
	if d.Main == "" && r.files() {
		return NoCode
	}
	var limits collector
	for _, f := range buildFields {
		if n := r.values[f.name]; n != nil {
			r.limit(&limits, f, n)
		}
	}
	r.formerProject(&limits)
	if len(limits.list) > 0 {
		return BundledElsewhere
	}
	return BundledHere
}

// files says whether there are static files to serve.
func (r *resolver) files() bool {
	for _, name := range []string{"assets", "legacy_assets", "experimental_assets", "site", "pages_build_output_dir"} {
		if n := r.values[name]; n != nil && !n.empty() {
			return true
		}
	}
	return false
}
