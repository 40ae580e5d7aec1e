package local

import (
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"paddock/internal/cfapi"
	"paddock/internal/sourcemap"
	"paddock/local/store"
	"paddock/migrate"
)

// An Upload is one new version of a script, as a client hands it over: over
// the wire, or, in a dev session, directly.
type Upload struct {
	Script string
	Form   cfapi.Form
	Source string // who uploads: "wrangler", "paddock", "dev"

	// StrictInherit refuses bindings that are to be inherited and are not
	// there; otherwise they are left out.
	StrictInherit bool

	// Classes is for dev sessions, where namespaces appear as classes appear:
	// the Durable Object classes that the script shall have, and whether each
	// may use the SQL API. The form then has no migrations.
	Classes map[string]bool
	// Exports is what the code of a dev session exports, whose first version is
	// not tried.
	Exports []string
	// Awaited are the scripts of a dev session. Service bindings to those that
	// are not there yet are null until they are.
	Awaited []string
	// Assets is for dev sessions: static files that are not uploaded.
	Assets *LiveAssets
}

// A Refusal says that a request was understood and is not carried out; it
// changed nothing. Code is one of Cloudflare's error codes.
type Refusal struct {
	Code    int
	Status  int // of the HTTP answer; 0 is the one that goes with the code
	Message string
	// Thrown is where the script threw as it was loaded; zero if that is not
	// the reason, or the place is in no source.
	Thrown sourcemap.Frame
}

// Error returns the message.
func (r *Refusal) Error() string { return r.Message }

func refuse(code int, format string, args ...any) error {
	return &Refusal{Code: code, Message: fmt.Sprintf(format, args...)}
}

// scriptName is what a script may be called: it becomes a host name's first
// label and a service's name in the engine.
var scriptName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9_][a-z0-9_-]{0,62}$`) })

var className = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*$`) })

// check refuses an upload that cannot be meant, before anything is stored.
func (u Upload) check() error {
	if !scriptName().MatchString(u.Script) {
		return refuse(cfapi.CodeInvalidScriptName, "script name %q is invalid: use lower-case letters, digits, dashes and underscores, at most 63", u.Script)
	}
	if u.Script == networkService {
		return refuse(cfapi.CodeInvalidScriptName, "script name %q is taken: the engine calls the network so", u.Script)
	}
	if date := u.Form.Metadata.CompatibilityDate; date != "" {
		if _, err := time.Parse(time.DateOnly, date); err != nil {
			return refuse(cfapi.CodeValidationFailed, "compatibility date %q is invalid: write it as YYYY-MM-DD", date)
		}
	}
	if u.Form.Metadata.BodyPart != "" {
		return refuse(cfapi.CodeValidationFailed, "this runtime does not run scripts in service-worker format (addEventListener): "+
			"export the handlers from an ES module, as in `export default { fetch(request, env, ctx) { … } }`")
	}
	if declared, err := u.exports(); err != nil {
		return err
	} else if len(declared) > 0 && u.Form.Metadata.Migrations != nil {
		return refuse(cfapi.CodeMalformedBody, "`migrations` and `exports` are mutually exclusive: the upload has both")
	}
	seen := map[string]bool{}
	for _, b := range u.Form.Metadata.Bindings {
		if seen[b.Name] {
			return refuse(cfapi.CodeMalformedBody, "two bindings are called %q", b.Name)
		}
		seen[b.Name] = true
		if err := checkBinding(b); err != nil {
			return err
		}
	}
	return nil
}

func checkBinding(b cfapi.Binding) error {
	switch b.Type {
	case cfapi.BindingPlainText, cfapi.BindingJSON, cfapi.BindingSecretText, cfapi.BindingInherit, cfapi.BindingVersion, cfapi.BindingAssets:
		return nil
	case cfapi.BindingService:
		if b.Service == "" {
			return refuse(cfapi.CodeMalformedBody, "binding %q names no service", b.Name)
		}
		if object := map[string]any(nil); len(b.Props) > 0 && json.Unmarshal(b.Props, &object) != nil {
			return refuse(cfapi.CodeMalformedBody, "the props of binding %q are no object", b.Name)
		}
		return nil
	case cfapi.BindingDurableObject:
		if !className().MatchString(b.ClassName) {
			return refuse(cfapi.CodeMalformedBody, "binding %q names the class %q, which is no name of a class", b.Name, b.ClassName)
		}
		return nil
	}
	if kind := kinds[b.Type]; kind.bind != nil {
		if b.Type == cfapi.BindingQueue && b.ResourceID() != "" {
			return checkQueueName(b.ResourceID())
		}
		if b.ResourceID() == "" {
			return refuse(cfapi.CodeMalformedBody, "binding %q does not say which %s it is to", b.Name, kind.label)
		}
		return nil
	}
	return refuse(cfapi.CodeMalformedBody, "binding %q has the type %q, which this runtime does not support yet", b.Name, b.Type)
}

