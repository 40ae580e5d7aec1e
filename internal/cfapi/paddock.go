package cfapi

import (
	"context"
	"net/http"
)

// RuntimeStatus is the answer of GET paddock/status: what a local runtime is
// doing. Cloudflare has nothing of the kind.
type RuntimeStatus struct {
	PID      int             `json:"pid"`
	Version  string          `json:"version"` // of paddock
	StateDir string          `json:"state_dir"`
	Public   string          `json:"public"` // URL in front of the scripts
	API      string          `json:"api"`    // URL of this API, without its prefix
	Groups   []RuntimeGroup  `json:"groups"`
	Scripts  []RuntimeScript `json:"scripts"`
}

// RuntimeGroup is one engine and the scripts in it.
type RuntimeGroup struct {
	Scripts     []string        `json:"scripts"`
	EnginePID   int             `json:"engine_pid"` // 0: there is none at the moment
	Since       string          `json:"since,omitempty"`
	Restarts    int             `json:"restarts"` // after ends that nobody asked for
	LastRestart *RuntimeRestart `json:"last_restart,omitempty"`
	Traced      bool            `json:"traced"`
	Error       string          `json:"error,omitempty"` // why there is no engine
}

// RuntimeRestart is an end of an engine that nobody asked for.
type RuntimeRestart struct {
	On     string `json:"on"`
	Reason string `json:"reason"`
}

// RuntimeScript is one published script.
type RuntimeScript struct {
	Name          string             `json:"name"`
	URL           string             `json:"url"`
	VersionID     string             `json:"version_id"`
	VersionNumber int                `json:"version_number"`
	MigrationTag  string             `json:"migration_tag,omitempty"`
	ModifiedOn    string             `json:"modified_on"`
	Handlers      []string           `json:"handlers"`
	Namespaces    []RuntimeNamespace `json:"namespaces"`
	Routes        []string           `json:"routes,omitempty"`    // patterns and domains that it answers besides URL
	Schedules     []string           `json:"schedules,omitempty"` // cron expressions
	Split         []RuntimeShare     `json:"split,omitempty"`     // of the requests between two versions
}

// RuntimeShare is a version's part of the requests to a script.
type RuntimeShare struct {
	VersionNumber int     `json:"version_number"`
	Percentage    float64 `json:"percentage"`
}

// RuntimeNamespace is a Durable Object class of a script.
type RuntimeNamespace struct {
	ID     string `json:"id"`
	Class  string `json:"class"`
	SQLite bool   `json:"sqlite"`
}

// RuntimeStatus asks a local runtime what it is doing. Cloudflare answers
// with [CodeNoRoute].
func (c *Client) RuntimeStatus(ctx context.Context) (*RuntimeStatus, error) {
	return Call[RuntimeStatus](ctx, c, http.MethodGet, c.AccountPath("paddock", "status"), nil)
}

// StopRuntime asks a local runtime to end. It answers before it has.
func (c *Client) StopRuntime(ctx context.Context) error {
	_, err := c.Do(ctx, http.MethodPost, c.AccountPath("paddock", "stop"), nil)
	return err
}
