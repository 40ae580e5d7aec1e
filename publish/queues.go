package publish

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"paddock/config"
	"paddock/internal/cfapi"
)

// producer makes the binding to a queue. One without a name is open, see
// [Plan.Provision].
func producer(q config.Producer) cfapi.Binding {
	b := cfapi.Binding{Name: q.Name, Type: cfapi.BindingQueue, QueueName: q.Queue}
	if q.DeliveryDelay != nil {
		b.Fields = map[string]json.RawMessage{"delivery_delay": strconv.AppendFloat(nil, *q.DeliveryDelay, 'f', -1, 64)}
	}
	return b
}

// setConsumer has the script get the messages of a queue. Consumers that the
// configuration no longer names stay, as with Wrangler.
func (w *ways) setConsumer(ctx context.Context, c config.Consumer) ([]string, error) {
	queue, err := w.api.Queue(ctx, c.Queue)
	if err == nil && queue == nil {
		if !w.opts.MakeQueues {
			//lint:ignore ST1005 These are Wrangler's words.
			return nil, fmt.Errorf("Queue %q does not exist. To create it, run: wrangler queues create %[1]s", c.Queue)
		}
		queue, err = w.api.CreateQueue(ctx, c.Queue)
	}
	if err != nil {
		return nil, err
	}
	body := cfapi.QueueConsumer{
		Type: "worker", ScriptName: w.worker.Name, DeadLetterQueue: c.DeadLetterQueue, Settings: Delivery(c),
	}
	mine := func(there cfapi.QueueConsumer) bool {
		return there.Script == body.ScriptName || there.Service == body.ScriptName
	}
	if i := slices.IndexFunc(queue.Consumers, mine); i >= 0 {
		body.ID = queue.Consumers[i].ID
	}
	if err := w.api.PutConsumer(ctx, queue.ID, body); err != nil {
		return nil, err
	}
	return []string{"Consumer for " + c.Queue}, nil
}

// Delivery returns the settings of a consumer.
func Delivery(c config.Consumer) cfapi.ConsumerSettings {
	s := cfapi.ConsumerSettings{BatchSize: c.BatchSize, MaxRetries: c.MaxRetries, MaxConcurrency: c.MaxConcurrency, RetryDelay: c.RetryDelay}
	if seconds := c.BatchTimeout; seconds != nil {
		ms := *seconds * 1000
		s.MaxWaitMS = &ms
	}
	return s
}
