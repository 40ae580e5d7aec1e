package cfapi

import "encoding/json"

// Service is the answer of GET workers/services/{script}: the place where
// clients find a script's migration tag.
type Service struct {
	ID                 string               `json:"id"`
	CreatedOn          string               `json:"created_on"`
	ModifiedOn         string               `json:"modified_on"`
	UsageModel         string               `json:"usage_model,omitempty"`
	Environments       []ServiceEnvironment `json:"environments,omitempty"`
	DefaultEnvironment ServiceEnvironment   `json:"default_environment"`
}

// ServiceEnvironment is an environment of a service. Only "production" exists;
// Script is set in [Service.DefaultEnvironment] alone.
type ServiceEnvironment struct {
	Environment string  `json:"environment"`
	CreatedOn   string  `json:"created_on"`
	ModifiedOn  string  `json:"modified_on"`
	Script      *Script `json:"script,omitempty"`
}

// Script describes a script as it is deployed now.
type Script struct {
	ID                 string         `json:"id"`
	Tag                string         `json:"tag,omitempty"` // permanent, 32 hex digits
	Tags               []string       `json:"tags"`
	ETag               string         `json:"etag,omitempty"`
	HasModules         bool           `json:"has_modules"`
	HasAssets          bool           `json:"has_assets"`
	Handlers           []string       `json:"handlers"`
	NamedHandlers      []NamedHandler `json:"named_handlers,omitempty"`
	CreatedOn          string         `json:"created_on"`
	ModifiedOn         string         `json:"modified_on"`
	MigrationTag       string         `json:"migration_tag,omitempty"`
	UsageModel         string         `json:"usage_model,omitempty"`
	CompatibilityDate  string         `json:"compatibility_date,omitempty"`
	CompatibilityFlags []string       `json:"compatibility_flags"`
	// LastDeployedFrom must be "wrangler": Wrangler warns about any other
	// value, or asks for more resources.
	LastDeployedFrom string `json:"last_deployed_from,omitempty"`
}

// NamedHandler is an export of a script other than the default one.
type NamedHandler struct {
	Name     string   `json:"name"`
	Handlers []string `json:"handlers"`
}

// ScriptUpload is the answer of PUT workers/scripts/{script}.
type ScriptUpload struct {
	Script
	DeploymentID  string `json:"deployment_id"` // in spite of its name the version id
	StartupTimeMS int    `json:"startup_time_ms"`
	// ExportsReconciliation is there if the upload declared its classes.
	ExportsReconciliation *ExportsReconciliation `json:"exports_reconciliation,omitempty"`
}

// Worker is the answer of GET workers/workers/{script}. Wrangler asks for it
// after every upload, and fails if it is not there.
type Worker struct {
	ID            string          `json:"id"`
	Name          string          `json:"name"`
	CreatedOn     string          `json:"created_on,omitempty"`
	UpdatedOn     string          `json:"updated_on,omitempty"`
	Logpush       bool            `json:"logpush"`
	Tags          []string        `json:"tags"`
	Subdomain     Subdomain       `json:"subdomain"`
	Observability *Observability  `json:"observability,omitempty"`
	TailConsumers json.RawMessage `json:"tail_consumers"`
}

// Subdomain says where a script answers without routes of its own.
type Subdomain struct {
	Enabled         bool   `json:"enabled"`
	PreviewsEnabled bool   `json:"previews_enabled"`
	URL             string `json:"url,omitempty"`
}

// SubdomainChange is the body of POST workers/scripts/{script}/subdomain. What
// is nil stays as it is.
type SubdomainChange struct {
	Enabled         *bool `json:"enabled,omitempty"`
	PreviewsEnabled *bool `json:"previews_enabled,omitempty"`
}

// Version is one immutable upload: code, bindings and settings.
type Version struct {
	ID            string            `json:"id"`
	Number        int               `json:"number,omitempty"`
	StartupTimeMS int               `json:"startup_time_ms,omitempty"`
	Metadata      VersionMetadata   `json:"metadata"`
	Annotations   map[string]string `json:"annotations,omitempty"`
	Resources     *VersionResources `json:"resources,omitempty"` // absent in lists
}

// Versions is the answer of GET workers/scripts/{script}/versions, the newest
// first.
type Versions struct {
	Items []Version `json:"items"`
}

// VersionMetadata tells when and by whom a version was made. HasPreview must
// be sent even when false, or Wrangler looks for a preview address.
type VersionMetadata struct {
	CreatedOn   string `json:"created_on"`
	ModifiedOn  string `json:"modified_on,omitempty"`
	Source      string `json:"source,omitempty"`
	AuthorID    string `json:"author_id,omitempty"`
	AuthorEmail string `json:"author_email,omitempty"`
	HasPreview  bool   `json:"has_preview"`
}

// VersionResources is the contents of a version, without the code.
type VersionResources struct {
	Bindings      []Binding     `json:"bindings"` // secrets without their text
	Script        VersionScript `json:"script"`
	ScriptRuntime ScriptRuntime `json:"script_runtime"`
}

