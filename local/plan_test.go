package local_test

import (
	"errors"
	"slices"
	"testing"

	"paddock/internal/cfapi"
	"paddock/local"
	"paddock/migrate"
)

// A plan says what a publish then does, and does nothing.
func TestPlanIsWhatPublishDoes(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(counter("counter"))
	r.publish(upload("viewer", counterJS, binds("Counter", "counter")))
	for _, name := range []string{"A", "B", "C"} {
		r.get("counter", "/increment?name="+name)
	}
	up := upload("counter", renamed("Tally")+"\nexport class Log {}\n", binds("Tally", ""),
		migrates("v1", "v2", rename("Counter", "Tally"), migrate.Step{NewSQLiteClasses: []string{"Log"}}))
	before := r.snapshot()
	plan, err := r.Plan(t.Context(), up, []string{"default", "Tally", "Log"})
	if err != nil {
		t.Fatal(err)
	}
	r.same(before)
	if plan.Tag != "v1" || plan.NewTag != "v2" || len(plan.Effects) != 2 {
		t.Fatalf("plan %+v", plan)
	}
	e := plan.Effects[0]
	if e.Kind != "rename" || e.Class != "Counter" || e.To != "Tally" || e.Step != 0 || e.New || e.Objects != 3 || e.Bytes == 0 || !slices.Equal(e.BoundBy, []string{"viewer"}) {
		t.Errorf("first effect %+v", e)
	}
	if e := plan.Effects[1]; e.Kind != "create" || e.Class != "Log" || !e.SQLite || e.Step != 1 || !e.New || e.Objects != 0 || e.BoundBy != nil {
		t.Errorf("second effect %+v", e)
	}
	p := r.publish(up)
	for i, e := range p.Effects {
		want := plan.Effects[i].Effect
		if want.Kind == "create" {
			want.Key = e.Key // which is made anew each time
		}
		if e != want {
			t.Errorf("planned %+v, did %+v", want, e)
		}
	}
}

// What would be refused is refused, without the code.
func TestPlanRefuses(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(counter("counter"))
	for _, tt := range []struct {
		name    string
		up      local.Upload
		exports []string
		code    int
	}{
		{"another tag", upload("counter", "", migrates("v0", "v2")), []string{"Counter"}, 10079},
		{"an export is lost", upload("counter", ""), []string{"default"}, 10064},
		{"not exported", upload("counter", "", migrates("v1", "v2", rename("Counter", "Tally"))), []string{"Counter"}, 10070},
		{"exists already", upload("counter", "", migrates("v1", "v2", migrate.Step{NewClasses: []string{"Counter"}})), []string{"Counter"}, 10074},
		{"a binding without a class", upload("new", "", binds("Missing", "")), nil, 10061},
		{"a binding to another script's class", upload("new", "", binds("Missing", "counter")), nil, 10061},
		{"a binding to nobody", upload("new", "", binds("Counter", "nobody")), nil, 10061},
		{"no name of a script", upload("No Name", ""), nil, cfapi.CodeInvalidScriptName},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := r.Plan(t.Context(), tt.up, tt.exports)
			code := 0
			if refusal, ok := errors.AsType[*local.Refusal](err); ok {
				code = refusal.Code
			} else if refusal, ok := errors.AsType[*migrate.Refusal](err); ok {
				code = refusal.Code
			}
			if code != tt.code {
				t.Errorf("%v, want code %d", err, tt.code)
			}
		})
	}
}

// What single entries did is remembered for those who tell their tags, and
// the tag alone for the others.
func TestHistory(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	step := migrate.Step{NewSQLiteClasses: []string{"Counter"}}
	up := counter("counter")
	up.Form.Metadata.Paddock = &cfapi.UploadExtras{Entries: []cfapi.MigrationEntry{{Tag: "v1", Digest: step.Digest()}}}
	r.publish(up)
	r.publish(upload("counter", renamed("Tally"), binds("Tally", ""), migrates("v1", "v2", rename("Counter", "Tally"))))
	h, err := r.History(t.Context(), "counter")
	if err != nil || len(h.Uploads) != 2 || len(h.Entries) != 2 {
		t.Fatalf("history %+v, %v", h, err)
	}
	if e := h.Entries[0]; e.Tag != "v1" || e.Digest != step.Digest() || e.Step == nil || e.Step.Digest() != step.Digest() {
		t.Errorf("first entry %+v", e)
	}
	if e := h.Entries[1]; e.Tag != "v2" || e.Digest != "" || e.Step != nil {
		t.Errorf("second entry %+v", e)
	}
	if u := h.Uploads[1]; u.OldTag != "v1" || u.NewTag != "v2" || u.VersionNumber != 2 || u.Source != "test" {
		t.Errorf("second upload %+v", u)
	}
	if _, err := r.History(t.Context(), "nobody"); !errors.Is(err, local.ErrNotFound) {
		t.Errorf("of a script that is not there: %v", err)
	}

	// Steps that mean something else to their client are not applied.
	bad := upload("counter", renamed("Tally"), binds("Tally", ""), migrates("v2", "v3", migrate.Step{}))
	bad.Form.Metadata.Paddock = &cfapi.UploadExtras{Entries: []cfapi.MigrationEntry{{Tag: "v3", Digest: step.Digest()}}}
	r.refused(bad, cfapi.CodeMalformedBody)
	bad.Form.Metadata.Paddock.Entries = append(bad.Form.Metadata.Paddock.Entries, bad.Form.Metadata.Paddock.Entries...)
	r.refused(bad, cfapi.CodeMalformedBody)
}
