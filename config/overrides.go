package config

// Overrides are settings from the command line, which go before those of the
// file. The zero value overrides nothing.
type Overrides struct {
	Name               string            // the script's name, without the environment's suffix
	Main               string            // the entry point, absolute
	CompatibilityDate  string            // YYYY-MM-DD
	CompatibilityFlags []string          // take the place of all of the file's
	Vars               map[string]string // go before the file's variables of the same names
	Define             map[string]string // likewise
}
