package local

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/uuid"

	"paddock/engine"
	"paddock/internal/cfapi"
	"paddock/local/store"
)

// A Resource is something with data of its own that the bindings of scripts
// name: a KV namespace, a D1 database. Its data lies in a folder beside those of
// Durable Object namespaces, and is served by a worker of the engine's own. Only
// one engine may have it open, which is why scripts that share a resource share
// their engine.
type Resource = store.Resource

// A resourceKind is how the engine serves resources of a kind.
type resourceKind struct {
	label   string        // what people call it
	module  string        // of the engine, which does the work
	front   string        // a main module of ours before it, "" for none
	class   string        // of the module, whose objects hold the data
	objects string        // the name under which the module finds them
	files   string        // the same for files beside them, "" if it needs none
	calls   bool          // it calls handlers of scripts beside fetch
	prop    string        // the name under which it is told which object, "" if there is but one
	byID    bool          // the object is called by the resource's id, which scripts see, and not by its key
	newID   func() string // in the form that ids of the kind have; nil if that is the name
	// bind makes a binding to it. It is nil if there are none.
	bind func(name, service string, props json.RawMessage) engine.Binding
}

// kinds has the kinds of resources, by the type of the bindings to them if
// there are any.
var kinds = map[string]resourceKind{
	store.KindSchedule: {
		label: "scheduler of", module: "/workerd/cron.js", class: "Schedule", objects: "SCHEDULE", calls: true,
	},
	cfapi.BindingKVNamespace: {
		label: "KV namespace", module: "/workerd/kv.js", class: "KVNamespace",
		objects: "SHARD", files: "BLOBS", prop: "namespace", newID: newKey, bind: engine.KVBinding,
	},
	cfapi.BindingD1: {
		label: "D1 database", module: "/workerd/d1.js", class: "D1Database",
		objects: "DATABASE", prop: "database", newID: uuid.NewString, bind: engine.D1Binding,
	},
	cfapi.BindingQueue: {
		label: "queue", module: "/workerd/queues.js", front: queueFront, class: "QueueShard",
		objects: "SHARD", calls: true, prop: "queue", byID: true, bind: engine.QueueBinding,
	},
}

// backingDate is the compatibility date of the workers that serve resources.
const backingDate = "2026-01-01"

// backingService names the worker that serves a resource, by the resource's key.
func backingService(key string) string { return "paddock:" + key }

// filesDisk names the disk with the files of a resource.
func filesDisk(key string) string { return backingService(key) + ":files" }

// props names the one object in which a resource lies. Its folder has the key
// already, but the engine's modules are made for many in one.
func (k resourceKind) props(res Resource) json.RawMessage {
	object := res.Key
	if k.byID {
		object = res.ID
	}
	text, err := json.Marshal(map[string]string{k.prop: object})
	if err != nil {
		panic(err) // strings only
	}
	return text
}

// extraHandlers is the engine's flag that lets a worker call handlers of others
// beside fetch.
const extraHandlers = "service_binding_extra_handlers"

// back adds to a configuration what serves a resource. more are bindings of
// that worker, beside those to the data.
func (r *Runtime) back(cfg *engine.Config, res Resource, more ...engine.Binding) {
	kind, name := kinds[res.Kind], backingService(res.Key)
	w := engine.Worker{
		Name: name, CompatibilityDate: backingDate, Storage: objectsDisk,
		Modules:    []engine.Module{{Name: "main.js", Kind: engine.BuiltIn, Content: []byte(kind.module)}},
		Namespaces: []engine.Namespace{{Class: kind.class, Key: res.Key, SQL: true}},
		Bindings:   append([]engine.Binding{engine.DurableObjectBinding(kind.objects, kind.class, "")}, more...),
	}
	if kind.front != "" {
		w.Modules[0].Name = "engine.js"
		w.Modules = append(w.Modules, engine.Module{Name: "main.js", Kind: engine.ESModule, Content: []byte(kind.front)})
		w.Main = "main.js"
	}
	if kind.prop != "" {
		w.Socket, w.SocketProps = true, kind.props(res)
	}
	if kind.calls {
		w.CompatibilityFlags = []string{extraHandlers}
	}
	if kind.files != "" {
		cfg.Disks = append(cfg.Disks, engine.Disk{Name: filesDisk(res.Key), Path: filepath.Join(r.objectsOf(res.Key), "files")})
		w.Bindings = append(w.Bindings, engine.ServiceBinding(kind.files, filesDisk(res.Key), "", nil))
	}
	cfg.Workers = append(cfg.Workers, w)
	cfg.Experimental = true // the engine's own modules need it
}

// makeDisks makes the folders that an engine wants to find.
func makeDisks(cfg engine.Config) error {
	for _, d := range cfg.Disks {
		if err := os.MkdirAll(d.Path, 0o700); err != nil {
			return err
		}
	}
	return nil
}

// used returns the resources that scripts use, by key.
func (w world) used(scripts []string) []Resource {
	var list []Resource
	for _, name := range scripts {
		for _, key := range w.uses(name) {
			if res := w.resources[key]; !slices.Contains(list, res) {
				list = append(list, res)
			}
		}
	}
	slices.SortFunc(list, func(a, b Resource) int { return strings.Compare(a.Key, b.Key) })
	return list
}

// resource looks for a resource by the id that clients know it by.
func (w world) resource(kind, id string) (Resource, bool) {
	for _, res := range w.resources {
		if res.Kind == kind && res.ID == id {
			return res, true
		}
	}
	return Resource{}, false
}

// tie ties the bindings of a version to their resources. It returns those that
// are not there yet: projects carry the ids of their cloud account, and what
// they name comes to be when it is named.
func tie(w world, v *store.Version) []Resource {
	var fresh []Resource
	for i := range v.Bindings {
		b := &v.Bindings[i]
		if _, ok := kinds[b.Type]; !ok || b.Resource != "" { // what is inherited is tied already
			continue
		}
		res, ok := w.resource(b.Type, b.ID)
		if !ok {
			at := slices.IndexFunc(fresh, func(f Resource) bool { return f.Kind == b.Type && f.ID == b.ID })
			if at < 0 {
				at = len(fresh)
				fresh = append(fresh, Resource{Key: newKey(), Kind: b.Type, ID: b.ID, Name: b.ID})
			}
			res = fresh[at]
		}
		b.Resource = res.Key
	}
	return fresh
}

// uses returns the keys of the resources that a script uses and that are
// there: those that it binds, and the queues that it consumes, with those for
// what it could not.
func (w world) uses(script string) []string {
	var keys []string
	for _, b := range w.bindings(script) {
		keys = append(keys, b.Resource)
	}
	for _, queue := range w.consumed[script] {
		keys = append(keys, queue.Key, queue.Consumer.Settings.DeadLetter)
	}
	return slices.DeleteFunc(keys, func(key string) bool { _, there := w.resources[key]; return !there })
}

// usersOf returns the scripts that use a resource, in order.
func (w world) usersOf(key string) []string {
	var users []string
	for name := range w.scripts {
		if slices.Contains(w.uses(name), key) {
			users = append(users, name)
		}
	}
	slices.Sort(users)
	return users
}
