package devserver

import (
	"context"
	"reflect"

	"paddock/config"
	"paddock/local"
	"paddock/publish"
)

// consume gives a project the messages of the queues that it consumes.
func (s *session) consume(ctx context.Context, p *project) error {
	var before []config.Consumer
	if p.runningWorker != nil {
		before = p.runningWorker.Consumers
	}
	if reflect.DeepEqual(before, p.worker.Consumers) {
		return nil
	}
	var list []local.Delivery
	for _, c := range p.worker.Consumers {
		d := publish.Delivery(c)
		list = append(list, local.Delivery{Queue: c.Queue, DeadLetters: c.DeadLetterQueue, Settings: local.ConsumerSettings{
			BatchSize: d.BatchSize, MaxWaitMS: d.MaxWaitMS, MaxRetries: d.MaxRetries, MaxConcurrency: d.MaxConcurrency, RetryDelay: d.RetryDelay,
		}})
	}
	return s.rt.SetConsumers(ctx, p.worker.Name, list)
}
