package control

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"paddock/internal/cfapi"
	"paddock/local"
)

// handleQueues answers about queues and who gets their messages.
func (a *API) handleQueues(account string) {
	queues := account + "/queues"
	a.handle("GET "+queues, a.listQueues)
	a.handle("POST "+queues, a.createQueue)
	queue := queues + "/{queue}"
	a.handle("GET "+queue, a.getQueue)
	a.handle("DELETE "+queue, a.deleteQueue)
	a.handle("GET "+queue+"/consumers", a.listConsumers)
	a.handle("POST "+queue+"/consumers", a.putConsumer)
	a.handle("PUT "+queue+"/consumers/{consumer}", a.putConsumer)
	a.handle("DELETE "+queue+"/consumers/{consumer}", a.deleteConsumer)
}

func (a *API) listQueues(r *http.Request) (any, error) {
	list, err := a.rt.Queues(r.Context())
	if err != nil {
		return nil, err
	}
	if name := r.URL.Query().Get("name"); name != "" {
		list = slices.DeleteFunc(list, func(q local.Queue) bool { return q.Name != name })
	}
	return paged(r, described(list, describeQueue))
}

func (a *API) createQueue(r *http.Request) (any, error) {
	body, err := readJSON[cfapi.QueueCreate](r)
	if err != nil {
		return nil, err
	}
	res, err := a.rt.AddQueue(r.Context(), body.Name)
	if errors.Is(err, local.ErrTaken) {
		err = &local.Refusal{Code: cfapi.CodeQueueNameTaken, Status: http.StatusConflict, Message: "Queue name '" + body.Name + "' is already taken. Please use a different name."}
	}
	if err != nil {
		return nil, err
	}
	return describeQueue(local.Queue{Resource: res}), nil
}

// queue returns the queue that the path names by its id.
func (a *API) queue(r *http.Request) (local.Queue, error) {
	list, err := a.rt.Queues(r.Context())
	if err != nil {
		return local.Queue{}, err
	}
	i := slices.IndexFunc(list, func(q local.Queue) bool { return q.Key == r.PathValue("queue") })
	if i < 0 {
		return local.Queue{}, queueError(local.ErrNotFound)
	}
	return list[i], nil
}

// queueError gives errors the codes and words that they have in Cloudflare's API.
func queueError(err error) error {
	used := (*local.InUseError)(nil)
	switch {
	case errors.Is(err, local.ErrNotFound):
		return &local.Refusal{Code: cfapi.CodeQueueNotFound, Message: "Queue or consumer not found."}
	case errors.As(err, &used):
		return &local.Refusal{Code: cfapi.CodeQueueInUse, Message: "Queue is in use by " + strings.Join(used.Scripts, ", ") + ": remove their bindings and consumers first."}
	}
	return err
}

func (a *API) getQueue(r *http.Request) (any, error) {
	q, err := a.queue(r)
	if err != nil {
		return nil, err
	}
	return describeQueue(q), nil
}

func (a *API) deleteQueue(r *http.Request) (any, error) {
	q, err := a.queue(r)
	if err == nil {
		err = queueError(a.rt.DeleteResource(r.Context(), cfapi.BindingQueue, q.ID))
	}
	return nil, err
}

func (a *API) listConsumers(r *http.Request) (any, error) {
	q, err := a.queue(r)
	if err != nil {
		return nil, err
	}
	return paged(r, describeQueue(q).Consumers)
}

func (a *API) putConsumer(r *http.Request) (any, error) {
	body, err := readJSON[cfapi.QueueConsumer](r)
	if err != nil {
		return nil, err
	}
	if body.Type != "" && body.Type != "worker" {
		return nil, &local.Refusal{Code: cfapi.CodeMalformedBody, Message: "this runtime has no consumers of the type " + body.Type + ": scripts alone can get messages"}
	}
	script := body.ScriptName
	if script == "" {
		script = body.Script
	}
	s := body.Settings
	c := local.Consumer{ID: r.PathValue("consumer"), Script: script, Settings: local.ConsumerSettings{
		BatchSize: s.BatchSize, MaxRetries: s.MaxRetries, MaxWaitMS: s.MaxWaitMS, MaxConcurrency: s.MaxConcurrency, RetryDelay: s.RetryDelay,
	}}
	if err := a.rt.PutConsumer(r.Context(), r.PathValue("queue"), c, body.DeadLetterQueue); err != nil {
		return nil, queueError(err)
	}
	q, err := a.queue(r)
	if err != nil {
		return nil, err
	}
	if q.Consumer == nil {
		return nil, queueError(local.ErrNotFound) // deleted since
	}
	return describeConsumer(q), nil
}

func (a *API) deleteConsumer(r *http.Request) (any, error) {
	return nil, queueError(a.rt.DeleteConsumer(r.Context(), r.PathValue("queue"), r.PathValue("consumer")))
}

func describeQueue(q local.Queue) cfapi.Queue {
	out := cfapi.Queue{
		ID: q.Key, Name: q.Name, CreatedOn: stamp(q.CreatedOn), ModifiedOn: stamp(q.CreatedOn), Consumers: []cfapi.QueueConsumer{},
		Producers: described(q.Producers, func(script string) cfapi.QueueProducer { return cfapi.QueueProducer{Type: "worker", Script: script} }),
	}
	if q.Consumer != nil {
		out.Consumers = append(out.Consumers, describeConsumer(q))
	}
	out.ProducersCount, out.ConsumersCount = len(out.Producers), len(out.Consumers)
	return out
}

func describeConsumer(q local.Queue) cfapi.QueueConsumer {
	c, s := q.Consumer, q.Consumer.Settings
	return cfapi.QueueConsumer{
		ID: c.ID, Type: "worker", QueueName: q.Name, Script: c.Script, Service: c.Script, Environment: production,
		DeadLetterQueue: q.DeadLetter, CreatedOn: stamp(c.CreatedOn), Settings: cfapi.ConsumerSettings{
			BatchSize: s.BatchSize, MaxRetries: s.MaxRetries, MaxWaitMS: s.MaxWaitMS, MaxConcurrency: s.MaxConcurrency, RetryDelay: s.RetryDelay,
		},
	}
}
