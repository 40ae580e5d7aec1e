package cfapi

import "context"

// Namespace is the objects of a Durable Object class: an element of GET
// workers/durable_objects/namespaces.
type Namespace struct {
	ID        string `json:"id"`
	Name      string `json:"name"` // the script, an underscore, and the class
	Script    string `json:"script"`
	Class     string `json:"class"`
	UseSQLite bool   `json:"use_sqlite"`
}

// Object is one Durable Object.
type Object struct {
	ID            string `json:"id"` // 64 hex digits
	HasStoredData bool   `json:"hasStoredData"`
}

// Namespaces returns the namespaces of all scripts of the account.
func (c *Client) Namespaces(ctx context.Context) ([]Namespace, error) {
	return list[Namespace](ctx, c, c.AccountPath("workers", "durable_objects", "namespaces"), nil, 1000)
}
