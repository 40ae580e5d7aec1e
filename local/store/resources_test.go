package store

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Resources come with a publish, or not at all.
func TestResources(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	p := publication("w")
	p.Resources = []Resource{{Key: "r1", Kind: "kv_namespace", ID: "a", Name: "first"}, {Key: "r2", Kind: "d1", ID: "a", Name: "db"}}
	d, err := s.Publish(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	p.ExpectDeployment, p.Migration = d.Deployment.ID, nil
	p.Resources = []Resource{{Key: "r3", Kind: "d1", ID: "b"}, {Key: "r4", Kind: "kv_namespace", ID: "a"}}
	if _, err := s.Publish(t.Context(), p); err == nil {
		t.Error("two resources of a kind have one id")
	}
	if list, err := s.Versions(t.Context(), "w"); err != nil || len(list) != 1 {
		t.Errorf("versions %v, %v", list, err)
	}
	changes := s.Changes() // what is kept of the state goes by their number
	if err := s.RenameResource(t.Context(), "r1", "second"); err != nil || s.Changes() == changes {
		t.Errorf("rename: %v, %d changes", err, s.Changes())
	}
	changes = s.Changes()
	if err := s.DeleteResource(t.Context(), "r2"); err != nil || s.Changes() == changes {
		t.Errorf("delete: %v, %d changes", err, s.Changes())
	}
	for name, err := range map[string]error{
		"rename": s.RenameResource(t.Context(), "r2", "x"), "delete": s.DeleteResource(t.Context(), "r2"), "unknown": s.DeleteResource(t.Context(), "r9"),
	} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("%s what is not there: %v", name, err)
		}
	}
	have, err := s.Resources(t.Context())
	if err != nil || len(have) != 1 || have[0].Name != "second" || have[0].CreatedOn.IsZero() || !have[0].DeletedOn.IsZero() {
		t.Errorf("resources %+v, %v", have, err)
	}
	gone, err := s.DeletedResources(t.Context())
	if err != nil || len(gone) != 1 || gone[0].Key != "r2" || gone[0].DeletedOn.IsZero() {
		t.Errorf("deleted %+v, %v", gone, err)
	}
	if err := s.ForgetResource(t.Context(), "r1"); err != nil {
		t.Error(err)
	}
	if err := s.ForgetResource(t.Context(), "r2"); err != nil {
		t.Error(err)
	}
	if after, err := s.Resources(t.Context()); err != nil || !cmp.Equal(after, have) {
		t.Errorf("what is in use was forgotten: %+v, %v", after, err)
	}
	if gone, err := s.DeletedResources(t.Context()); err != nil || len(gone) != 0 {
		t.Errorf("not forgotten: %+v, %v", gone, err)
	}
}

// Of a version that was stored before entrypoints were, they are not known.
func TestEntrypointsMayBeUnknown(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	for script, want := range map[string][]string{"unknown": nil, "none": {}, "one": {"Api"}} {
		p := publication(script)
		p.Version.Entrypoints = want
		p.Namespaces, p.Migration = nil, nil
		d, err := s.Publish(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, d.Version.Entrypoints); diff != "" {
			t.Errorf("%s (-want +got):\n%s", script, diff)
		}
	}
}
