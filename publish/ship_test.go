package publish_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"paddock/bundle"
	"paddock/config"
	"paddock/internal/cfapi"
	"paddock/internal/testcloud"
	"paddock/publish"
)

// remote is a project, and a cloud to publish it to.
type remote struct {
	t     *testing.T
	cloud *testcloud.Cloud
	api   *cfapi.Client
}

func newRemote(t *testing.T) *remote {
	cloud := testcloud.New(t)
	return &remote{t: t, cloud: cloud, api: &cfapi.Client{BaseURL: cloud.URL, Token: testcloud.Token, AccountID: "acc", Retry: &cfapi.Retry{}}}
}

// plan plans a publish of a configuration.
func (r *remote) plan(configuration, env string) (*publish.Plan, *config.Worker) {
	r.t.Helper()
	dir := r.t.TempDir()
	for name, text := range map[string]string{"wrangler.toml": configuration, "i.js": "export class C {}\nexport default { fetch() {} }\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			r.t.Fatal(err)
		}
	}
	file, _ := config.Load(dir, "")
	w, list := file.Resolve(env, config.Overrides{})
	if list.HasErrors() {
		r.t.Fatal(list)
	}
	builder := bundle.New(w, bundle.Options{})
	defer builder.Close()
	built, list := builder.Build(r.t.Context())
	if list.HasErrors() {
		r.t.Fatal(list)
	}
	plan, list, err := publish.NewPlan(r.t.Context(), publish.Cloud{API: r.api}, w, built, publish.Options{})
	if err != nil || list.HasErrors() {
		r.t.Fatal(list, err)
	}
	return plan, w
}

func (r *remote) ship(configuration, env string) (*publish.Shipped, error) {
	r.t.Helper()
	plan, w := r.plan(configuration, env)
	r.cloud.Requests()
	return plan.Ship(r.t.Context(), r.api, w, publish.ShipOptions{})
}

// sent returns the bodies that were sent to a path, and how many there were.
func (r *remote) sent(method, path string) (string, int) {
	var bodies []string
	for _, request := range r.cloud.Requests() {
		if request.Method == method && strings.Contains(request.Path, path) {
			bodies = append(bodies, string(request.Body))
		}
	}
	return strings.Join(bodies, "\n"), len(bodies)
}

const shipped = "name = \"s\"\nmain = \"i.js\"\ncompatibility_date = \"2026-01-01\"\n"

func TestShip(t *testing.T) {
	r := newRemote(t)
	done, err := r.ship(shipped, "")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(done.Targets, []string{"https://s.sub.workers.dev"}) || len(done.VersionID) != 36 || done.Failures != nil {
		t.Errorf("first: %+v", done)
	}
	done, err = r.ship(shipped, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, n := r.sent("PUT", "scripts/s"); n != 0 || r.cloud.Versions("s") != 2 || len(done.VersionID) != 36 {
		t.Errorf("second: %+v", done)
	}
}

// A version that is there but not in force has to be named.
func TestShipUndeployed(t *testing.T) {
	r := newRemote(t)
	if _, err := r.ship(shipped, ""); err != nil {
		t.Fatal(err)
	}
	r.cloud.Fail(testcloud.Fault{Method: "POST", Path: "/deployments", Status: 400, Code: cfapi.CodeConflict})
	_, err := r.ship(shipped, "")
	if err == nil || !strings.Contains(err.Error(), "was uploaded, but is not deployed") || !cfapi.HasCode(err, cfapi.CodeConflict) {
		t.Errorf("got %v", err)
	}
	if r.cloud.Versions("s") != 2 || r.cloud.Deployments("s") != 1 {
		t.Error("it is in force, or is not there")
	}
}

// Settings that cannot be set are a warning, as the script does without them.
func TestShipSettings(t *testing.T) {
	r := newRemote(t)
	const environments = "tail_consumers = [{ service = \"x\" }]\n" + shipped + "[env.prod]\n[[env.prod.tail_consumers]]\nservice = \"logs\"\n"
	if _, err := r.ship(environments, "prod"); err != nil {
		t.Fatal(err)
	}
	if body, _ := r.sent("PATCH", "script-settings"); body != `{"tags":["cf:service=s","cf:environment=prod"]}` {
		t.Errorf("first: %s", body)
	}
	// Tags of others stay, and none is there twice.
	if err := r.api.PatchScriptSettings(t.Context(), "s-prod", map[string]any{"tags": []string{"mine", "cf:environment=old"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.ship(environments, "prod"); err != nil {
		t.Fatal(err)
	}
	want := `{"observability":{"enabled":false},"tags":["mine","cf:service=s","cf:environment=prod"],"tail_consumers":[{"service":"logs"}]}`
	if body, _ := r.sent("PATCH", "script-settings"); body != want {
		t.Errorf("second: %s", body)
	}
	r.cloud.Fail(testcloud.Fault{Path: "/script-settings", Status: 400})
	done, err := r.ship(environments, "prod")
	if err != nil || len(done.Warnings) != 1 {
		t.Errorf("%+v, %v", done, err)
	}
}

func TestFormForCloud(t *testing.T) {
	r := newRemote(t)
	plan, _ := r.plan("upload_source_maps = false\nkeep_vars = true\n"+shipped+"[vars]\nA = \"a\"\n[secrets]\nrequired = [\"KEY\"]\n", "")
	m := plan.Form.Metadata
	var names []string
	for _, b := range m.Bindings {
		names = append(names, b.String())
	}
	if want := []string{"A (plain_text)", "KEY (inherit)"}; !slices.Equal(names, want) {
		t.Errorf("bindings %v, want %v", names, want)
	}
	if len(plan.Form.Parts) != 1 || !slices.Contains(m.KeepBindings, cfapi.BindingPlainText) || m.Observability != nil || m.Paddock != nil {
		t.Errorf("%d parts, %+v", len(plan.Form.Parts), m)
	}
}

// What is asked before an upload replaces something.
func TestSurvey(t *testing.T) {
	r := newRemote(t)
	if _, err := r.ship(shipped, ""); err != nil {
		t.Fatal(err)
	}
	if err := r.api.PutSecret(t.Context(), "s", cfapi.NewSecret("A", "x")); err != nil {
		t.Fatal(err)
	}
	versions, err := r.api.Versions(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	split := cfapi.DeploymentCreate{Strategy: "percentage", Versions: []cfapi.DeploymentVersion{
		{VersionID: versions[0].ID, Percentage: 50}, {VersionID: versions[1].ID, Percentage: 50},
	}}
	if _, err := r.api.CreateDeployment(t.Context(), "s", split, false); err != nil {
		t.Fatal(err)
	}
	plan, w := r.plan(shipped+"[vars]\nA = \"a\"\n", "")
	list, err := plan.Survey(t.Context(), r.api, w)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, d := range list {
		codes = append(codes, d.Code)
	}
	if want := []string{"split-deployment", "secret-overridden"}; !slices.Equal(codes, want) {
		t.Errorf("got %v, want %v", list, want)
	}
}