// VersionScript is the code part of a version.
type VersionScript struct {
	ETag             string         `json:"etag,omitempty"`
	Handlers         []string       `json:"handlers"`
	NamedHandlers    []NamedHandler `json:"named_handlers,omitempty"`
	LastDeployedFrom string         `json:"last_deployed_from,omitempty"`
}

// ScriptRuntime is the settings under which a version runs.
type ScriptRuntime struct {
	CompatibilityDate  string          `json:"compatibility_date,omitempty"`
	CompatibilityFlags []string        `json:"compatibility_flags"`
	UsageModel         string          `json:"usage_model,omitempty"`
	Limits             json.RawMessage `json:"limits,omitempty"`
	MigrationTag       string          `json:"migration_tag,omitempty"`
	Exports            json.RawMessage `json:"exports,omitempty"` // declared, without tombstones
}

// Deployments is the answer of GET workers/scripts/{script}/deployments, the
// newest first.
type Deployments struct {
	Deployments []Deployment `json:"deployments"`
}

// Deployment gives one or two versions percentages that add up to 100.
type Deployment struct {
	ID          string              `json:"id"`
	Source      string              `json:"source,omitempty"`
	Strategy    string              `json:"strategy"` // "percentage"
	AuthorEmail string              `json:"author_email,omitempty"`
	CreatedOn   string              `json:"created_on"`
	Annotations map[string]string   `json:"annotations,omitempty"`
	Versions    []DeploymentVersion `json:"versions"`
}

// DeploymentCreate is the body of POST workers/scripts/{script}/deployments.
type DeploymentCreate struct {
	Strategy           string              `json:"strategy"` // "percentage"
	Versions           []DeploymentVersion `json:"versions"`
	Annotations        map[string]string   `json:"annotations"`
	CodeUpdateStrategy *CodeUpdateStrategy `json:"code_update_strategy,omitempty"`
}

// DeploymentVersion is a version's share of the requests.
type DeploymentVersion struct {
	VersionID  string  `json:"version_id"`
	Percentage float64 `json:"percentage"`
}

// ScriptSettings is what can be changed of a script without a new version:
// body and answer of PATCH workers/scripts/{script}/script-settings. What is
// absent from a body stays as it is.
type ScriptSettings struct {
	Logpush                *bool           `json:"logpush,omitempty"`
	Observability          *Observability  `json:"observability,omitempty"`
	Tags                   []string        `json:"tags"`
	TailConsumers          json.RawMessage `json:"tail_consumers,omitempty"`
	StreamingTailConsumers json.RawMessage `json:"streaming_tail_consumers,omitempty"`
}

// Settings is the answer of GET workers/scripts/{script}/settings: what is in
// force.
type Settings struct {
	Bindings           []Binding       `json:"bindings"` // secrets without their text
	CompatibilityDate  string          `json:"compatibility_date,omitempty"`
	CompatibilityFlags []string        `json:"compatibility_flags"`
	MigrationTag       string          `json:"migration_tag,omitempty"`
	UsageModel         string          `json:"usage_model,omitempty"`
	Logpush            bool            `json:"logpush"`
	Observability      *Observability  `json:"observability,omitempty"`
	Tags               []string        `json:"tags"`
	TailConsumers      json.RawMessage `json:"tail_consumers"`
}

// References is the answer of GET workers/scripts/{script}/references: who
// depends on the script.
type References struct {
	Services       ServiceReferences        `json:"services"`
	DurableObjects []DurableObjectReference `json:"durable_objects"`
}

// ServiceReferences is the bindings from and to other services. Both lists are
// there even when they are empty.
type ServiceReferences struct {
	Incoming []ServiceReference `json:"incoming"`
	Outgoing []ServiceReference `json:"outgoing"`
}

// ServiceReference is a script with a binding of the name.
type ServiceReference struct {
	Name        string `json:"name"`
	Service     string `json:"service"`
	Environment string `json:"environment"`
}

// DurableObjectReference is a script with a binding to a namespace.
type DurableObjectReference struct {
	ServiceReference
	NamespaceID   string `json:"durable_object_namespace_id"`
	NamespaceName string `json:"durable_object_namespace_name"`
}

// TailConsumer is a script that gets the events of another one.
type TailConsumer struct {
	Service     string `json:"service"`
	Environment string `json:"environment,omitempty"`
}

// TailConsumption is a script whose events another one gets: an element of GET
// workers/tails/by-consumer/{script}.
type TailConsumption struct {
	Producer TailConsumer `json:"producer"`
	Consumer TailConsumer `json:"consumer"`
}

// TailCreate is the body of POST workers/scripts/{script}/tails. Filters is an
// array of filter objects, all of which must pass; absent means none.
type TailCreate struct {
	Filters json.RawMessage `json:"filters,omitempty"`
}

// Tail is a tail session. Its URL is opened without credentials, so whoever
// has it can read the tail.
type Tail struct {
	ID        string `json:"id"`
	URL       string `json:"url"`
	ExpiresAt string `json:"expires_at"` // RFC 3339

	// NeedsUpdate is a local runtime's remark that opening the tail will start
	// the script's engine anew, to bring a collector to it.
	NeedsUpdate bool `json:"needs_update,omitempty"`
}
