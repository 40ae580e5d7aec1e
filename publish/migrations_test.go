package publish_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"paddock/internal/cfapi"
	"paddock/migrate"
	"paddock/publish"
)

const v2 = v1 + "\n[[migrations]]\ntag = \"v2\"\nrenamed_classes = [{ from = \"Count\", to = \"Tally\" }]\n"

// The target is asked what it would do, and told what it does.
func TestPlanOfTheTarget(t *testing.T) {
	g, p := newTarget(t), newProject(t)
	p.write("Count", v1)
	plan := p.plan(g)
	if n := plan.Namespaces; n == nil || n.NewTag != "v1" || len(n.Effects) != 1 || n.Effects[0].Tag != "v1" || n.Effects[0].Namespace != "" {
		t.Errorf("first plan %+v", n)
	}
	apply(t, plan, g)
	g.says("count", "/", "Count 1")
	p.write("Tally", v2)
	plan = p.plan(g)
	if n := plan.Namespaces; n == nil || n.OldTag != "v1" || len(n.Effects) != 1 || n.Effects[0].Tag != "v2" || n.Effects[0].Objects != 1 {
		t.Errorf("second plan %+v", n)
	}
	apply(t, plan, g)
	if plan := p.plan(g); plan.Namespaces != nil || plan.Migrations != nil || plan.Form.Metadata.Paddock != nil {
		t.Errorf("nothing is pending, and the plan is %+v", plan)
	}

	// An entry that was applied is not edited without a word.
	p.write("Tally", strings.Replace(v2, "new_classes", "new_sqlite_classes", 1))
	w, built := load(t, p.dir)
	_, diags, err := publish.NewPlan(t.Context(), g, w, built, publish.Options{})
	if err != nil || len(diags) != 1 || diags[0].Code != "migration-edited" || diags[0].Location.Line != 7 {
		t.Errorf("edited: %v, %v", diags, err)
	}
}

// What a runtime would refuse is known before anything is sent.
func TestPlanIsRefused(t *testing.T) {
	g, p := newTarget(t), newProject(t)
	p.write("Count", strings.Replace(v1, "Count", "Missing", 1))
	plan := p.plan(g)
	if plan.Refused == nil || plan.Refused.Errors[0].Code != cfapi.CodeClassNotExported {
		t.Errorf("refused %v", plan.Refused)
	}
	w, built := load(t, p.dir)
	empty, _, err := publish.NewPlan(t.Context(), publish.Empty{}, w, built, publish.Options{})
	if err != nil || empty.Refused == nil {
		t.Fatalf("on an empty target: %+v, %v", empty, err)
	}
	if diff := cmp.Diff(plan.Refused.Errors, empty.Refused.Errors); diff != "" {
		t.Errorf("an empty target refuses in another way (-runtime +empty):\n%s", diff)
	}
}

// A target that has no word for plans gets Cloudflare's upload and no more,
// and the plan is what the steps say.
func TestOtherTargets(t *testing.T) {
	local, p := newTarget(t), newProject(t)
	p.write("Count", v1)
	// The same target without what only a paddock has.
	var sent cfapi.Form
	g := newTarget(t)
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/paddock/") {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"success":false,"errors":[{"code":7003,"message":"Could not route to the path"}],"messages":[],"result":null}`)
			return
		}
		if r.Method == http.MethodPut {
			form, err := cfapi.DecodeForm(r, cfapi.DefaultLimits)
			if err != nil {
				t.Error(err)
			}
			sent = form
			fmt.Fprint(w, `{"success":true,"result":{"id":"count"}}`)
			return
		}
		fmt.Fprint(w, `{"success":false,"errors":[{"code":10007,"message":"not found"}],"messages":[],"result":null}`)
	}))
	defer door.Close()
	g.BaseURL = door.URL
	plan := p.plan(g)
	want := []cfapi.PlanEffect{{Kind: "create", Tag: "v1", Class: "Count"}}
	if diff := cmp.Diff(want, plan.Namespaces.Effects); diff != "" || plan.Refused != nil {
		t.Errorf("plan (-want +got):\n%s, refused %v", diff, plan.Refused)
	}
	if _, err := plan.Apply(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	if sent.Metadata.Migrations == nil || sent.Metadata.Paddock != nil {
		t.Errorf("sent %+v", sent.Metadata)
	}
	if plan := p.plan(local); plan.Form.Metadata.Paddock == nil || len(plan.Form.Metadata.Paddock.Entries) != 1 {
		t.Errorf("a paddock gets %+v", plan.Form.Metadata.Paddock)
	}
}

// The flags replace the list; their order of effects is that of the runtime.
func TestAdhocMigrations(t *testing.T) {
	g, p := newTarget(t), newProject(t)
	p.write("Count", strings.Replace(v1, "Count", "Ignored", 1))
	w, built := load(t, p.dir)
	opts := publish.Options{Adhoc: migrate.Adhoc{NewTag: "cli", Step: migrate.Step{NewClasses: []string{"Count"}}}}
	plan, diags, err := publish.NewPlan(t.Context(), g, w, built, opts)
	if err != nil || len(diags) > 0 || plan.Form.Metadata.Paddock != nil {
		t.Fatal(plan, diags, err)
	}
	apply(t, plan, g)
	g.says("count", "/", "Count 1")
	if got := g.tag("count"); got != "cli" {
		t.Errorf("tag %q", got)
	}
	_, diags, err = publish.NewPlan(t.Context(), g, w, built, opts)
	if err != nil || len(diags) != 1 || diags[0].Code != "old-tag-missing" {
		t.Errorf("again: %v, %v", diags, err)
	}
}

// A class is not deleted while the configuration still binds it, which is
// found at the binding, before anything is sent.
func TestDeleteOfABoundClass(t *testing.T) {
	g, p := newTarget(t), newProject(t)
	p.write("Count", v1)
	apply(t, p.plan(g), g)
	p.write("Count", v1+"[[migrations]]\ntag = \"v2\"\ndeleted_classes = [\"Count\"]\n")
	w, built := load(t, p.dir)
	_, diags, err := publish.NewPlan(t.Context(), g, w, built, publish.Options{})
	if err != nil || len(diags) != 1 || diags[0].Location.Line != 4 ||
		diags[0].Message != "Cannot apply --delete-class migration to class Count without also removing the binding that references it" {
		t.Errorf("got %+v, %v", diags, err)
	}
	// Deleted and made anew is another class of the same name, and may be bound.
	p.write("Count", v1+"[[migrations]]\ntag = \"v2\"\ndeleted_classes = [\"Count\"]\nnew_classes = [\"Count\"]\n")
	plan := p.plan(g)
	kinds := func() (list []string) {
		for _, e := range plan.Namespaces.Effects {
			list = append(list, e.Kind)
		}
		return list
	}
	if got := kinds(); !slices.Equal(got, []string{"delete", "create"}) {
		t.Errorf("effects %v", got)
	}
}

func TestEmptyTakesNothing(t *testing.T) {
	if _, err := (publish.Empty{}).PutScript(context.Background(), "w", cfapi.Form{}); err == nil {
		t.Error("something was published to nowhere")
	}
}
