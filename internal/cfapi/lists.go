package cfapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// maxPages bounds what is asked of a server whose list never ends.
const maxPages = 1000

// list follows a list page by page. size is how many elements to ask for at a
// time, 0 for as many as the server likes. Not every list says how long it is:
// then a page that is not full is the last one, as for Wrangler.
func list[T any](ctx context.Context, c *Client, path string, query url.Values, size int) ([]T, error) {
	if query == nil {
		query = url.Values{}
	}
	if size > 0 {
		query.Set("per_page", strconv.Itoa(size))
	}
	var all []T
	for page := 1; page <= maxPages; page++ {
		query.Set("page", strconv.Itoa(page))
		envelope, err := c.Do(ctx, http.MethodGet, path+"?"+query.Encode(), nil)
		if err != nil {
			return nil, err
		}
		var items []T
		if !isNull(envelope.Result) {
			if err := json.Unmarshal(envelope.Result, &items); err != nil {
				return nil, fmt.Errorf("decode result of GET %s: %w", path, err)
			}
		}
		all = append(all, items...)
		info := envelope.ResultInfo
		last := len(items) < size || size == 0
		if info != nil {
			last = page*info.PerPage >= info.TotalCount
		}
		if last || len(items) == 0 {
			return all, nil
		}
	}
	return nil, fmt.Errorf("GET %s: the list has more than %d pages", path, maxPages)
}
