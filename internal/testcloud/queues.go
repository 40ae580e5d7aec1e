package testcloud

import (
	"net/http"
	"slices"

	"paddock/internal/cfapi"
)

// AddQueue makes a queue with consumers.
func (c *Cloud) AddQueue(name string, consumers ...cfapi.QueueConsumer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queues = append(c.queues, cfapi.Queue{ID: "id-" + name, Name: name, Consumers: consumers})
}

// queueCall answers about queues. What it is told of consumers it does not keep.
func (c *Cloud) queueCall(r *http.Request, path []string, body []byte) (any, error) {
	switch {
	case r.Method == http.MethodGet && len(path) == 0:
		name := r.URL.Query().Get("name")
		return onePage(r, slices.DeleteFunc(slices.Clone(c.queues), func(q cfapi.Queue) bool { return name != "" && q.Name != name })), nil
	case r.Method == http.MethodPost && len(path) == 0:
		var create cfapi.QueueCreate
		if err := decode(body, &create); err != nil {
			return nil, err
		}
		q := cfapi.Queue{ID: "id-" + create.Name, Name: create.Name}
		c.queues = append(c.queues, q)
		return q, nil
	case r.Method != http.MethodGet && len(path) >= 2 && path[1] == "consumers":
		var consumer cfapi.QueueConsumer
		return consumer, decode(body, &consumer)
	}
	return nil, noRoute()
}
