package publish_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"paddock/bundle"
	"paddock/config"
	"paddock/engine/enginetest"
	"paddock/internal/cfapi"
	"paddock/internal/diag"
	"paddock/local"
	"paddock/local/control"
	"paddock/migrate"
	"paddock/publish"
)

// target is a runtime with the real engine behind its real API.
type target struct {
	*cfapi.Client
	t       *testing.T
	scripts http.Handler
}

func newTarget(t *testing.T) *target {
	t.Helper()
	rt := local.New(local.Options{Dir: t.TempDir(), Engine: enginetest.Binary(t), Throwaway: true})
	if err := rt.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	api := httptest.NewServer(control.New(rt, control.Options{Log: slog.New(slog.DiscardHandler), Stop: func() {}}))
	t.Cleanup(func() {
		api.Close()
		if err := rt.Close(context.Background()); err != nil {
			t.Errorf("close the runtime: %v", err)
		}
	})
	client := &cfapi.Client{BaseURL: api.URL + control.Prefix, Token: rt.Token(), AccountID: "local", UserAgent: "paddock/test"}
	return &target{Client: client, t: t, scripts: rt}
}

// says wants a script to answer with a text.
func (g *target) says(script, path, want string) {
	g.t.Helper()
	r := httptest.NewRequestWithContext(g.t.Context(), http.MethodGet, "http://"+script+".localhost"+path, nil)
	w := httptest.NewRecorder()
	g.scripts.ServeHTTP(w, r)
	if body, _ := io.ReadAll(w.Body); w.Code != http.StatusOK || string(body) != want {
		g.t.Errorf("%s%s answers %d %q, want 200 %q", script, path, w.Code, body, want)
	}
}

// tag returns the script's applied migration tag.
func (g *target) tag(script string) string {
	g.t.Helper()
	service, err := g.Service(g.t.Context(), script)
	if err != nil {
		g.t.Fatal(err)
	}
	return service.DefaultEnvironment.Script.MigrationTag
}

