package local_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"paddock/internal/cfapi"
	"paddock/local"
	"paddock/migrate"
)

// uploadVersion uploads a version and expects success.
func (r *rig) uploadVersion(up local.Upload) local.Version {
	r.t.Helper()
	v, err := r.UploadVersion(r.t.Context(), up)
	if err != nil {
		r.t.Fatalf("upload a version of %s: %v", up.Script, err)
	}
	return v
}

// deploy puts a version in force and expects success.
func (r *rig) deploy(script, version string) {
	r.t.Helper()
	if _, err := r.Deploy(r.t.Context(), whole(script, version)); err != nil {
		r.t.Fatalf("deploy version %s of %s: %v", version, script, err)
	}
}

func whole(script, version string) local.DeployRequest {
	return local.DeployRequest{Script: script, Source: "test", Shares: []local.Share{{Version: version, Percentage: 100}}}
}

// wantRefusal expects a refusal with a code, that says what it must, and that
// nothing has changed since before.
func (r *rig) wantRefusal(err error, code int, before snapshot, says ...string) {
	r.t.Helper()
	if diff := cmp.Diff(before, r.snapshot()); diff != "" {
		r.t.Errorf("what was refused changed something (-before +after):\n%s", diff)
	}
	have, message := 0, ""
	if refusal, ok := errors.AsType[*local.Refusal](err); ok {
		have, message = refusal.Code, refusal.Message
	} else if refusal, ok := errors.AsType[*migrate.Refusal](err); ok {
		have, message = refusal.Code, refusal.Message
	}
	if have != code {
		r.t.Errorf("got %v (code %d), want a refusal with code %d", err, have, code)
	}
	for _, part := range says {
		if !strings.Contains(message, part) {
			r.t.Errorf("the refusal %q does not say %q", message, part)
		}
	}
}

func TestUploadedVersionIsNotServed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := open(t, dir)
	r.publish(counter("counter", text("VERSION", "1")))
	pid := r.pid("counter")
	r.count("counter", 2)
	v := r.uploadVersion(recount("counter", "2"))
	if v.Number != 2 || v.ID == "" || v.Author == "" || v.TriggeredBy != "upload" || len(v.Modules) != 1 {
		t.Errorf("uploaded %+v", v)
	}
	r.wantBody("counter", "/version", "1")
	if r.pid("counter") != pid {
		t.Error("an upload has swapped the engine")
	}
	list, err := r.Versions(t.Context(), "counter")
	if err != nil || len(list) != 2 || list[0].ID != v.ID || list[1].Number != 1 {
		t.Errorf("versions %+v, %v", list, err)
	}
	r.close()

	r = open(t, dir)
	r.wantBody("counter", "/version", "1")
	r.deploy("counter", v.ID)
	r.wantBody("counter", "/version", "2")
	r.wantBody("counter", "/increment", "3")
	deployments, err := r.Deployments(t.Context(), "counter")
	if err != nil || len(deployments) != 2 || deployments[0].Version != v.ID || deployments[0].TriggeredBy != "" {
		t.Errorf("deployments %+v, %v", deployments, err)
	}
}

func TestVersionUploadsAreRefused(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	if _, err := r.UploadVersion(t.Context(), recount("counter", "1")); !errors.Is(err, local.ErrNotFound) {
		t.Errorf("version of a script that is not there: %v", err)
	}
	r.publish(counter("counter"))
	two := counterJS + "\nexport class Second extends Counter {}"
	for name, c := range map[string]struct {
		up   local.Upload
		code int
		says string
	}{
		"migrations":  {recount("counter", "2", migrates("v1", "v2", migrate.Step{NewClasses: []string{"Second"}})), cfapi.CodeMigrationInVersion, "migrations must be fully applied"},
		"new class":   {upload("counter", two, binds("Second", "")), cfapi.CodeClassNotMigrated, `"Second"`},
		"lost class":  {upload("counter", "export default { fetch() {} }"), cfapi.CodeClassStillInUse, "'Counter'"},
		"throws":      {upload("counter", "throw new Error('not today')"), cfapi.CodeValidationFailed, "not today"},
		"other class": {upload("counter", counterJS, binds("Nobody", "")), cfapi.CodeBindingClass, `"Nobody"`},
	} {
		before := r.snapshot()
		_, err := r.UploadVersion(t.Context(), c.up)
		t.Log(name)
		r.wantRefusal(err, c.code, before, c.says)
	}
	if list, err := r.Versions(t.Context(), "counter"); err != nil || len(list) != 1 {
		t.Errorf("refused uploads left versions: %+v, %v", list, err)
	}
}

