package cmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"paddock/config"
)

// overrideFlags are the flags that go before settings of the configuration.
type overrideFlags struct {
	name, date          string
	flags, vars, define []string
}

func (o *overrideFlags) add(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.name, "name", "", "name of the script, instead of the configuration's")
	f.StringVar(&o.date, "compatibility-date", "", "compatibility date, instead of the configuration's")
	f.StringSliceVar(&o.flags, "compatibility-flags", nil, "compatibility flags, instead of all of the configuration's")
	f.StringSliceVar(&o.flags, "compatibility-flag", nil, "the same")
	f.StringArrayVar(&o.vars, "var", nil, "a variable, as KEY:VALUE; goes before the configuration's")
	f.StringArrayVar(&o.define, "define", nil, "what takes the place of a name in the code, as KEY:VALUE; goes before the configuration's")
	f.Lookup("compatibility-flag").Hidden = true
}

func (o *overrideFlags) overrides(c *cobra.Command) (config.Overrides, error) {
	vars, err := pairs("var", o.vars)
	if err != nil {
		return config.Overrides{}, usage(c, err)
	}
	define, err := pairs("define", o.define)
	if err != nil {
		return config.Overrides{}, usage(c, err)
	}
	return config.Overrides{
		Name: o.name, CompatibilityDate: o.date, CompatibilityFlags: o.flags, Vars: vars, Define: define,
	}, nil
}

// pairs parts KEY:VALUE at the first colon. Without one the value is empty, as
// in Wrangler. The error does not show a value, which may be a secret.
func pairs(flag string, list []string) (map[string]string, error) {
	m := make(map[string]string, len(list))
	for _, pair := range list {
		key, value, _ := strings.Cut(pair, ":")
		if key == "" {
			return nil, fmt.Errorf("--%s wants KEY:VALUE, and one has no key", flag)
		}
		m[key] = value
	}
	return m, nil
}
