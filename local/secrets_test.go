package local_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"paddock/internal/cfapi"
	"paddock/local"
)

// secretJS answers with what it has in env at /NAME, and counts elsewhere.
var secretJS = strings.Replace(counterJS, "switch (url.pathname) {", `switch (url.pathname) {
      case "/env":
        return new Response(JSON.stringify(env[url.searchParams.get("key")]) ?? "undefined");`, 1)

// openWithKey opens a runtime that can keep secrets.
func openWithKey(t *testing.T, dir, key string) *rig {
	return open(t, dir, func(o *local.Options) { o.KeyFile = key })
}

func (r *rig) secrets(script string, values map[string]*string) error {
	return r.SetSecrets(r.t.Context(), local.SecretChange{Script: script, Values: values, Source: "test"})
}

func (r *rig) put(script, name, value string) {
	r.t.Helper()
	if err := r.secrets(script, map[string]*string{name: &value}); err != nil {
		r.t.Fatalf("put the secret %s of %s: %v", name, script, err)
	}
}

func (r *rig) wantEnv(script, key, want string) {
	r.t.Helper()
	r.wantBody(script, "/env?key="+key, want)
}

const topSecret = "correct horse battery staple"

func TestSecrets(t *testing.T) {
	t.Parallel()
	dir, key := t.TempDir(), filepath.Join(t.TempDir(), "paddock", "secrets.key")
	r := openWithKey(t, dir, key)
	r.publish(upload("w", secretJS, binds("Counter", ""), creates("Counter"), text("PLAIN", "p")))
	r.count("w", 2)
	if _, err := os.Stat(key); err == nil {
		t.Error("there is a key before there is a secret")
	}
	r.put("w", "KEY", topSecret)
	r.wantEnv("w", "KEY", `"`+topSecret+`"`)
	r.wantEnv("w", "PLAIN", `"p"`)
	r.wantBody("w", "/increment", "3")
	versions, err := r.Versions(t.Context(), "w")
	if err != nil || len(versions) != 2 || versions[0].TriggeredBy != "secret" || !slices.Equal(versions[0].Classes, []string{"Counter"}) {
		t.Errorf("versions %+v, %v", versions, err)
	}
	if list, err := r.Deployments(t.Context(), "w"); err != nil || list[0].Version != versions[0].ID || list[0].TriggeredBy != "secret" {
		t.Errorf("deployments %+v, %v", list, err)
	}

	// An upload keeps it, and variables go; so does a restart.
	r.publish(upload("w", secretJS, binds("Counter", "")))
	r.wantEnv("w", "KEY", `"`+topSecret+`"`)
	r.wantEnv("w", "PLAIN", "undefined")
	r.put("w", "OTHER", "line\nbreak \"quoted\" $HOME \x00 é")
	r.close()
	notInClear(t, dir, topSecret)
	r = openWithKey(t, dir, key)
	r.wantEnv("w", "KEY", `"`+topSecret+`"`)
	want, _ := json.Marshal("line\nbreak \"quoted\" $HOME \x00 é")
	r.wantEnv("w", "OTHER", string(want))
	if names, err := r.Secrets(t.Context(), "w"); err != nil || !slices.Equal(names, []string{"KEY", "OTHER"}) {
		t.Errorf("secrets %v, %v", names, err)
	}

	// Several at once, and away with them.
	second := "second"
	if err := r.secrets("w", map[string]*string{"KEY": &second, "OTHER": nil}); err != nil {
		t.Fatal(err)
	}
	r.wantEnv("w", "KEY", `"second"`)
	r.wantEnv("w", "OTHER", "undefined")
	r.wantBody("w", "/increment", "4")

	// A version has the secrets that it had.
	before := r.snapshot()
	_, err = r.Deploy(t.Context(), whole("w", versions[0].ID))
	r.wantRefusal(err, cfapi.CodeSecretsChanged, before, "The following secrets have changed: KEY")
	back := whole("w", versions[0].ID)
	back.Force = true
	if _, err := r.Deploy(t.Context(), back); err != nil {
		t.Fatal(err)
	}
	r.wantEnv("w", "KEY", `"`+topSecret+`"`)
	before = r.snapshot()
	r.wantRefusal(r.secrets("w", map[string]*string{"KEY": &second}), cfapi.CodeLatestUndeployed, before, "isn't currently deployed")
}

