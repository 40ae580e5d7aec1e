package local

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"paddock/engine"
	"paddock/internal/cfapi"
	"paddock/local/store"
)

// A SecretChange says what becomes of the secrets of a script.
type SecretChange struct {
	Script string
	Values map[string]*string // by name; nil deletes
	Source string
	// Message and Tag are kept with the version that is made.
	Message, Tag string
}

// Secrets returns the names of the secrets of a script that are in force, in
// order. The error wraps [ErrNotFound] if there is no such script.
func (r *Runtime) Secrets(ctx context.Context, script string) ([]string, error) {
	d, err := r.Script(ctx, script)
	if err != nil {
		return nil, err
	}
	names := slices.Sorted(maps.Keys(sealedSecrets(d.Version)))
	return names, nil
}

// SetSecrets makes a version with other secrets out of the latest one and puts
// it in force at once. It is refused if the latest one is not in force: it
// would be with the new one. The errors are those of [Runtime.Publish].
func (r *Runtime) SetSecrets(ctx context.Context, change SecretChange) (err error) {
	ctx, end, err := r.begin(ctx)
	if err != nil {
		return err
	}
	defer end(&err)
	before, err := r.store.DeployedScript(ctx, change.Script)
	if err != nil {
		return err
	}
	w, v, err := r.changeSecrets(ctx, change)
	if err != nil {
		return err
	}
	if latest := v.ID; latest != before.Version.ID {
		return refuse(cfapi.CodeLatestUndeployed,
			"Secret edit failed. You attempted to modify a secret, but the latest version of your Worker isn't currently deployed. "+
				"Please ensure that the latest version of your Worker is fully deployed (`paddock versions deploy`) before modifying secrets.")
	}
	v.ID = ""
	pub := store.Publication{
		Version: v, ExpectDeployment: before.Deployment.ID, Namespaces: slices.Collect(maps.Values(w.namespaces)),
		Other: before.Deployment.Other, Percentage: before.Deployment.Percentage,
	}
	ctx = context.WithoutCancel(ctx)
	after, err := r.store.Publish(ctx, pub)
	if err != nil {
		return err
	}
	r.log.Info("secrets changed", "script", change.Script, "version", after.Version.ID)
	if err := r.converge(ctx); err != nil {
		return r.afterFailedStart(ctx, err, before, pub, after.Deployment.ID)
	}
	return nil
}

// UploadSecrets makes a version with other secrets out of the latest one, and
// does not put it in force.
func (r *Runtime) UploadSecrets(ctx context.Context, change SecretChange) (_ Version, err error) {
	ctx, end, err := r.begin(ctx)
	if err != nil {
		return Version{}, err
	}
	defer end(&err)
	_, v, err := r.changeSecrets(ctx, change)
	if err != nil {
		return Version{}, err
	}
	return r.store.AddVersion(context.WithoutCancel(ctx), v)
}

// changeSecrets returns the latest version of a script, with its ID, as it is
// with other secrets. It has been tried.
func (r *Runtime) changeSecrets(ctx context.Context, change SecretChange) (world, Version, error) {
	fail := func(err error) (world, Version, error) { return world{}, Version{}, err }
	v, err := r.store.LatestVersion(ctx, change.Script)
	if err != nil {
		return fail(err)
	}
	if err := change.check(v); err != nil {
		return fail(err)
	}
	v.Bindings = slices.DeleteFunc(v.Bindings, func(b Binding) bool {
		_, changed := change.Values[b.Name]
		return changed
	})
	for _, name := range slices.Sorted(maps.Keys(change.Values)) {
		value := change.Values[name]
		if value == nil {
			continue
		}
		b, err := r.secretBinding(v.Script, name, *value)
		if err != nil {
			return fail(err)
		}
		v.Bindings = append(v.Bindings, b)
	}
	v.Source, v.Author, v.TriggeredBy = change.Source, author(), store.TriggerSecret
	v.Message, v.Tag, v.Classes, v.Entrypoints = change.Message, change.Tag, nil, nil
	if err := r.try(ctx, Upload{Script: v.Script}, false, &v); err != nil {
		return fail(err)
	}
	w, err := r.world(ctx)
	return w, v, err
}

// check refuses to delete what is not there, and to put a secret in the place
// of something else.
func (c SecretChange) check(v Version) error {
	for _, name := range slices.Sorted(maps.Keys(c.Values)) {
		i := slices.IndexFunc(v.Bindings, func(b Binding) bool { return b.Name == name })
		there := i >= 0 && v.Bindings[i].Type == cfapi.BindingSecretText
		switch {
		case name == "":
			return refuse(cfapi.CodeBindingUnnamed, "the secret has no name")
		case c.Values[name] == nil && !there:
			return refuse(cfapi.CodeBindingNotFound, "script %q has no secret %q", c.Script, name)
		case i >= 0 && !there:
			return refuse(cfapi.CodeBindingNameInUse,
				"Binding name '%s' already in use. Please use a different name and try again.", name)
		}
	}
	return nil
}

// sealedSecrets returns the secrets of a version as they are stored, by name.
func sealedSecrets(v Version) map[string]string {
	secrets := map[string]string{}
	for _, b := range v.Bindings {
		if b.Type == cfapi.BindingSecretText {
			secrets[b.Name] = b.Sealed
		}
	}
	return secrets
}

// changedSecrets returns the names of the secrets that two versions do not
// share, in order.
func changedSecrets(a, b Version) []string {
	before, after := sealedSecrets(a), sealedSecrets(b)
	all := maps.Clone(before)
	maps.Copy(all, after)
	var names []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if before[name] != after[name] {
			names = append(names, name)
		}
	}
	return names
}

// reveal adds the secrets of a version to its worker, in the clear, and returns
// their values. What it returns must not be kept: engines get it and nobody
// else.
func (r *Runtime) reveal(w *engine.Worker, v Version) ([]string, error) {
	secrets := sealedSecrets(v)
	w.Bindings = slices.Clip(w.Bindings) // what is kept must not come to hold them
	var values []string
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		value, err := r.keys.open(v.Script, name, secrets[name])
		if err != nil {
			return nil, err
		}
		w.Bindings = append(w.Bindings, engine.TextBinding(name, value))
		values = append(values, value)
	}
	return values, nil
}

// withSecrets returns a plan's configuration with all secrets in it, and their
// values.
func (r *Runtime) withSecrets(p plan) (engine.Config, []string, error) {
	cfg := p.config
	cfg.Workers = slices.Clone(cfg.Workers)
	var all []string
	for _, v := range p.secret {
		i := slices.IndexFunc(cfg.Workers, func(w engine.Worker) bool { return p.versions[w.Name] == v.ID })
		values, err := r.reveal(&cfg.Workers[i], v)
		if err != nil {
			return cfg, nil, err
		}
		all = append(all, values...)
	}
	return cfg, all, nil
}

// redact takes secrets out of what an engine says of a script that did not
// start: it may have thrown one.
func redact(err error, secrets []string) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[secret]")
		}
	}
	if text == err.Error() {
		return err
	}
	if refused := (*Refusal)(nil); errors.As(err, &refused) {
		return &Refusal{Code: refused.Code, Message: text}
	}
	return errors.New(text)
}
