package publish

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"paddock/config"
	"paddock/internal/cfapi"
)

// A Provisioner is a target that can find and make resources for bindings that
// name none. [*cfapi.Client] is one.
type Provisioner interface {
	Settings(ctx context.Context, script string) (*cfapi.Settings, error)
	KVNamespaces(ctx context.Context) ([]cfapi.KVNamespace, error)
	CreateKVNamespace(ctx context.Context, title string) (*cfapi.KVNamespace, error)
	D1Databases(ctx context.Context) ([]cfapi.D1Database, error)
	CreateD1Database(ctx context.Context, name string) (*cfapi.D1Database, error)
	Queue(ctx context.Context, name string) (*cfapi.Queue, error)
	CreateQueue(ctx context.Context, name string) (*cfapi.Queue, error)
}

// A store is how a target keeps resources of a kind.
type store struct {
	label  string
	find   func(ctx context.Context, at Provisioner, name string) (id string, err error) // "" if there is none
	create func(ctx context.Context, at Provisioner, name string) (id string, err error)
	put    func(b *cfapi.Binding, id string)
}

var stores = map[string]store{
	cfapi.BindingKVNamespace: {
		label: "KV namespace",
		find: func(ctx context.Context, at Provisioner, name string) (string, error) {
			list, err := at.KVNamespaces(ctx)
			i := slices.IndexFunc(list, func(ns cfapi.KVNamespace) bool { return ns.Title == name })
			if err != nil || i < 0 {
				return "", err
			}
			return list[i].ID, nil
		},
		create: func(ctx context.Context, at Provisioner, name string) (string, error) {
			ns, err := at.CreateKVNamespace(ctx, name)
			if err != nil {
				return "", err
			}
			return ns.ID, nil
		},
		put: func(b *cfapi.Binding, id string) { b.NamespaceID = id },
	},
	cfapi.BindingD1: {
		label: "D1 database",
		find: func(ctx context.Context, at Provisioner, name string) (string, error) {
			list, err := at.D1Databases(ctx)
			i := slices.IndexFunc(list, func(db cfapi.D1Database) bool { return db.Name == name })
			if err != nil || i < 0 {
				return "", err
			}
			return list[i].UUID, nil
		},
		create: func(ctx context.Context, at Provisioner, name string) (string, error) {
			db, err := at.CreateD1Database(ctx, name)
			if err != nil {
				return "", err
			}
			return db.UUID, nil
		},
		put: func(b *cfapi.Binding, id string) { b.ID = id },
	},
	cfapi.BindingQueue: {
		label: "queue",
		find: func(ctx context.Context, at Provisioner, name string) (string, error) {
			q, err := at.Queue(ctx, name)
			if err != nil || q == nil {
				return "", err
			}
			return q.Name, nil
		},
		create: func(ctx context.Context, at Provisioner, name string) (string, error) {
			q, err := at.CreateQueue(ctx, name)
			if err != nil {
				return "", err
			}
			return q.Name, nil
		},
		put: func(b *cfapi.Binding, name string) { b.QueueName = name },
	},
}

// Provisioned is a resource that was made for a binding.
type Provisioned struct {
	Binding string
	Label   string // of the kind, "KV namespace"
	Name    string // of the resource
	ID      string
}

// Provision settles the bindings that do not say which resource they are to, as
// Wrangler does: what the script has already it keeps; else a resource named
// after script and binding, or as the configuration has it, is taken, and made
// if it is missing. It returns those that were made, also together with an
// error.
func (p *Plan) Provision(ctx context.Context, target Target) ([]Provisioned, error) {
	bindings := p.Form.Metadata.Bindings
	if !slices.ContainsFunc(bindings, IsOpen) {
		return nil, nil
	}
	at, ok := target.(Provisioner)
	if !ok {
		return nil, fmt.Errorf("publish %s: the target cannot make resources: give every binding an id", p.Script)
	}
	have, err := p.bound(ctx, at)
	if err != nil {
		return nil, err
	}
	var made []Provisioned
	p.kept = map[string]cfapi.Binding{}
	for i := range bindings {
		b := &bindings[i]
		if !IsOpen(*b) {
			continue
		}
		same := func(h cfapi.Binding) bool { return h.Name == b.Name && h.Type == b.Type }
		if at := slices.IndexFunc(have, same); at >= 0 && p.names[b.Name] == "" {
			p.kept[b.Name] = have[at]
			*b = cfapi.Binding{Name: b.Name, Type: cfapi.BindingInherit}
			continue
		}
		fresh, err := provision(ctx, at, cmp.Or(p.names[b.Name], resourceName(p.Script, b.Name)), b)
		if err != nil {
			return made, fmt.Errorf("provide a %s for the binding %s: %w", stores[b.Type].label, b.Name, err)
		}
		if fresh != nil {
			made = append(made, *fresh)
		}
	}
	return made, nil
}

// provision gives a binding the resource of a name. It returns what was made for
// that, if something was.
func provision(ctx context.Context, at Provisioner, name string, b *cfapi.Binding) (*Provisioned, error) {
	kind := stores[b.Type]
	id, err := kind.find(ctx, at, name)
	if err != nil {
		return nil, err
	}
	if id != "" {
		kind.put(b, id)
		return nil, nil
	}
	if id, err = kind.create(ctx, at, name); err != nil {
		return nil, err
	}
	kind.put(b, id)
	return &Provisioned{Binding: b.Name, Label: kind.label, Name: name, ID: id}, nil
}

// bound returns the bindings that the target has for the script.
func (p *Plan) bound(ctx context.Context, at Provisioner) ([]cfapi.Binding, error) {
	if p.New {
		return nil, nil
	}
	settings, err := at.Settings(ctx, p.Script)
	if err != nil {
		return nil, err
	}
	return settings.Bindings, nil
}

// Bindings returns the bindings of the upload, with those that it keeps as the
// target has them.
func (p *Plan) Bindings() []cfapi.Binding {
	list := append([]cfapi.Binding{}, p.Form.Metadata.Bindings...) // [] in JSON, not null
	for i, b := range list {
		if kept, ok := p.kept[b.Name]; ok {
			list[i] = kept
		}
	}
	return list
}

// ForSession gives the open bindings of a form ids of a dev session's own.
func ForSession(w *config.Worker, form *cfapi.Form) {
	names := names(w)
	for i := range form.Metadata.Bindings {
		if b := &form.Metadata.Bindings[i]; IsOpen(*b) {
			stores[b.Type].put(b, cmp.Or(names[b.Name], resourceName(w.Name, b.Name)))
		}
	}
}

// names returns what a configuration calls the resources of bindings.
func names(w *config.Worker) map[string]string {
	all := map[string]string{}
	for _, r := range slices.Concat(w.KVNamespaces, w.D1Databases) {
		all[r.Name] = r.As
	}
	return all
}

// resourceName is what the resource of a binding without an id is called.
func resourceName(script, binding string) string {
	return script + "-" + strings.ReplaceAll(strings.ToLower(binding), "_", "-")
}