// load reads and bundles the project in a folder.
func load(t *testing.T, dir string) (*config.Worker, *bundle.Result) {
	t.Helper()
	file, diags := config.Load(dir, "")
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	w, diags := file.Resolve("", config.Overrides{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	b := bundle.New(w, bundle.Options{})
	defer b.Close()
	built, diags := b.Build(t.Context())
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return w, built
}

// project is a folder whose worker counts in a class.
type project struct {
	t   *testing.T
	dir string
}

func newProject(t *testing.T) project { return project{t, t.TempDir()} }

const counting = `import { DurableObject } from "cloudflare:workers";
export class %[1]s extends DurableObject {
	async fetch() {
		const n = (await this.ctx.storage.get("n") ?? 0) + 1;
		await this.ctx.storage.put("n", n);
		return new Response("%[1]s " + n);
	}
}
export default { fetch: (request, env) => env.C.get(env.C.idFromName("a")).fetch(request) };
`

// write replaces the project; migrations are TOML.
func (p project) write(class, migrations string) {
	p.t.Helper()
	for name, text := range map[string]string{
		"index.js": fmt.Sprintf(counting, class),
		"wrangler.toml": "name = \"count\"\nmain = \"index.js\"\ncompatibility_date = \"2024-09-01\"\n" +
			"durable_objects.bindings = [{ name = \"C\", class_name = \"" + class + "\" }]\n\n" + migrations,
	} {
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
			p.t.Fatal(err)
		}
	}
}

// plan makes a plan that must succeed.
func (p project) plan(g *target) *publish.Plan {
	p.t.Helper()
	w, built := load(p.t, p.dir)
	plan, diags, err := publish.NewPlan(p.t.Context(), g, w, built, publish.Options{})
	if err != nil || len(diags) > 0 {
		p.t.Fatal(err, diags)
	}
	return plan
}

func apply(t *testing.T, plan *publish.Plan, g *target) *cfapi.ScriptUpload {
	t.Helper()
	up, err := plan.Apply(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	return up
}

const v1 = "[[migrations]]\ntag = \"v1\"\nnew_classes = [\"Count\"]\n"

// The seed's counter, as the command ships it.
func TestPublishCounter(t *testing.T) {
	g := newTarget(t)
	w, built := load(t, "../testdata/counter")
	plan, diags, err := publish.NewPlan(t.Context(), g, w, built, publish.Options{})
	if err != nil || len(diags) > 0 {
		t.Fatal(err, diags)
	}
	if !plan.New || plan.Script != "counter" || plan.Tag != "" {
		t.Errorf("plan %+v", plan)
	}
	if _, err := g.Service(t.Context(), "counter"); !cfapi.HasCode(err, cfapi.CodeServiceNotFound) {
		t.Errorf("the plan alone has changed the target: %v", err)
	}
	plan.Annotate("first", "")
	up := apply(t, plan, g)
	if up.MigrationTag != "v1" || up.DeploymentID == "" {
		t.Errorf("upload %+v", up)
	}
	g.says("counter", "/increment?name=A", "Durable Object 'A' count: 1")
	deployments, err := cfapi.Call[cfapi.Deployments](t.Context(), g.Client, "GET", g.AccountPath("workers", "scripts", "counter", "deployments"), nil)
	if err != nil || len(deployments.Deployments) != 1 || deployments.Deployments[0].Annotations[cfapi.AnnotationMessage] != "first" ||
		deployments.Deployments[0].Source != "paddock" {
		t.Errorf("deployments %+v, %v", deployments, err)
	}
}

// Only steps that are still to do are sent; objects live through all of them.
func TestPendingSteps(t *testing.T) {
	g, p := newTarget(t), newProject(t)
	p.write("Count", v1)
	plan := p.plan(g)
	want := &migrate.Upload{NewTag: "v1", Steps: []migrate.Step{{NewClasses: []string{"Count"}}}, Tags: []string{"v1"}}
	if diff := cmp.Diff(want, plan.Migrations); diff != "" || !plan.New {
		t.Errorf("first plan (-want +got):\n%s", diff)
	}
	apply(t, plan, g)
	g.says("count", "/", "Count 1")

	plan = p.plan(g)
	metadata, err := json.Marshal(plan.Form.Metadata)
	if err != nil || plan.New || plan.Tag != "v1" || plan.Migrations != nil || strings.Contains(string(metadata), "migrations") {
		t.Errorf("nothing is pending, and the plan is %+v", plan)
	}
	apply(t, plan, g)
	g.says("count", "/", "Count 2")

	p.write("Tally", v1+`
[[migrations]]
tag = "v2"
[[migrations.renamed_classes]]
from = "Count"
to = "Sum"

[[migrations]]
tag = "v3"
[[migrations.renamed_classes]]
from = "Sum"
to = "Tally"
`)
	plan = p.plan(g)
	want = &migrate.Upload{OldTag: "v1", NewTag: "v3", Steps: []migrate.Step{
		{RenamedClasses: []migrate.Rename{{From: "Count", To: "Sum"}}},
		{RenamedClasses: []migrate.Rename{{From: "Sum", To: "Tally"}}},
	}, Tags: []string{"v2", "v3"}}
	if diff := cmp.Diff(want, plan.Migrations); diff != "" || plan.Tag != "v1" {
		t.Errorf("third plan (-want +got):\n%s", diff)
	}
	stale := p.plan(g)
	apply(t, plan, g)
	g.says("count", "/", "Tally 3")
	if got := g.tag("count"); got != "v3" {
		t.Errorf("tag %q", got)
	}

	// A plan that was made before somebody else published is refused.
	_, err = stale.Apply(t.Context(), g)
	if !cfapi.HasCode(err, cfapi.CodeMigrationTag) || !strings.HasPrefix(err.Error(), "publish count: ") {
		t.Errorf("stale plan: %v", err)
	}
	g.says("count", "/", "Tally 4")
}

// A list that no longer has the applied tag is a problem with a place, before
// anything is sent.
func TestTagVanished(t *testing.T) {
	g, p := newTarget(t), newProject(t)
	p.write("Count", v1)
	apply(t, p.plan(g), g)
	for _, tt := range []struct {
		name, migrations, code, place string
	}{
		{"renamed tag", strings.Replace(v1, "v1", "first", 1), "migration-tag-unknown", "wrangler.toml:7:7"},
		{"no list", "", "migrations-missing", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p.write("Count", tt.migrations)
			w, built := load(t, p.dir)
			plan, diags, err := publish.NewPlan(t.Context(), g, w, built, publish.Options{})
			if err != nil || plan != nil || len(diags) != 1 {
				t.Fatalf("got %+v, %v, %v; want one diagnostic", plan, diags, err)
			}
			d := diags[0]
			if d.Severity != diag.Error || d.Code != tt.code || d.Location.String() != tt.place || !strings.Contains(d.Message, `"v1"`) || d.Hint == "" {
				t.Errorf("diagnostic %+v", d)
			}
		})
	}
	if got := g.tag("count"); got != "v1" {
		t.Errorf("tag %q", got)
	}
}

// A refusal names the script and says why; what was served goes on.
func TestApplyRefused(t *testing.T) {
	g, p := newTarget(t), newProject(t)
	p.write("Count", v1)
	apply(t, p.plan(g), g)
	p.write("Other", v1) // and no migration for it
	_, err := p.plan(g).Apply(t.Context(), g)
	if !cfapi.HasCode(err, cfapi.CodeClassStillInUse) || !strings.HasPrefix(err.Error(), "publish count: ") {
		t.Errorf("got %v", err)
	}
	g.says("count", "/", "Count 1")
}

// fakeTarget answers as a target that has what nobody can make locally.
type fakeTarget struct {
	service *cfapi.Service
	err     error
}

func (f fakeTarget) Service(context.Context, string) (*cfapi.Service, error) { return f.service, f.err }

func (f fakeTarget) PutScript(context.Context, string, cfapi.Form) (*cfapi.ScriptUpload, error) {
	return nil, errors.New("nothing may be sent")
}

func TestServiceAnswers(t *testing.T) {
	refused := func(code int) error {
		return fmt.Errorf("wrapped: %w", &cfapi.APIError{Status: 404, Errors: []cfapi.Error{{Code: code, Message: "no"}}})
	}
	w := &config.Worker{Name: "s", Migrations: []migrate.Migration{{Tag: "v1"}}}
	for _, tt := range []struct {
		name   string
		target fakeTarget
		isNew  bool
		fails  bool
	}{
		{name: "no script", target: fakeTarget{err: refused(10007)}, isNew: true},
		{name: "no service", target: fakeTarget{err: refused(10090)}, isNew: true},
		{name: "no environment", target: fakeTarget{err: refused(10092)}, isNew: true},
		{name: "a draft without code", target: fakeTarget{service: &cfapi.Service{ID: "s"}}},
		{name: "wrong token", target: fakeTarget{err: refused(10000)}, fails: true},
		{name: "another 404", target: fakeTarget{err: refused(7003)}, fails: true},
		{name: "no answer", target: fakeTarget{err: context.DeadlineExceeded}, fails: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			plan, diags, err := publish.NewPlan(t.Context(), tt.target, w, &bundle.Result{Main: "index.js"}, publish.Options{})
			switch {
			case tt.fails && (plan != nil || diags != nil || !errors.Is(err, tt.target.err)):
				t.Errorf("got %+v, %v, %v; want the target's error", plan, diags, err)
			case !tt.fails && (err != nil || plan == nil || plan.New != tt.isNew || plan.Tag != "" || plan.Migrations == nil):
				t.Errorf("got %+v, %v", plan, err)
			}
		})
	}
}

// The same with the real API and the real network.
func TestNewPlanFails(t *testing.T) {
	g := newTarget(t)
	w := &config.Worker{Name: "s"}
	g.Token = strings.Repeat("0", 64)
	plan, _, err := publish.NewPlan(t.Context(), g, w, &bundle.Result{}, publish.Options{})
	if plan != nil || !cfapi.HasCode(err, cfapi.CodeAuthentication) || strings.Contains(err.Error(), g.Token) {
		t.Errorf("wrong token: %+v, %v", plan, err)
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	g.BaseURL = gone.URL
	if plan, _, err := publish.NewPlan(t.Context(), g, w, &bundle.Result{}, publish.Options{}); plan != nil || err == nil {
		t.Errorf("no server: %+v, %v", plan, err)
	}
}