func TestDeploymentsThatCannotBeMeant(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	v := r.publish(counter("counter")).Version.ID
	before := r.snapshot()
	for _, c := range []struct {
		shares []local.Share
		code   int
	}{
		{nil, cfapi.CodeMalformedBody},
		{[]local.Share{{v, 50}}, cfapi.CodeMalformedBody},
		{[]local.Share{{v, -100}}, cfapi.CodeMalformedBody},
		{[]local.Share{{v, 50}, {v, 50}}, cfapi.CodeMalformedBody},
		{[]local.Share{{"nothing", 100}}, cfapi.CodeNoVersion},
	} {
		_, err := r.Deploy(t.Context(), local.DeployRequest{Script: "counter", Shares: c.shares})
		r.wantRefusal(err, c.code, before)
	}
	other := r.publish(counter("other")).Version.ID
	before = r.snapshot()
	_, err := r.Deploy(t.Context(), whole("counter", other))
	r.wantRefusal(err, cfapi.CodeNoVersion, before)
	if _, err := r.Deploy(t.Context(), whole("nobody", v)); !errors.Is(err, local.ErrNotFound) {
		t.Errorf("deploy a script that is not there: %v", err)
	}
}

// A version from before a migration is put in force again only if it finds
// what it needs.
func TestOldVersionsAndMigrations(t *testing.T) {
	t.Parallel()
	both := counterJS + "\nexport class Tally extends Counter {}"
	for name, c := range map[string]struct {
		old, published local.Upload
		code           int // 0: the old version works
		says           []string
	}{
		"renamed away": {
			counter("w"), upload("w", renamed("Tally"), binds("Tally", ""), migrates("v1", "v2", rename("Counter", "Tally"))),
			cfapi.CodeClassStillInUse, []string{`"Tally"`, `the migration "v2"`, "version 1"},
		},
		"renamed to a class that it has": {
			upload("w", both, binds("Counter", ""), creates("Counter")),
			upload("w", both, binds("Tally", ""), migrates("v1", "v2", rename("Counter", "Tally"))), 0, nil,
		},
		"a new class": {
			counter("w"), upload("w", both, binds("Counter", ""), migrates("v1", "v2", migrate.Step{NewClasses: []string{"Tally"}})),
			cfapi.CodeClassStillInUse, []string{`"Tally"`, `the migration "v2"`},
		},
		"deleted": {
			counter("w"), upload("w", "export default { fetch() {} }", migrates("v1", "v2", migrate.Step{DeletedClasses: []string{"Counter"}})),
			cfapi.CodeBindingClass, []string{`binding "COUNTER"`, `class "Counter"`, `the migration "v2"`},
		},
		"deleted, exported and not bound": {
			upload("w", counterJS, creates("Counter")),
			upload("w", "export default { fetch() {} }", migrates("v1", "v2", migrate.Step{DeletedClasses: []string{"Counter"}})),
			cfapi.CodeBindingClass, []string{`exports the class "Counter"`, `the migration "v2"`},
		},
		"deleted and made again": {
			counter("w"),
			upload("w", counterJS, binds("Counter", ""), migrates("v1", "v3",
				migrate.Step{DeletedClasses: []string{"Counter"}}, migrate.Step{NewSQLiteClasses: []string{"Counter"}})),
			cfapi.CodeBindingClass, []string{`class "Counter"`, `the migration "v3"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := open(t, t.TempDir())
			old := r.publish(c.old).Version.ID
			if c.code == 0 {
				r.count("w", 2)
			}
			r.publish(c.published)
			before := r.snapshot()
			if c.code != 0 {
				_, err := r.Deploy(t.Context(), whole("w", old))
				r.wantRefusal(err, c.code, before, c.says...)
				return
			}
			r.deploy("w", old)
			r.wantBody("w", "/increment", "3")
		})
	}
}

// Objects that were given away stay within reach of the version that bound
// them.
func TestOldVersionReachesTransferredObjects(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	old := r.publish(counter("from")).Version.ID
	r.count("from", 2)
	r.publish(upload("to", renamed("Taken"), binds("Taken", ""), migrates("", "t1", transfer("Counter", "from", "Taken"))))
	r.publish(upload("from", "export default { fetch() { return new Response('empty') } }"))
	r.deploy("from", old)
	r.wantBody("from", "/increment", "3")
	r.wantBody("to", "/", "3")
	list, err := r.Deployments(t.Context(), "from")
	if err != nil || list[0].TriggeredBy != "rollback" {
		t.Errorf("deployments %+v, %v", list, err)
	}
}
