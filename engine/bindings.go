package engine

import "encoding/json"

// A Binding is one property of a worker's env. The functions below make one.
type Binding struct {
	name  string
	kind  string // the engine's name for the kind of binding
	text  string // for text and json
	class string // for durableObjectNamespace
	dest  Tail   // for service and what a service backs; for durableObjectNamespace only the service
}

// TextBinding binds a string. It may be a secret: the text of a configuration
// never reaches a disk on Linux, and elsewhere only until the engine has read it.
func TextBinding(name, text string) Binding {
	return Binding{name: name, kind: "text", text: text}
}

// JSONBinding binds the value of a JSON text.
func JSONBinding(name string, value json.RawMessage) Binding {
	return Binding{name: name, kind: "json", text: string(value)}
}

// DurableObjectBinding binds the namespace of a class of another worker, or,
// if service is "", of the worker's own.
func DurableObjectBinding(name, class, service string) Binding {
	return Binding{name: name, kind: "durableObjectNamespace", class: class, dest: Tail{Service: service}}
}

// ServiceBinding binds another worker. An entrypoint of "" is its default
// export; props arrive there as ctx.props.
func ServiceBinding(name, service, entrypoint string, props json.RawMessage) Binding {
	return Binding{name: name, kind: "service", dest: Tail{Service: service, Entrypoint: entrypoint, Props: props}}
}

// KVBinding binds a KV namespace. The service speaks the engine's protocol for
// these, as the built-in module "/workerd/kv.js" does, whose props name the
// namespace.
func KVBinding(name, service string, props json.RawMessage) Binding {
	return Binding{name: name, kind: "kvNamespace", dest: Tail{Service: service, Props: props}}
}

// QueueBinding binds a queue to send to. The service is like that of
// [KVBinding], with the built-in module "/workerd/queues.js".
func QueueBinding(name, service string, props json.RawMessage) Binding {
	return Binding{name: name, kind: "queue", dest: Tail{Service: service, Props: props}}
}

// D1Binding binds a D1 database. The service is like that of [KVBinding], with
// the built-in module "/workerd/d1.js".
func D1Binding(name, service string, props json.RawMessage) Binding {
	return Binding{name: name, kind: "wrapped", text: "cloudflare-internal:d1-api", dest: Tail{Service: service, Props: props}}
}
