package config

import (
	"regexp"

	"paddock/internal/diag"
	"paddock/migrate"
)

// Worker is the configuration of one environment of one script.
type Worker struct {
	Path, Dir string // of the file
	Env       string // "" for the top level

	Name               string          // "" if the file names none
	Main               string          // absolute path of the entry point, "" if none is configured
	MainLocation       diag.Location   // where the entry point is configured
	CompatibilityDate  string          // YYYY-MM-DD
	DateLocation       diag.Location   // where it is configured, or the file if it is not
	CompatibilityFlags []string        // each once
	Vars               []Var           // sorted by name
	DurableObjects     []DurableObject // in the order of the file
	Migrations         []migrate.Migration
	Observability      bool
	Minify             bool
	Define             map[string]string
	Dev                Dev
}

// Var is a variable. A string becomes a plain_text binding, any other value a
// json binding; whole numbers are int64, other numbers float64.
type Var struct {
	Name     string
	Value    any
	Location diag.Location // of the name
}

// DurableObject is a binding to a class.
type DurableObject struct {
	Name, Class string
	Script      string        // "" when the class is in this script itself, also if that is written out
	Location    diag.Location // of the class name
}

// Dev is the settings of the local server.
type Dev struct {
	IP   string // "" if unset
	Port int    // 0 if unset
}

var namePattern = regexp.MustCompile(`^[a-z0-9_][a-z0-9_-]*$`)

// maxName is the length that Cloudflare's API accepts for a script's name.
const maxName = 255

// ValidName reports whether a script may have this name.
func ValidName(name string) bool {
	return len(name) <= maxName && namePattern.MatchString(name)
}
