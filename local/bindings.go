package local

import (
	"context"
	"errors"
	"slices"

	"paddock/internal/cfapi"
	"paddock/local/store"
)

// keptAlways are the types of bindings that an upload keeps if it does not say
// what to keep: older versions of Wrangler never say it of secrets.
var keptAlways = []string{cfapi.BindingSecretText}

// bindings returns the bindings of an upload: its own, those that it inherits,
// and those that it keeps of the version before, which is the latest one,
// whether it is in force or not.
func (r *Runtime) bindings(ctx context.Context, w world, up Upload) ([]Binding, error) {
	before, err := r.store.LatestVersion(ctx, up.Script)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	var list []Binding
	var missing []error
	for _, b := range up.Form.Metadata.Bindings {
		made, err := r.binding(ctx, w, up, before, b)
		switch refused := (*Refusal)(nil); {
		case errors.As(err, &refused) && refused.Code == cfapi.CodeInheritMissing:
			missing = append(missing, err)
		case err != nil:
			return nil, err
		case made.Name != "":
			list = append(list, made)
		}
	}
	if up.StrictInherit && len(missing) > 0 {
		return nil, errors.Join(missing...)
	}
	return append(list, kept(w, before, up.Form.Metadata)...), nil
}

// binding makes one binding of an upload.
func (r *Runtime) binding(ctx context.Context, w world, up Upload, before Version, b cfapi.Binding) (Binding, error) {
	switch b.Type {
	case cfapi.BindingInherit:
		return r.inherited(ctx, w, before, b)
	case cfapi.BindingSecretText:
		return r.secretBinding(up.Script, b.Name, b.Text)
	}
	return up.binding(b), nil
}

func (r *Runtime) secretBinding(script, name, text string) (Binding, error) {
	sealed, err := r.keys.seal(script, name, text)
	return Binding{Name: name, Type: cfapi.BindingSecretText, Sealed: sealed}, err
}

// inherited returns the binding that an upload takes over: of the version
// before or of the one that it names, under the same name or another one.
func (r *Runtime) inherited(ctx context.Context, w world, from Version, b cfapi.Binding) (Binding, error) {
	inherit, err := b.Inherit()
	if err != nil {
		return Binding{}, refuse(cfapi.CodeMalformedBody, "%v", err)
	}
	gone := refuse(cfapi.CodeInheritMissing, "inherit binding '%s' is invalid: the previous version has no binding with that name", b.Name)
	if inherit.VersionID != "" {
		if from, err = r.store.Version(ctx, from.Script, inherit.VersionID); errors.Is(err, store.ErrNotFound) {
			return Binding{}, gone
		} else if err != nil {
			return Binding{}, err
		}
	}
	i := slices.IndexFunc(from.Bindings, func(have Binding) bool { return have.Name == inherit.Name })
	if i < 0 {
		return Binding{}, gone
	}
	have, ok := current(w, from.Script, from.Bindings[i])
	if !ok {
		return Binding{}, gone
	}
	if have.Type == cfapi.BindingSecretText && have.Name != b.Name {
		value, err := r.keys.open(from.Script, have.Name, have.Sealed)
		if err != nil {
			return Binding{}, err
		}
		return r.secretBinding(from.Script, b.Name, value)
	}
	have.Name = b.Name
	return have, nil
}

// kept returns the bindings of the version before that an upload keeps.
func kept(w world, before Version, m cfapi.Metadata) []Binding {
	types := m.KeepBindings
	if types == nil {
		types = keptAlways
	}
	var list []Binding
	for _, b := range before.Bindings {
		named := slices.ContainsFunc(m.Bindings, func(own cfapi.Binding) bool { return own.Name == b.Name })
		if named || !slices.Contains(types, b.Type) {
			continue
		}
		if b, ok := current(w, before.Script, b); ok {
			list = append(list, b)
		}
	}
	return list
}

// current gives a binding the names that its class has now. It returns false
// if there is no such class or resource any more.
func current(w world, script string, b Binding) (Binding, bool) {
	if b.Resource != "" {
		_, ok := w.resources[b.Resource]
		return b, ok
	}
	if b.Type != cfapi.BindingDurableObject {
		return b, true
	}
	n, ok := w.namespaces[b.Namespace]
	b.Class, b.Script = n.Class, n.Script
	if b.Script == script {
		b.Script = ""
	}
	return b, ok
}
