package config

import (
	"encoding/json"

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
	KVNamespaces       []Resource      // likewise
	D1Databases        []Resource      // likewise
	Producers          []Producer      // likewise
	Consumers          []Consumer      // likewise
	Services           []Service       // likewise
	VersionMetadata    string          // name of that binding, "" for none
	Migrations         []migrate.Migration
	Exports            []migrate.Export // classes that are declared, in place of migrations; by name
	RawExports         json.RawMessage  // all of the declaration, as it is sent; nil if there is none
	Classes            []migrate.Class  // that there are after all migrations, or by exports; by name
	Routes             []Route          // in the order of the file
	Assets             *Assets          // nil without static files
	Crons              []string         // in the order of the file; nil if unset, which leaves those of the target alone
	WorkersDev         *bool            // nil if unset, which is true without routes
	Observability      bool
	Minify             bool
	Define             map[string]string
	Dev                Dev
	Cloud              Cloud

	varsDir         string // where files of variables lie
	unsupported     diag.List
	resolved        *resolver // what the Worker was made by
	hasSecrets      bool      // the configuration lists its secrets
	requiredSecrets []string
	secretsAt       diag.Location
}

// Unsupported returns what paddock does not do with the Worker, valid though
// its configuration is: an error for each setting without which it would not
// run as written, and a warning for each that has no effect. It is in source
// order. Whoever wants to run the Worker heeds it; whoever only checks the
// configuration need not.
func (w *Worker) Unsupported() diag.List { return w.unsupported }

// UnsupportedRemote is Unsupported for whoever ships the Worker to Cloudflare,
// where more of it has an effect.
func (w *Worker) UnsupportedRemote() diag.List { return w.resolved.limits(sentToCloud...) }

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

// Resource is a binding to something with data of its own, which has an id at
// the target: a KV namespace, a database.
type Resource struct {
	Name     string
	ID       string        // "" if a deployment shall find or make the resource
	As       string        // what the resource is called, "" if not said
	Location diag.Location // of the name
}

// Producer is a binding to a queue that the Worker sends to.
type Producer struct {
	Name          string
	Queue         string        // "" if a deployment shall make one
	DeliveryDelay *float64      // seconds; nil if not said
	Location      diag.Location // of the name
}

// Consumer is a queue whose messages the Worker gets. Settings that are nil are
// not said.
type Consumer struct {
	Queue, DeadLetterQueue                string // the latter "" if messages are dropped in the end
	BatchSize, MaxRetries, MaxConcurrency *float64
	BatchTimeout, RetryDelay              *float64      // seconds
	Location                              diag.Location // of the queue's name
}

// Service is a binding to a script.
type Service struct {
	Name, Service      string
	Environment        string         // "" if not said
	Entrypoint         string         // "" for the default export
	Props              map[string]any // nil if there are none; numbers as in [Var]
	Location           diag.Location  // of the script's name
	EntrypointLocation diag.Location
}

// Route is a pattern of URLs that the Worker answers on the platform.
type Route struct {
	Pattern          string
	ZoneID, ZoneName string        // "" if not said
	CustomDomain     bool          // the pattern is a domain of the Worker's own
	Enabled          *bool         // of such a domain
	PreviewsEnabled  *bool         // likewise
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
