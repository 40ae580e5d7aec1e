package store

import (
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
)

// deleted returns a store whose script w had the classes A and B, and lost them.
func deleted(t *testing.T) *Store {
	t.Helper()
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	p := publication("w")
	p.Namespaces = []Namespace{{Key: "k1", Script: "w", Class: "A", SQLite: true}, {Key: "k2", Script: "w", Class: "B"}}
	d, err := s.Publish(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	p = publication("w")
	p.ExpectDeployment = d.Deployment.ID
	p.Namespaces, p.Deleted = []Namespace{{Key: "k3", Script: "w", Class: "A"}}, []Namespace{{Key: "k1"}, {Key: "k2"}}
	if _, err = s.Publish(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRestore(t *testing.T) {
	s := deleted(t)
	if err := s.Restore(t.Context(), "k1", "A", ""); !errors.Is(err, ErrTaken) {
		t.Errorf("restore under a label that is taken: %v", err)
	}
	for _, key := range []string{"k3", "k9"} {
		if err := s.Restore(t.Context(), key, "C", ""); !errors.Is(err, ErrNotFound) {
			t.Errorf("restore %s, which is not deleted: %v", key, err)
		}
	}
	if err := s.Restore(t.Context(), "k1", "C", ""); err != nil {
		t.Fatal(err)
	}
	list, err := s.Namespaces(t.Context())
	if err != nil || len(list) != 2 || list[1].Key != "k1" || list[1].Class != "C" || !list[1].SQLite || !list[1].DeletedOn.IsZero() {
		t.Errorf("namespaces %+v, %v", list, err)
	}
}

// What takes the place of another namespace is bound where that was.
func TestRestoreInPlace(t *testing.T) {
	s := deleted(t)
	d, err := s.DeployedScript(t.Context(), "w")
	if err != nil {
		t.Fatal(err)
	}
	p := publication("w")
	p.ExpectDeployment = d.Deployment.ID
	p.Namespaces = []Namespace{{Key: "k3", Script: "w", Class: "A"}}
	p.Version.Bindings = []Binding{{Name: "A", Type: "durable_object_namespace", Class: "A", Namespace: "k3"}}
	if _, err := s.Publish(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if err := s.Restore(t.Context(), "k1", "A", "k9"); !errors.Is(err, ErrNotFound) {
		t.Errorf("in place of what is not there: %v", err)
	}
	if err := s.Restore(t.Context(), "k9", "A", "k3"); !errors.Is(err, ErrNotFound) {
		t.Errorf("restore what is not there: %v", err)
	}
	if err := s.Restore(t.Context(), "k1", "A", "k3"); err != nil {
		t.Fatal(err)
	}
	live, err := s.Namespaces(t.Context())
	if err != nil || len(live) != 1 || live[0].Key != "k1" {
		t.Errorf("namespaces %+v, %v", live, err)
	}
	d, err = s.DeployedScript(t.Context(), "w")
	if err != nil || len(d.Version.Bindings) != 1 || d.Version.Bindings[0].Namespace != "k1" {
		t.Errorf("bindings %+v, %v", d.Version.Bindings, err)
	}
}

func TestPurge(t *testing.T) {
	s := deleted(t)
	for _, keys := range [][]string{{"k1", "k3"}, {"k1", "k9"}} {
		if err := s.Purge(t.Context(), keys...); !errors.Is(err, ErrNotFound) {
			t.Errorf("purge %v: %v", keys, err)
		}
	}
	if err := s.Forget(t.Context(), "k1"); err != nil {
		t.Fatal(err)
	}
	if err := s.Purge(t.Context(), "k1"); err != nil {
		t.Fatal(err)
	}
	if err := s.Purge(t.Context(), "k1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("purge twice: %v", err)
	}
	if err := s.Restore(t.Context(), "k1", "C", ""); !errors.Is(err, ErrNotFound) {
		t.Errorf("restore what is purged: %v", err)
	}
	list, err := s.DeletedNamespaces(t.Context())
	if err != nil || len(list) != 2 || !list[0].Purged || list[1].Purged || list[0].DeletedOn.IsZero() {
		t.Errorf("deleted %+v, %v", list, err)
	}
	if err := s.Forget(t.Context(), "k1"); err != nil {
		t.Fatal(err)
	}
	if list, err := s.DeletedNamespaces(t.Context()); err != nil || len(list) != 1 || list[0].Key != "k2" {
		t.Errorf("deleted %+v, %v", list, err)
	}
}

// A state of the first version is read: its migrations are known by their
// tags, and its deleted namespaces are in the trash.
func TestStateOfVersionOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	const at = "2026-11-01T00:00:00.000000Z"
	_, err = db.Exec(schema[0] + `
		INSERT INTO scripts VALUES ('w', 'x', 'v1', 0, '` + at + `', '` + at + `');
		INSERT INTO versions VALUES ('id', 'w', 1, '` + at + `', 'paddock', '', '', 'index.js', '', '[]', '[]', '[]', '[]', 1);
		INSERT INTO namespaces VALUES ('k1', 'w', 'A', 1, '` + at + `', '` + at + `');
		INSERT INTO applied_migrations VALUES ('w', 1, 'id', '', 'v1', '[{}]', '` + at + `');
		PRAGMA user_version = 1;`)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	applied, err := s.AppliedMigrations(t.Context(), "w")
	if err != nil || len(applied) != 1 || applied[0].NewTag != "v1" || string(applied[0].Entries) != "[]" || applied[0].Source != "paddock" {
		t.Errorf("applied %+v, %v", applied, err)
	}
	gone, err := s.DeletedNamespaces(t.Context())
	if err != nil || len(gone) != 1 || gone[0].Purged {
		t.Errorf("deleted %+v, %v", gone, err)
	}
}