// modules returns the parts of the form with the main module first and with
// names in one form: "./x" and "x" are the same module. There are none if there
// are only static files.
func (u Upload) modules() ([]cfapi.Part, error) {
	if !u.hasCode() && u.hasAssets() && len(u.Form.Parts) == 0 {
		return nil, nil
	}
	if !u.hasCode() {
		return nil, refuse(cfapi.CodeMalformedBody, "the upload names no main module")
	}
	main := moduleName(u.Form.Metadata.MainModule)
	parts := slices.Clone(u.Form.Parts)
	seen := map[string]bool{}
	for i := range parts {
		m := &parts[i]
		name := moduleName(m.Name)
		if name == "." || name == ".." || strings.HasPrefix(name, "../") || path.IsAbs(name) || strings.ContainsRune(name, 0) {
			return nil, refuse(cfapi.CodeMalformedBody, "module name %q is invalid: use a path below the script's folder", m.Name)
		}
		if seen[name] {
			return nil, refuse(cfapi.CodeMalformedBody, "two modules are called %q", name)
		}
		seen[name] = true
		m.Name = name
		if _, ok := engineKinds[m.ContentType]; !ok && m.ContentType != cfapi.TypeSourceMap {
			return nil, refuse(cfapi.CodeMalformedBody, "module %q has the type %q, which this runtime does not know", name, m.ContentType)
		}
	}
	at := slices.IndexFunc(parts, func(p cfapi.Part) bool { return p.Name == main })
	if at < 0 {
		return nil, refuse(cfapi.CodeMalformedBody, "the main module %q is not among the uploaded modules", main)
	}
	if parts[at].ContentType != cfapi.TypeESModule {
		return nil, refuse(cfapi.CodeMalformedBody, "the main module %q is not an ES module (%s)", main, cfapi.TypeESModule)
	}
	parts[0], parts[at] = parts[at], parts[0]
	return parts, nil
}

func moduleName(name string) string { return path.Clean(strings.TrimPrefix(name, "./")) }

// bindings returns the bindings of the form, not yet tied to namespaces.
func (u Upload) bindings() []store.Binding {
	var list []store.Binding
	for _, b := range u.Form.Metadata.Bindings {
		list = append(list, u.binding(b))
	}
	return list
}

// binding returns a binding as it is stored, not yet tied to anything.
func (u Upload) binding(b cfapi.Binding) store.Binding {
	made := store.Binding{
		Name: b.Name, Type: b.Type, Text: b.Text, JSON: b.JSON, Class: b.ClassName, Script: b.ScriptName,
		ID: b.ResourceID(), Service: b.Service, Entrypoint: b.Entrypoint, Props: b.Props, Environment: b.Environment, Fields: b.Fields,
	}
	if made.Script == u.Script {
		made.Script = "" // written out, it means the same
	}
	if made.Entrypoint == defaultEntrypoint {
		made.Entrypoint = ""
	}
	return made
}

// exports returns the classes that the form declares, nil if it declares none.
func (u Upload) exports() ([]migrate.Export, error) {
	declared, err := migrate.ParseExports(u.Form.Metadata.Exports)
	if err != nil {
		return nil, refuse(cfapi.CodeMalformedBody, "%v", err)
	}
	return declared, nil
}

// migrations returns the steps that the form carries, nil if it carries none.
func (u Upload) migrations() (*migrate.Upload, error) {
	m := u.Form.Metadata.Migrations
	if m == nil {
		return nil, nil
	}
	up := &migrate.Upload{OldTag: m.OldTag, NewTag: m.NewTag}
	if err := json.Unmarshal(m.Steps, &up.Steps); err != nil {
		return nil, refuse(cfapi.CodeMalformedBody, "the migration steps are malformed: a directive has the wrong type")
	}
	return up, u.checkEntries(up)
}

// checkEntries takes over the tags of the single steps, if the client tells
// them, and refuses steps that mean something else to it than they mean here,
// as those of a newer client can.
func (u Upload) checkEntries(up *migrate.Upload) error {
	extras := u.Form.Metadata.Paddock
	if extras == nil || len(extras.Entries) == 0 {
		return nil
	}
	if len(extras.Entries) != len(up.Steps) {
		return refuse(cfapi.CodeMalformedBody, "the upload has %d migration steps and %d entries for them", len(up.Steps), len(extras.Entries))
	}
	for i, e := range extras.Entries {
		if e.Tag == "" || e.Digest != up.Steps[i].Digest() {
			return refuse(cfapi.CodeMalformedBody, "the migration %q has directives that this runtime does not know: upgrade it", e.Tag)
		}
		up.Tags = append(up.Tags, e.Tag)
	}
	return nil
}
