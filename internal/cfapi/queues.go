package cfapi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// Queue is a queue of the account, with whoever sends to it and gets from it.
type Queue struct {
	ID             string          `json:"queue_id"`
	Name           string          `json:"queue_name"`
	CreatedOn      string          `json:"created_on,omitempty"`
	ModifiedOn     string          `json:"modified_on,omitempty"`
	Producers      []QueueProducer `json:"producers"`
	ProducersCount int             `json:"producers_total_count"`
	Consumers      []QueueConsumer `json:"consumers"`
	ConsumersCount int             `json:"consumers_total_count"`
}

// QueueCreate is the body of POST queues.
type QueueCreate struct {
	Name string `json:"queue_name"`
}

// QueueProducer is a script that sends to a queue.
type QueueProducer struct {
	Type   string `json:"type"` // "worker"
	Script string `json:"script"`
}

// QueueConsumer is a script that gets the messages of a queue: as it is sent,
// in ScriptName, and as answers have it, in Script and Service.
type QueueConsumer struct {
	ID              string           `json:"consumer_id,omitempty"`
	Type            string           `json:"type"` // "worker"
	QueueName       string           `json:"queue_name,omitempty"`
	Script          string           `json:"script,omitempty"`
	Service         string           `json:"service,omitempty"`
	ScriptName      string           `json:"script_name,omitempty"`
	Environment     string           `json:"environment,omitempty"`
	DeadLetterQueue string           `json:"dead_letter_queue,omitempty"`
	Settings        ConsumerSettings `json:"settings"`
	CreatedOn       string           `json:"created_on,omitempty"`
}

// ConsumerSettings say how messages are delivered. What is nil is as the target
// has it.
type ConsumerSettings struct {
	BatchSize      *float64 `json:"batch_size,omitempty"`
	MaxRetries     *float64 `json:"max_retries,omitempty"`
	MaxWaitMS      *float64 `json:"max_wait_time_ms,omitempty"`
	MaxConcurrency *float64 `json:"max_concurrency,omitempty"`
	RetryDelay     *float64 `json:"retry_delay,omitempty"` // seconds
}

// Queue looks for a queue by its name; it is nil if there is none.
func (c *Client) Queue(ctx context.Context, name string) (*Queue, error) {
	queues, err := list[Queue](ctx, c, c.AccountPath("queues"), url.Values{"name": {name}}, 0)
	if err != nil {
		return nil, err
	}
	for i := range queues {
		if queues[i].Name == name {
			return &queues[i], nil
		}
	}
	return nil, nil
}

// CreateQueue makes a queue.
func (c *Client) CreateQueue(ctx context.Context, name string) (*Queue, error) {
	return Call[Queue](ctx, c, http.MethodPost, c.AccountPath("queues"), QueueCreate{Name: name})
}

// PutConsumer has a script get the messages of a queue, given by its ID, or, if
// the consumer has one, changes how it does.
func (c *Client) PutConsumer(ctx context.Context, queue string, consumer QueueConsumer) error {
	path := c.AccountPath("queues", queue, "consumers")
	if consumer.ID == "" {
		_, err := c.Do(ctx, http.MethodPost, path, consumer)
		return err
	}
	_, err := set[json.RawMessage](ctx, c, http.MethodPut, path+"/"+url.PathEscape(consumer.ID), consumer)
	return err
}
