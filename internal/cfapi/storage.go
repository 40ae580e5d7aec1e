package cfapi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// KVNamespace is a KV namespace of the account.
type KVNamespace struct {
	ID                  string `json:"id"`
	Title               string `json:"title"`
	SupportsURLEncoding bool   `json:"supports_url_encoding"`
}

// KVNamespaceCreate is the body of POST storage/kv/namespaces, and of PUT
// storage/kv/namespaces/{id}, which renames one.
type KVNamespaceCreate struct {
	Title string `json:"title"`
}

// D1Database is a D1 database of the account.
type D1Database struct {
	UUID      string `json:"uuid"`
	Name      string `json:"name"`
	CreatedAt string `json:"created_at"`
	Version   string `json:"version"`
	FileSize  int64  `json:"file_size"`
	NumTables int    `json:"num_tables"`
}

// D1DatabaseCreate is the body of POST d1/database.
type D1DatabaseCreate struct {
	Name string `json:"name"`
}

// Settings returns what is in force of a script.
func (c *Client) Settings(ctx context.Context, script string) (*Settings, error) {
	return Call[Settings](ctx, c, http.MethodGet, c.scriptPath(script, "settings"), nil)
}

// KVNamespaces returns the KV namespaces of the account, by title.
func (c *Client) KVNamespaces(ctx context.Context) ([]KVNamespace, error) {
	query := url.Values{"order": {"title"}, "direction": {"asc"}}
	return list[KVNamespace](ctx, c, c.AccountPath("storage", "kv", "namespaces"), query, 100)
}

// CreateKVNamespace makes a KV namespace.
func (c *Client) CreateKVNamespace(ctx context.Context, title string) (*KVNamespace, error) {
	return Call[KVNamespace](ctx, c, http.MethodPost, c.AccountPath("storage", "kv", "namespaces"), KVNamespaceCreate{Title: title})
}

// D1Databases returns the D1 databases of the account.
func (c *Client) D1Databases(ctx context.Context) ([]D1Database, error) {
	return list[D1Database](ctx, c, c.AccountPath("d1", "database"), nil, 1000)
}

// CreateD1Database makes a D1 database.
func (c *Client) CreateD1Database(ctx context.Context, name string) (*D1Database, error) {
	return Call[D1Database](ctx, c, http.MethodPost, c.AccountPath("d1", "database"), D1DatabaseCreate{Name: name})
}

// KVKey is a key of a KV namespace, as lists show it.
type KVKey struct {
	Name       string          `json:"name"`
	Expiration int64           `json:"expiration,omitempty"` // seconds since 1970
	Metadata   json.RawMessage `json:"metadata,omitempty"`
}

// KVPair is a key with its value, as bulk writes have them.
type KVPair struct {
	Key           string          `json:"key"`
	Value         string          `json:"value"`
	Base64        bool            `json:"base64,omitempty"` // the value is encoded
	Expiration    int64           `json:"expiration,omitempty"`
	ExpirationTTL int64           `json:"expiration_ttl,omitempty"` // seconds
	Metadata      json.RawMessage `json:"metadata,omitempty"`
}

// KVBulkResult is what has become of a bulk write.
type KVBulkResult struct {
	SuccessfulKeyCount int      `json:"successful_key_count"`
	UnsuccessfulKeys   []string `json:"unsuccessful_keys"`
}
