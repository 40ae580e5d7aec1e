package config

import (
	"paddock/internal/diag"
	"paddock/migrate"
)

// Worker is the configuration of one environment of one script.
type Worker struct {
	Path, Dir string // of the file
	Env       string // "" for the top level

	Name               string        // "" if the file names none
	Main               string        // absolute path of the entry point, "" if none is configured
	MainLocation       diag.Location // where the entry point is configured
	Bundling           Bundling
	CompatibilityDate  string          // YYYY-MM-DD
	DateLocation       diag.Location   // where it is configured, or the file if it is not
	CompatibilityFlags []string        // each once
	Vars               []Var           // sorted by name
	DurableObjects     []DurableObject // in the order of the file
	Migrations         []migrate.Migration
	Classes            []migrate.Class // that there are after all migrations, or by exports; by name
	Routes             []Route         // in the order of the file
	Assets             *Assets         // nil without static files
	Observability      bool
	Minify             bool
	Define             map[string]string
	Dev                Dev

	varsDir         string // where files of variables lie
	unsupported     diag.List
	hasSecrets      bool // the configuration lists its secrets
	requiredSecrets []string
	secretsAt       diag.Location
}

// Unsupported returns what paddock does not do with the Worker, valid though
// its configuration is: an error for each setting without which it would not
// run as written, and a warning for each that has no effect. It is in source
// order. Whoever wants to run the Worker heeds it; whoever only checks the
// configuration need not.
func (w *Worker) Unsupported() diag.List { return w.unsupported }

// Var is a variable. A string becomes a plain_text binding, any other value a
// json binding; whole numbers are int64, other numbers float64.
type Var struct {
	Name     string
	Value    any
	Location diag.Location // of the name; without a line if it comes from the command line
	Secret   bool          // the value must not be shown: it comes from a file of secrets

	overridden bool // by the command line, before which nothing goes
}

// DurableObject is a binding to a class.
type DurableObject struct {
	Name, Class string
	Script      string        // "" when the class is in this script itself, also if that is written out
	Location    diag.Location // of the class name
}

// Route is a pattern of URLs that the Worker answers on the platform.
type Route struct {
	Pattern          string
	ZoneID, ZoneName string        // "" if not said
	CustomDomain     bool          // the pattern is a domain of the Worker's own
	Location         diag.Location // of the pattern
}

// Assets are static files that are served beside the Worker, or without one.
// Empty settings are the platform's defaults.
type Assets struct {
	Dir              string // absolute path of the folder, "" if none is configured
	Binding          string // name in the Worker's env
	HTMLHandling     string
	NotFoundHandling string
	BasePath         string
	WorkerFirst      bool     // the Worker runs before files are looked for
	WorkerFirstOn    []string // or does so for these patterns of paths, and not for those with a "!"
	Location         diag.Location
}

// Dev is the settings of the local server.
type Dev struct {
	IP   string // "" if unset
	Port int    // 0 if unset
}
