package cfapi

import (
	"context"
	"encoding/json"
	"net/http"
)

// UploadExtras is what paddock's client tells a local runtime beside
// Cloudflare's metadata. Other targets do not get it.
type UploadExtras struct {
	// Entries are the migrations of which Steps was made, one for each step, so
	// that the runtime can tell later which entries it has applied.
	Entries []MigrationEntry `json:"migration_entries,omitempty"`
	// DeleteBound lets classes be deleted that other scripts still bind.
	DeleteBound bool `json:"delete_bound_classes,omitempty"`
}

// MigrationEntry identifies an entry of the list of migrations.
type MigrationEntry struct {
	Tag    string `json:"tag"`
	Digest string `json:"digest"` // SHA-256 of its directives
}

// PlanRequest is the body of POST paddock/scripts/{script}/plan: what of an
// upload decides about namespaces.
type PlanRequest struct {
	Migrations *Migrations     `json:"migrations,omitempty"`
	Declared   json.RawMessage `json:"declared_exports,omitempty"` // metadata.exports of the upload
	Exports    []string        `json:"exports"`                    // of the code
	Bindings   []Binding       `json:"bindings"`                   // to Durable Objects
}

// MigrationPlan is what an upload would do to namespaces.
type MigrationPlan struct {
	Script  string       `json:"script"`
	OldTag  string       `json:"old_tag,omitempty"`
	NewTag  string       `json:"new_tag,omitempty"`
	Effects []PlanEffect `json:"effects"`
	// Reconciliation is there if the upload declares its classes.
	Reconciliation *ExportsReconciliation `json:"exports_reconciliation,omitempty"`
}

// Usage is what a namespace holds.
type Usage struct {
	Objects   int   `json:"objects"`
	Bytes     int64 `json:"bytes"`
	Estimated bool  `json:"bytes_estimated,omitempty"` // Bytes is made of a part of many files
}

// PlanEffect is one thing that happens to a namespace.
type PlanEffect struct {
	Kind       string `json:"kind"`          // "create", "rename", "delete", "transfer", or "pending" for a transfer that waits for its other side
	Step       int    `json:"step"`          // index of the step that does it
	Tag        string `json:"tag,omitempty"` // of the entry that does it
	Class      string `json:"class"`         // before
	To         string `json:"to,omitempty"`  // the class after a rename or transfer
	FromScript string `json:"from_script,omitempty"`
	ToScript   string `json:"to_script,omitempty"`    // of a transfer by exports
	Namespace  string `json:"namespace_id,omitempty"` // absent of one that is yet to be made
	SQLite     bool   `json:"sqlite"`
	Usage
	BoundBy []string `json:"bound_by,omitempty"` // other scripts that bind to it
}

// RuntimeMigrations is the answer of GET paddock/migrations.
type RuntimeMigrations struct {
	Scripts []ScriptMigrations `json:"scripts"`
	Trash   []TrashedNamespace `json:"trash"`
}

// ScriptMigrations is what was applied to a script.
type ScriptMigrations struct {
	Script  string             `json:"script"`
	Tag     string             `json:"migration_tag,omitempty"`
	Classes []NamespaceUsage   `json:"classes,omitempty"` // only in the list of all scripts
	Applied []AppliedMigration `json:"applied"`           // uploads, the oldest first
	History []AppliedEntry     `json:"history"`           // entries of the list that count as applied now
	Pending []PendingTransfer  `json:"pending_transfers,omitempty"`
}

// PendingTransfer is a transfer by exports that one script has declared.
type PendingTransfer struct {
	Class string `json:"class"`
	From  string `json:"from"`      // script
	To    string `json:"to"`        // script
	Waits string `json:"waits_for"` // the script that has not declared it
}

// AppliedEntry is an entry of the list of migrations that was applied. Only
// the Tag is known of one whose client did not say more.
type AppliedEntry struct {
	Tag    string          `json:"tag"`
	Digest string          `json:"digest,omitempty"`
	Step   json.RawMessage `json:"step,omitempty"` // the directives that were applied
}

// AppliedMigration is one upload that brought migrations.
type AppliedMigration struct {
	Number        int             `json:"number"`
	VersionID     string          `json:"version_id"`
	VersionNumber int             `json:"version_number"`
	Source        string          `json:"source"` // who uploaded
	OldTag        string          `json:"old_tag,omitempty"`
	NewTag        string          `json:"new_tag,omitempty"`
	Steps         json.RawMessage `json:"steps"`
	Entries       json.RawMessage `json:"entries"`
	Declared      bool            `json:"declared,omitempty"` // by exports, which have no tag
	AppliedOn     string          `json:"applied_on"`
}

// NamespaceUsage is a Durable Object class with what it holds.
type NamespaceUsage struct {
	RuntimeNamespace
	Usage
}

// TrashedNamespace is a deleted class that can still be brought back.
type TrashedNamespace struct {
	NamespaceUsage
	Script    string `json:"script"`
	DeletedOn string `json:"deleted_on"`
	ExpiresOn string `json:"expires_on"`
}

// PlanScript asks a local runtime what an upload would do to namespaces. A
// target that cannot tell answers with [CodeNoRoute].
func (c *Client) PlanScript(ctx context.Context, script string, plan PlanRequest) (*MigrationPlan, error) {
	return Call[MigrationPlan](ctx, c, http.MethodPost, c.AccountPath("paddock", "scripts", script, "plan"), plan)
}

// ScriptMigrations asks a local runtime what was applied to a script. A target
// that cannot tell answers with [CodeNoRoute].
func (c *Client) ScriptMigrations(ctx context.Context, script string) (*ScriptMigrations, error) {
	return Call[ScriptMigrations](ctx, c, http.MethodGet, c.AccountPath("paddock", "scripts", script, "migrations"), nil)
}

// RuntimeMigrations asks a local runtime what was applied to its scripts, and
// what is in the trash.
func (c *Client) RuntimeMigrations(ctx context.Context) (*RuntimeMigrations, error) {
	return Call[RuntimeMigrations](ctx, c, http.MethodGet, c.AccountPath("paddock", "migrations"), nil)
}

// Restore is the body of POST paddock/trash/{namespace}/restore.
type Restore struct {
	Class   string `json:"class,omitempty"` // "" for the one that it had
	Replace bool   `json:"replace,omitempty"`
}

// RestoredNamespace is a class that was brought back.
type RestoredNamespace struct {
	RuntimeNamespace
	Script   string `json:"script"`
	Replaced string `json:"replaced_namespace_id,omitempty"` // is in the trash instead
}

// RestoreNamespace brings a deleted class of a local runtime back: under
// another name, if there is one in the request, or in place of the class that
// has its name now, if the request says so.
func (c *Client) RestoreNamespace(ctx context.Context, namespace string, request Restore) (*RestoredNamespace, error) {
	path := c.AccountPath("paddock", "trash", namespace, "restore")
	return Call[RestoredNamespace](ctx, c, http.MethodPost, path, request)
}

// Purge is the body of POST paddock/trash/purge.
type Purge struct {
	Namespaces []string `json:"namespace_ids"`
}

// PurgeNamespaces removes deleted classes of a local runtime for good: all of
// them, or none if one is not in the trash.
func (c *Client) PurgeNamespaces(ctx context.Context, namespaces []string) error {
	_, err := c.Do(ctx, http.MethodPost, c.AccountPath("paddock", "trash", "purge"), Purge{Namespaces: namespaces})
	return err
}