// notInClear looks for a value in all files of a folder, and its parts.
func notInClear(t *testing.T, dir, value string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte(value)) {
			t.Errorf("%s holds a secret in the clear", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestSecretsThatCannotBeMeant(t *testing.T) {
	t.Parallel()
	r := openWithKey(t, t.TempDir(), filepath.Join(t.TempDir(), "key"))
	value := "v"
	if err := r.secrets("w", map[string]*string{"A": &value}); !errors.Is(err, local.ErrNotFound) {
		t.Errorf("a secret of nobody: %v", err)
	}
	r.publish(counter("w", text("PLAIN", "p")))
	before := r.snapshot()
	for name, c := range map[string]struct {
		values map[string]*string
		code   int
	}{
		"of a variable's name": {map[string]*string{"PLAIN": &value}, cfapi.CodeBindingNameInUse},
		"of a class's name":    {map[string]*string{"A": &value, "COUNTER": &value}, cfapi.CodeBindingNameInUse},
		"without a name":       {map[string]*string{"": &value}, cfapi.CodeBindingUnnamed},
		"that is not there":    {map[string]*string{"NOTHING": nil}, cfapi.CodeBindingNotFound},
		"delete a variable":    {map[string]*string{"PLAIN": nil}, cfapi.CodeBindingNotFound},
	} {
		t.Log(name)
		r.wantRefusal(r.secrets("w", c.values), c.code, before)
	}
	// Without a place for the key.
	r.close()
	r = open(t, r.dir)
	if err := r.secrets("w", map[string]*string{"A": &value}); err == nil || !strings.Contains(err.Error(), "XDG_CONFIG_HOME") {
		t.Errorf("a secret without a place for the key: %v", err)
	}
}

// Of a copied state folder everything runs but what has secrets.
func TestMissingKey(t *testing.T) {
	t.Parallel()
	dir, key := t.TempDir(), filepath.Join(t.TempDir(), "key")
	r := openWithKey(t, dir, key)
	r.publish(upload("secretive", secretJS, binds("Counter", ""), creates("Counter")))
	r.publish(counter("open"))
	r.put("secretive", "A", "a-value")
	r.put("secretive", "B", "b-value")
	r.close()
	if err := os.Rename(key, key+".away"); err != nil {
		t.Fatal(err)
	}
	r = openWithKey(t, dir, key)
	r.count("open", 1)
	if got := r.group("secretive").Error; !strings.Contains(got, `the secret "A" of script "secretive" cannot be decrypted`) || !strings.Contains(got, key+" is missing") {
		t.Errorf("the group's error is %q", got)
	}
	if _, err := r.Publish(t.Context(), upload("secretive", secretJS, binds("Counter", ""))); err == nil || !strings.Contains(err.Error(), key+" is missing") {
		t.Errorf("a publish without the key: %v", err)
	}
	// It is found as soon as it is there again.
	if err := os.Rename(key+".away", key); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the script runs again", func() bool { return r.group("secretive").PID != 0 })
	r.wantEnv("secretive", "A", `"a-value"`)

	// If it is lost, all secrets can be put anew at once, with a new key.
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	a, b := "new a", "new b"
	if err := r.secrets("secretive", map[string]*string{"A": &a}); err == nil || !strings.Contains(err.Error(), `the secret "B"`) {
		t.Errorf("one of two lost secrets was put anew: %v", err)
	}
	if err := r.secrets("secretive", map[string]*string{"A": &a, "B": &b}); err != nil {
		t.Fatal(err)
	}
	r.wantEnv("secretive", "B", `"new b"`)
	versions, err := r.Versions(t.Context(), "secretive")
	if err != nil {
		t.Fatal(err)
	}
	back := whole("secretive", versions[1].ID)
	back.Force = true
	if _, err := r.Deploy(t.Context(), back); err == nil || !strings.Contains(err.Error(), "another one than it was encrypted with") {
		t.Errorf("a version whose secrets are lost was deployed: %v", err)
	}
	r.wantEnv("secretive", "B", `"new b"`)
}

// A script can throw its secrets at those who publish it.
func TestSecretsAreNotInRefusals(t *testing.T) {
	t.Parallel()
	r := openWithKey(t, t.TempDir(), filepath.Join(t.TempDir(), "key"))
	r.publish(upload("w", secretJS, binds("Counter", ""), creates("Counter")))
	r.put("w", "KEY", topSecret)
	throws := `import { env } from "cloudflare:workers"; throw new Error("it is " + env.KEY + "!");`
	got := r.refused(upload("w", throws), cfapi.CodeValidationFailed)
	if !strings.Contains(got, "it is [secret]!") || strings.Contains(got, topSecret) {
		t.Errorf("the refusal is %q", got)
	}
	got = r.refused(upload("w", throws, secret("KEY", "another secret")), cfapi.CodeValidationFailed)
	if !strings.Contains(got, "it is [secret]!") {
		t.Errorf("the refusal is %q", got)
	}
}

func secret(name, value string) part {
	return func(up *local.Upload) {
		up.Form.Metadata.Bindings = append(up.Form.Metadata.Bindings, cfapi.Binding{Name: name, Type: cfapi.BindingSecretText, Text: value})
	}
}

func keeps(types ...string) part {
	return func(up *local.Upload) { up.Form.Metadata.KeepBindings = types }
}

// inherits takes over a binding, under another name if from is not "".
func inherits(name, from string) part {
	return func(up *local.Upload) {
		b := cfapi.Binding{Name: name, Type: cfapi.BindingInherit, Fields: map[string]json.RawMessage{}}
		if from != "" {
			b.Fields["old_name"] = json.RawMessage(`"` + from + `"`)
		}
		up.StrictInherit = true
		up.Form.Metadata.Bindings = append(up.Form.Metadata.Bindings, b)
	}
}

func TestKeptAndInheritedBindings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := openWithKey(t, dir, filepath.Join(t.TempDir(), "key"))
	first := []part{binds("Counter", ""), creates("Counter"), secret("S", "secret"), text("V", "var"), text("W", "other")}
	r.publish(upload("w", secretJS, first...))
	notInClear(t, dir, `"secret"`)
	r.wantEnv("w", "S", `"secret"`)
	r.count("w", 1)

	r.publish(upload("w", secretJS, keeps("plain_text", "json"), binds("Counter", ""), text("V", "changed")))
	r.wantEnv("w", "S", "undefined") // named types are kept, and no others
	r.wantEnv("w", "V", `"changed"`)
	r.wantEnv("w", "W", `"other"`)

	r.publish(upload("w", secretJS, binds("Counter", ""), secret("S", "again"), inherits("V", ""), inherits("X", "W")))
	r.wantEnv("w", "V", `"changed"`)
	r.wantEnv("w", "W", "undefined")
	r.wantEnv("w", "X", `"other"`)
	r.publish(upload("w", secretJS, inherits("COUNTER", ""), inherits("T", "S"), keeps()))
	r.wantEnv("w", "T", `"again"`)
	r.wantBody("w", "/increment", "2")

	before := r.snapshot()
	_, err := r.Publish(t.Context(), upload("w", secretJS, inherits("NONE", ""), inherits("NEITHER", "")))
	r.wantRefusal(err, cfapi.CodeInheritMissing, before, "inherit binding 'NONE' is invalid")
	if !strings.Contains(err.Error(), "inherit binding 'NEITHER' is invalid") {
		t.Errorf("only one of two is named: %v", err)
	}
	lenient := upload("w", secretJS, inherits("NONE", ""), inherits("COUNTER", ""))
	lenient.StrictInherit = false
	r.publish(lenient)
	r.wantEnv("w", "NONE", "undefined")
}
