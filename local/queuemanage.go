package local

import (
	"context"
	"math"
	"regexp"
	"slices"
	"sync"

	"paddock/internal/cfapi"
	"paddock/local/store"
)

// A Queue is a queue with those who use it.
type Queue struct {
	Resource
	Producers  []string // scripts that bind it
	DeadLetter string   // name of the queue for what its consumer could not take, or ""
}

// A Consumer gets the messages of a queue.
type Consumer = store.Consumer

// ConsumerSettings say how it gets them.
type ConsumerSettings = store.ConsumerSettings

var queueName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`) })

func checkQueueName(name string) error {
	if !queueName().MatchString(name) {
		return refuse(cfapi.CodeMalformedBody,
			"queue name %q is invalid: use lower-case letters, digits and dashes, at most 63, with no dash at either end", name)
	}
	return nil
}

// Queues returns all queues, by name.
func (r *Runtime) Queues(ctx context.Context) ([]Queue, error) {
	w, err := r.world(ctx)
	if err != nil {
		return nil, err
	}
	list, err := r.Resources(ctx, cfapi.BindingQueue)
	var queues []Queue
	for _, res := range list {
		q := Queue{Resource: res}
		for name := range w.scripts {
			if slices.ContainsFunc(w.bindings(name), func(b store.Binding) bool { return b.Resource == res.Key }) {
				q.Producers = append(q.Producers, name)
			}
		}
		slices.Sort(q.Producers)
		if res.Consumer != nil {
			q.DeadLetter = w.resources[res.Consumer.Settings.DeadLetter].Name
		}
		queues = append(queues, q)
	}
	return queues, err
}

// AddQueue makes a queue. The error wraps [ErrTaken] if there is one of the name.
func (r *Runtime) AddQueue(ctx context.Context, name string) (Resource, error) {
	if err := checkQueueName(name); err != nil {
		return Resource{}, err
	}
	return r.AddResource(ctx, cfapi.BindingQueue, name)
}

// PutConsumer has the messages of a queue, given by its key, delivered to a
// script. With an id it changes the consumer that the queue has, without it
// must have none. deadLetters is the name of the queue for what the script does
// not take, which is made if it is missing; "" drops it. A [*Refusal] says what
// of it cannot be. The error wraps [ErrNotFound] if there is no such queue or
// consumer.
func (r *Runtime) PutConsumer(ctx context.Context, queue string, c Consumer, deadLetters string) error {
	return r.changeConsumers(ctx, func(ctx context.Context, w world) error {
		res, ok := w.resources[queue]
		switch {
		case !ok || res.Kind != cfapi.BindingQueue || c.ID != "" && (res.Consumer == nil || res.Consumer.ID != c.ID):
			return ErrNotFound
		case c.ID == "" && res.Consumer != nil:
			return refuse(cfapi.CodeConsumerExists, "the queue %q has a consumer already: the script %q", res.Name, res.Consumer.Script)
		case w.scripts[c.Script].Version.ID == "":
			return refuse(cfapi.CodeScriptNotFound, "the script %q, which shall consume the queue %q, does not exist", c.Script, res.Name)
		case !w.handles(c.Script, "queue"):
			return refuse(cfapi.CodeQueueHandler, "Queue handler is missing: the script %q must export one to consume the queue %q", c.Script, res.Name)
		}
		return r.putConsumer(ctx, w, res, c, deadLetters)
	})
}

// putConsumer writes a consumer of a queue, which may be about to be made.
func (r *Runtime) putConsumer(ctx context.Context, w world, queue Resource, c Consumer, deadLetters string) error {
	if err := checkConsumer(c.Settings); err != nil {
		return err
	}
	var fresh []Resource
	if _, there := w.resources[queue.Key]; !there {
		fresh = append(fresh, queue)
	}
	if deadLetters != "" {
		dead, err := w.queue(deadLetters)
		if err != nil {
			return err
		}
		if dead.Name == queue.Name {
			return refuse(cfapi.CodeMalformedBody, "the queue %q cannot be its own dead letter queue", queue.Name)
		}
		if _, there := w.resources[dead.Key]; !there {
			fresh = append(fresh, dead)
		}
		c.Settings.DeadLetter = dead.Key
	}
	if c.ID == "" {
		c.ID = newKey()
	}
	c.Queue = queue.Key
	return r.store.PutConsumer(ctx, c, fresh)
}

// queue returns the queue of a name, or one that is yet to be made.
func (w world) queue(name string) (Resource, error) {
	if res, ok := w.resource(cfapi.BindingQueue, name); ok {
		return res, nil
	}
	return Resource{Key: newKey(), Kind: cfapi.BindingQueue, ID: name, Name: name}, checkQueueName(name)
}

// DeleteConsumer has the messages of a queue wait. The error wraps [ErrNotFound]
// if there is no such queue or consumer.
func (r *Runtime) DeleteConsumer(ctx context.Context, queue, id string) error {
	return r.changeConsumers(ctx, func(ctx context.Context, w world) error {
		if c := w.resources[queue].Consumer; c == nil || c.ID != id {
			return ErrNotFound
		}
		return r.store.DeleteConsumer(ctx, id)
	})
}

// A Delivery is a queue whose messages a script shall get, and the one for what
// it does not take, both by their names.
type Delivery struct {
	Queue, DeadLetters string
	Settings           ConsumerSettings
}

// SetConsumers has a script get the messages of these queues and of no others;
// queues that are missing are made. It is for sessions, where nothing is left
// over of a configuration that was changed. A [*Refusal] says what cannot be.
func (r *Runtime) SetConsumers(ctx context.Context, script string, list []Delivery) error {
	return r.changeConsumers(ctx, func(ctx context.Context, w world) error {
		for _, d := range list {
			queue, err := w.queue(d.Queue)
			if err != nil {
				return err
			}
			c := Consumer{Script: script, Settings: d.Settings}
			if there := queue.Consumer; there != nil {
				if there.Script != script {
					return refuse(cfapi.CodeConsumerExists, "the queue %q has a consumer already: the script %q", d.Queue, there.Script)
				}
				c.ID = there.ID
			}
			if err := r.putConsumer(ctx, w, queue, c, d.DeadLetters); err != nil {
				return err
			}
			if w, err = r.world(ctx); err != nil { // with the queues that were made
				return err
			}
		}
		for _, queue := range w.consumed[script] {
			if slices.ContainsFunc(list, func(d Delivery) bool { return d.Queue == queue.Name }) {
				continue
			}
			if err := r.store.DeleteConsumer(ctx, queue.Consumer.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// changeConsumers changes who consumes what, and has the engines follow.
func (r *Runtime) changeConsumers(ctx context.Context, change func(context.Context, world) error) (err error) {
	ctx, end, err := r.begin(ctx)
	if err != nil {
		return err
	}
	defer end(&err)
	w, err := r.world(ctx)
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if err := change(ctx, w); err != nil {
		return err
	}
	if err := r.converge(ctx); err != nil {
		return stored("the consumers are stored, but could not be brought into service: %w", err)
	}
	return nil
}

// checkConsumer refuses settings that Cloudflare does not have.
func checkConsumer(s ConsumerSettings) error {
	for _, setting := range []struct {
		name     string
		value    *float64
		min, max float64
	}{
		{"batch_size", s.BatchSize, 1, 100},
		{"max_wait_time_ms", s.MaxWaitMS, 0, 60_000},
		{"max_retries", s.MaxRetries, 0, 100},
		{"max_concurrency", s.MaxConcurrency, 1, 250},
		{"retry_delay", s.RetryDelay, 0, 86_400},
	} {
		if v := setting.value; v != nil && (*v < setting.min || *v > setting.max || *v != math.Trunc(*v)) {
			return refuse(cfapi.CodeMalformedBody, "%s is %v, but must be a whole number from %v to %v", setting.name, *v, setting.min, setting.max)
		}
	}
	return nil
}
