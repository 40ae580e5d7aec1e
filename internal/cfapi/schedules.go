package cfapi

import (
	"context"
	"encoding/json"
	"net/http"
)

// Schedule is a cron expression by which a script is called: an element of the
// body of PUT workers/scripts/{script}/schedules, without times, and of
// [Schedules].
type Schedule struct {
	Cron       string `json:"cron"`
	CreatedOn  string `json:"created_on,omitempty"`
	ModifiedOn string `json:"modified_on,omitempty"`
}

// Schedules is the answer of GET and PUT workers/scripts/{script}/schedules.
type Schedules struct {
	Schedules []Schedule `json:"schedules"`
}

// SetSchedules gives a script these schedules in place of those that it has.
func (c *Client) SetSchedules(ctx context.Context, script string, list []Schedule) error {
	_, err := set[json.RawMessage](ctx, c, http.MethodPut, c.scriptPath(script, "schedules"), list)
	return err
}
