package store

import (
	"cmp"
	"encoding/json"
	"errors"
	"time"
)

// ErrNotFound is wrapped by reads that ask for one record that is not there.
var ErrNotFound = errors.New("not found")

// A Script is a named Worker. What is here is not versioned.
type Script struct {
	Name          string
	Tag           string // 32 hex digits, permanent
	MigrationTag  string // tag of the last applied migration, or ""
	Observability bool
	Tags          []string // that clients put on it, of no consequence here
	Kept          Kept
	Schedules     []Schedule // by which its scheduled handler is called
	CreatedOn     time.Time
	ModifiedOn    time.Time
}

// Kept is settings of a script that are only stored and given back. A field
// that is nil was never set.
type Kept struct {
	Observability          json.RawMessage `json:"observability,omitempty"` // the whole object
	Logpush                *bool           `json:"logpush,omitempty"`
	TailConsumers          json.RawMessage `json:"tail_consumers,omitempty"`
	StreamingTailConsumers json.RawMessage `json:"streaming_tail_consumers,omitempty"`
	WorkersDev             *bool           `json:"workers_dev,omitempty"`
	Previews               *bool           `json:"previews,omitempty"`
}

// with returns k with what is set in change.
func (k Kept) with(change Kept) Kept {
	set(&k.Observability, change.Observability)
	set(&k.TailConsumers, change.TailConsumers)
	set(&k.StreamingTailConsumers, change.StreamingTailConsumers)
	k.Logpush = cmp.Or(change.Logpush, k.Logpush)
	k.WorkersDev = cmp.Or(change.WorkersDev, k.WorkersDev)
	k.Previews = cmp.Or(change.Previews, k.Previews)
	return k
}

func set(to *json.RawMessage, value json.RawMessage) {
	if value != nil {
		*to = value
	}
}

// A Route is a pattern of URLs that a script answers.
type Route struct {
	ID               string // 32 hex digits
	Script           string
	Pattern          string
	Domain           bool   // the pattern is a host name of the script's own
	ZoneID, ZoneName string // as the client said, or ""
}

// A Version is one upload of a script: immutable.
type Version struct {
	ID                 string // UUID
	Script             string
	Number             int // counts from 1 within the script
	CreatedOn          time.Time
	Source             string // what uploaded it: "wrangler", "paddock", "dev"
	Author             string // who did
	TriggeredBy        string // what made it, see [TriggerUpload]
	Message, Tag       string // annotations
	MainModule         string
	CompatibilityDate  string
	CompatibilityFlags []string
	Handlers           []string // of the default export: "fetch", "scheduled" …
	Classes            []string // exported classes
	Entrypoints        []string // other exports that service bindings may name; nil if that is not known
	Assets             *Assets  // nil if it has none
	Bindings           []Binding
	Exports            json.RawMessage // the declaration of classes that came with it, or null
	StartupTime        time.Duration   // of the candidate's engine
	Modules            []Module        // the main module first; none if there are only static files
}

// A Module is one part of a version; its bytes are in the blob store.
type Module struct {
	Name   string
	Type   string // content type of the upload form
	SHA256 string // 64 hex digits
	Size   int64  // bytes
}

// A Binding is one entry of a version's environment.
type Binding struct {
	Name string `json:"name"`
	Type string `json:"type"` // as on the wire: "plain_text", "json", "secret_text", "durable_object_namespace"

	Text string          `json:"text,omitempty"` // plain_text
	JSON json.RawMessage `json:"json,omitempty"` // json

	// Sealed is the encrypted value of a secret_text. The store has no key.
	Sealed string `json:"sealed,omitempty"`

	// A Durable Object binding follows Namespace, whatever becomes of the
	// names that it was uploaded with.
	Class     string `json:"class_name,omitempty"`
	Script    string `json:"script_name,omitempty"`
	Namespace string `json:"namespace_id,omitempty"`

	// A binding to a resource follows Resource, its key, in the same way. ID
	// is what it was uploaded with.
	ID       string `json:"id,omitempty"`
	Resource string `json:"resource,omitempty"`

	Service    string          `json:"service,omitempty"` // service: the script
	Entrypoint string          `json:"entrypoint,omitempty"`
	Props      json.RawMessage `json:"props,omitempty"`

	// What means nothing here and is given back as it was sent.
	Environment string                     `json:"environment,omitempty"`
	Fields      map[string]json.RawMessage `json:"fields,omitempty"`
}

// OwnClass reports whether the binding is to a class of its own script.
func (b Binding) OwnClass() bool { return b.Class != "" && b.Script == "" }

// What makes a version or a deployment, in the words of Cloudflare's API.
const (
	TriggerUpload   = "upload"
	TriggerSecret   = "secret"
	TriggerRollback = "rollback"
)

// A Deployment says which version of a script is in force since when. It may
// split the requests between two versions; the objects then belong to one of
// them alone, for two versions must never own one object.
type Deployment struct {
	ID          string // UUID
	Script      string
	Version     string  // version id; of a split, that of the version with the objects
	Percentage  float64 // of the requests that go to Version: 100 if there is no split
	Other       string  // id of a split's other version, which gets the rest, or ""
	CreatedOn   time.Time
	Source      string // what deployed it
	Author      string // who did
	TriggeredBy string // [TriggerUpload] and its like, or "" for a plain deployment
	Message     string
}

// A Namespace is the identity of a Durable Object class: its objects lie
// under Key, whatever the class is called and whichever script owns it.
type Namespace struct {
	Key       string // 32 hex digits
	Script    string
	Class     string
	SQLite    bool // the class may use the SQL API
	CreatedOn time.Time
	DeletedOn time.Time // zero while the namespace is in use
	Purged    bool      // deleted, and its objects are to be removed for good

	ReceivedFrom string // script that it was last transferred from, or ""
}

// A Handover is one side's word for a transfer by a declaration. It waits for
// the other side's.
type Handover struct {
	Script, Class string // who has declared it, and for which class
	Other         string // the other script
	Incoming      bool   // Script is the one that gets the class
}

// A Resource is something with data of its own that bindings of scripts name:
// a KV namespace, a database.
type Resource struct {
	Key       string // 32 hex digits, permanent: the folder of its data
	Kind      string // the type of the bindings to it, "kv_namespace", "d1", or [KindSchedule]
	ID        string // as clients name it; no two of a kind share one
	Name      string // for people
	CreatedOn time.Time
	DeletedOn time.Time // zero while it is in use
	Consumer  *Consumer // of a queue, nil if it has none
}

// An AppliedMigration is one upload's migration as it was applied.
type AppliedMigration struct {
	Script    string
	Number    int // counts from 1 within the script
	Version   string
	OldTag    string
	NewTag    string
	Steps     json.RawMessage
	Entries   json.RawMessage // array with the tag and the digest of each step; [] if the client did not say
	Declared  bool            // the steps are what a declaration of exports amounted to; no tag goes with them
	AppliedOn time.Time

	// Of the version that brought it.
	VersionNumber int
	Source        string
}
