package config

import (
	"maps"
)

// Overrides are settings from the command line, which go before those of the
// file. The zero value overrides nothing.
type Overrides struct {
	Name               string            // the script's name, without the environment's suffix
	CompatibilityDate  string            // YYYY-MM-DD
	CompatibilityFlags []string          // take the place of all of the file's
	Vars               map[string]string // go before the file's variables of the same names
	Define             map[string]string // likewise
}

// override puts the settings of the command line into d, but for those that
// take part in decisions and are looked at there.
func (r *resolver) override(d *draft) {
	o := r.overrides
	if o.CompatibilityFlags != nil {
		d.CompatibilityFlags = unique(o.CompatibilityFlags)
	}
	if len(o.Define) > 0 {
		all := maps.Clone(d.Define)
		if all == nil {
			all = make(map[string]string)
		}
		maps.Copy(all, o.Define)
		d.Define = all
	}
	if len(o.Vars) > 0 {
		all := make(map[string]Var)
		for _, v := range d.Vars {
			all[v.Name] = v
		}
		for name, value := range o.Vars {
			all[name] = Var{Name: name, Value: value, overridden: true}
		}
		d.Vars = sortedVars(all)
	}
}
