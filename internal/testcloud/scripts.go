package testcloud

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"paddock/internal/cfapi"
)

// script is a Worker; lists are the newest first.
type script struct {
	tags        []string
	tag         string // of the migrations
	secrets     map[string]string
	versions    []cfapi.Version
	deployments []cfapi.Deployment
	subdomain   cfapi.Subdomain
	routes      []cfapi.Route
	schedules   []cfapi.Schedule
}

// Versions returns how many versions a script has, and Deployments how often
// versions of it were put in force.
func (c *Cloud) Versions(name string) int {
	return c.count(name, func(s *script) int { return len(s.versions) })
}

// Deployments returns how often versions of a script were put in force.
func (c *Cloud) Deployments(name string) int {
	return c.count(name, func(s *script) int { return len(s.deployments) })
}

// Secret returns the value of a secret.
func (c *Cloud) Secret(script, name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.scripts[script]; s != nil {
		return s.secrets[name]
	}
	return ""
}

func (c *Cloud) count(name string, of func(*script) int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.scripts[name]; s != nil {
		return of(s)
	}
	return 0
}

func notFound() error {
	return refuse(http.StatusNotFound, cfapi.CodeScriptNotFound, "This Worker does not exist on your account.")
}

func (c *Cloud) service(method, name string) (any, error) {
	s := c.scripts[name]
	if s == nil {
		return nil, refuse(http.StatusNotFound, cfapi.CodeServiceNotFound, "This service does not exist on your account.")
	}
	if method == http.MethodDelete {
		delete(c.scripts, name)
		return nil, nil
	}
	return cfapi.Service{ID: name, DefaultEnvironment: cfapi.ServiceEnvironment{Environment: "production", Script: &cfapi.Script{
		ID: name, Tag: strings.Repeat("ab", 16), Tags: append([]string{}, s.tags...), MigrationTag: s.tag, LastDeployedFrom: "wrangler",
	}}}, nil
}

func (c *Cloud) worker(name string) (any, error) {
	s := c.scripts[name]
	if s == nil {
		return nil, notFound()
	}
	return cfapi.Worker{ID: name, Name: name, Subdomain: s.subdomain, Tags: s.tags}, nil
}

func (c *Cloud) script(r *http.Request, name, rest string, body []byte) (any, error) {
	call := r.Method + " " + rest
	if call == "PUT " {
		return c.upload(r, name)
	}
	s := c.scripts[name]
	if s == nil {
		return nil, notFound()
	}
	switch {
	case call == "GET settings":
		return cfapi.Settings{Bindings: s.bindings(), Tags: s.tags}, nil
	case call == "GET references":
		return struct{}{}, nil
	case call == "POST versions":
		return c.addVersion(r, s)
	case call == "GET versions":
		return cfapi.Versions{Items: s.versionList()}, nil
	case strings.HasPrefix(call, "GET versions/"):
		return s.version(strings.TrimPrefix(rest, "versions/"))
	case call == "GET deployments":
		return cfapi.Deployments{Deployments: append([]cfapi.Deployment{}, s.deployments...)}, nil
	case call == "POST deployments":
		var create cfapi.DeploymentCreate
		if err := decode(body, &create); err != nil {
			return nil, err
		}
		return c.deploy(s, create), nil
	case call == "PATCH script-settings":
		var settings cfapi.ScriptSettings
		if err := decode(body, &settings); err != nil {
			return nil, err
		}
		s.tags = settings.Tags
		return settings, nil
	case call == "POST subdomain":
		var change cfapi.SubdomainChange
		if err := decode(body, &change); err != nil {
			return nil, err
		}
		if change.Enabled != nil {
			s.subdomain.Enabled, s.subdomain.PreviewsEnabled = *change.Enabled, *change.Enabled
		}
		return s.subdomain, nil
	case call == "PUT routes":
		return nil, decode(body, &s.routes)
	case call == "PUT schedules":
		return cfapi.Schedules{Schedules: s.schedules}, decode(body, &s.schedules)
	case call == "POST domains/changeset":
		return cfapi.DomainChangeset{Added: []cfapi.Domain{}, Removed: []cfapi.Domain{}, Updated: []cfapi.Domain{}, Conflicting: []cfapi.Domain{}}, nil
	case call == "PUT domains/records":
		return nil, nil
	case strings.HasPrefix(rest, "secrets"):
		return c.secretCall(s, call, body)
	case strings.HasPrefix(rest, "tails"):
		return c.tailCall(r, name, rest)
	}
	return nil, noRoute()
}

// now gives every call a later time, all of the same width.
func (c *Cloud) now() string {
	c.clock++
	return time.Date(2026, 1, 2, 3, 4, 5, c.clock*1000, time.UTC).Format(cfapi.TimeLayout)
}

func (c *Cloud) id() string {
	c.clock++
	return fmt.Sprintf("00000000-0000-4000-8000-%012d", c.clock)
}

