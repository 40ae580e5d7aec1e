package local

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"paddock/engine"
	"paddock/internal/cfapi"
)

// queueFront is the main module of the workers that keep queues.
//
//go:embed queue.js
var queueFront string

// delivery returns the bindings with which the worker of a queue delivers its
// messages; nil for resources of other kinds. As long as nobody can take them
// they stay where they are.
func (w world) delivery(queue Resource) []engine.Binding {
	if queue.Kind != cfapi.BindingQueue {
		return nil
	}
	bindings := []engine.Binding{engine.TextBinding("QUEUE", queue.ID)}
	c := queue.Consumer
	if c == nil || !w.handles(c.Script, "queue") {
		return bindings
	}
	const consumer = "consumer" // the binding's name
	told := map[string]any{"consumer": consumer}
	set(told, "maxBatchSize", c.Settings.BatchSize)
	set(told, "maxRetries", c.Settings.MaxRetries)
	set(told, "maxConcurrency", c.Settings.MaxConcurrency)
	set(told, "retryDelay", c.Settings.RetryDelay)
	if ms := c.Settings.MaxWaitMS; ms != nil {
		told["maxBatchTimeout"] = *ms / 1000
	}
	if dead, ok := w.resources[c.Settings.DeadLetter]; ok {
		told["deadLetterQueue"] = dead.ID
		bindings = append(bindings, engine.DurableObjectBinding("DEAD_LETTERS", kinds[dead.Kind].class, backingService(dead.Key)))
	}
	text, err := json.Marshal(map[string]any{queue.ID: told})
	if err != nil {
		panic(err) // strings and numbers
	}
	return append(bindings, engine.ServiceBinding(consumer, c.Script, "", nil), engine.JSONBinding("CONSUMERS", text))
}

func set[T any](told map[string]any, name string, value *T) {
	if value != nil {
		told[name] = *value
	}
}

// handles reports whether a script's version with the objects has a handler.
// The first version of a session was not tried, see [Runtime.try], and is
// believed to have it.
func (w world) handles(script, handler string) bool {
	v := w.scripts[script].Version
	untried := v.ID != "" && v.StartupTime == 0 && len(v.Handlers) == 0
	return untried || slices.Contains(v.Handlers, handler)
}

// wakeQueues has the queues of an engine that has just started look whether
// there is something to deliver, see queue.js.
func (r *Runtime) wakeQueues(ctx context.Context, p plan, proc *engine.Process) {
	for _, queue := range p.queues {
		r.calls.Go(func() {
			if err := r.wake(ctx, queue, proc); err != nil && ctx.Err() == nil {
				r.log.Error("messages may wait until the next one is sent", "queue", queue.ID, "err", err)
			}
		})
	}
}

func (r *Runtime) wake(ctx context.Context, queue Resource, proc *engine.Process) error {
	shards, _, err := r.Objects(queue.Key, "", maxShards)
	if err != nil || len(shards) == 0 {
		return err
	}
	body, err := json.Marshal(shards)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://queue/wake", bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := resourceClient(proc, queue).Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the queue answers with status %d", resp.StatusCode)
	}
	return nil
}

// maxShards is into how many objects the engine parts a queue at most.
const maxShards = 1024