func (c *Cloud) upload(r *http.Request, name string) (any, error) {
	form, err := cfapi.DecodeForm(r, cfapi.DefaultLimits)
	if err != nil {
		return nil, err
	}
	s := c.scripts[name]
	if s == nil {
		s = &script{secrets: map[string]string{}, tags: []string{}}
	}
	if m := form.Metadata.Migrations; m != nil {
		if m.OldTag != s.tag {
			return nil, refuse(http.StatusPreconditionFailed, cfapi.CodeMigrationTag, fmt.Sprintf("the migration tag is %q", s.tag))
		}
		s.tag = m.NewTag
	}
	c.scripts[name] = s
	v := c.newVersion(s, form.Metadata)
	c.deploy(s, cfapi.DeploymentCreate{Strategy: "percentage", Versions: []cfapi.DeploymentVersion{{VersionID: v.ID, Percentage: 100}}})
	return cfapi.ScriptUpload{
		Script:       cfapi.Script{ID: name, Tags: s.tags, MigrationTag: s.tag, Handlers: []string{"fetch"}, CompatibilityFlags: []string{}},
		DeploymentID: strings.ReplaceAll(v.ID, "-", ""), StartupTimeMS: 4,
	}, nil
}

func (c *Cloud) addVersion(r *http.Request, s *script) (any, error) {
	form, err := cfapi.DecodeForm(r, cfapi.DefaultLimits)
	if err != nil {
		return nil, err
	}
	if form.Metadata.Migrations != nil {
		return nil, refuse(http.StatusBadRequest, cfapi.CodeMigrationInVersion, "migrations are not allowed here")
	}
	return c.newVersion(s, form.Metadata), nil
}

func (c *Cloud) newVersion(s *script, m cfapi.Metadata) cfapi.Version {
	var bindings []cfapi.Binding
	for _, b := range m.Bindings {
		if b.Type == cfapi.BindingSecretText {
			s.secrets[b.Name], b.Text = b.Text, ""
		}
		bindings = append(bindings, b)
	}
	for _, name := range slices.Sorted(maps.Keys(s.secrets)) {
		if !slices.ContainsFunc(bindings, func(b cfapi.Binding) bool { return b.Name == name }) {
			bindings = append(bindings, cfapi.Binding{Name: name, Type: cfapi.BindingSecretText})
		}
	}
	v := cfapi.Version{
		ID: c.id(), Number: len(s.versions) + 1, StartupTimeMS: 4, Annotations: m.Annotations,
		Metadata: cfapi.VersionMetadata{CreatedOn: c.now(), Source: "wrangler", AuthorEmail: c.Email},
		Resources: &cfapi.VersionResources{
			Bindings: bindings, Script: cfapi.VersionScript{ETag: "etag", Handlers: []string{"fetch"}, LastDeployedFrom: "wrangler"},
			ScriptRuntime: cfapi.ScriptRuntime{CompatibilityDate: m.CompatibilityDate, CompatibilityFlags: m.CompatibilityFlags, MigrationTag: s.tag},
		},
	}
	s.versions = append([]cfapi.Version{v}, s.versions...)
	return v
}

func (c *Cloud) deploy(s *script, create cfapi.DeploymentCreate) cfapi.Deployment {
	d := cfapi.Deployment{
		ID: c.id(), Source: "wrangler", Strategy: create.Strategy, AuthorEmail: c.Email, CreatedOn: c.now(),
		Annotations: create.Annotations, Versions: create.Versions,
	}
	s.deployments = append([]cfapi.Deployment{d}, s.deployments...)
	return d
}

func (s *script) bindings() []cfapi.Binding {
	if len(s.versions) == 0 {
		return []cfapi.Binding{}
	}
	return append([]cfapi.Binding{}, s.versions[0].Resources.Bindings...)
}

func (s *script) versionList() []cfapi.Version {
	list := slices.Clone(s.versions)
	for i := range list {
		list[i].Resources = nil
	}
	return list
}

func (s *script) version(id string) (any, error) {
	for _, v := range s.versions {
		if v.ID == id {
			return v, nil
		}
	}
	return nil, refuse(http.StatusNotFound, cfapi.CodeScriptNotFound, "This version does not exist.")
}

func (c *Cloud) secretCall(s *script, call string, body []byte) (any, error) {
	set := map[string]*cfapi.Secret{}
	switch name := strings.TrimPrefix(call, "DELETE secrets/"); {
	case call == "GET secrets":
		list := []cfapi.Secret{}
		for _, name := range slices.Sorted(maps.Keys(s.secrets)) {
			list = append(list, cfapi.Secret{Name: name, Type: cfapi.BindingSecretText})
		}
		return list, nil
	case call == "PUT secrets":
		var secret cfapi.Secret
		if err := decode(body, &secret); err != nil {
			return nil, err
		}
		set[secret.Name] = &secret
	case call == "PATCH secrets-bulk":
		var patch cfapi.SecretsPatch
		if err := decode(body, &patch); err != nil {
			return nil, err
		}
		set = patch.Secrets
	case name != call:
		if _, ok := s.secrets[name]; !ok {
			return nil, refuse(http.StatusNotFound, cfapi.CodeBindingNotFound, "no such secret")
		}
		set[name] = nil
	default:
		return nil, noRoute()
	}
	for name, secret := range set {
		delete(s.secrets, name)
		if secret != nil {
			s.secrets[name] = *secret.Text
		}
	}
	var m cfapi.Metadata
	if len(s.versions) > 0 {
		runtime := s.versions[0].Resources.ScriptRuntime
		m.CompatibilityDate, m.CompatibilityFlags = runtime.CompatibilityDate, runtime.CompatibilityFlags
	}
	v := c.newVersion(s, m)
	c.deploy(s, cfapi.DeploymentCreate{Strategy: "percentage", Versions: []cfapi.DeploymentVersion{{VersionID: v.ID, Percentage: 100}}})
	return nil, nil
}
