package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func open(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func publication(script string) Publication {
	return Publication{
		ScriptTag: "0123456789abcdef0123456789abcdef",
		Version: Version{
			Script: script, Source: "paddock", MainModule: "index.js", CompatibilityDate: "2021-11-02",
			Handlers: []string{"fetch"}, Classes: []string{"Counter"},
			Bindings: []Binding{{Name: "COUNTER", Type: "durable_object_namespace", Class: "Counter", Namespace: "k1"},
				{Name: "J", Type: "json", JSON: json.RawMessage(`{"a":1}`)}},
			Modules: []Module{{Name: "index.js", Type: "application/javascript+module", SHA256: "ab", Size: 2}},
		},
		Namespaces: []Namespace{{Key: "k1", Script: script, Class: "Counter", SQLite: true}},
		Migration:  &AppliedMigration{NewTag: "v1", Steps: json.RawMessage(`[{"new_classes":["Counter"]}]`)},
	}
}

func TestPublishSurvivesReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a folder with ? and #", "state.db")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	out, err := s.Publish(t.Context(), publication("counter"))
	if err != nil {
		t.Fatal(err)
	}
	if out.Version.Number != 1 || out.Script.MigrationTag != "v1" || len(out.Version.Modules) != 1 {
		t.Errorf("published %+v", out)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, path)
	got, err := again.DeployedScript(t.Context(), "counter")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(out, got); diff != "" {
		t.Errorf("after reopening (-written +read):\n%s", diff)
	}
	applied, err := again.AppliedMigrations(t.Context(), "counter")
	if err != nil || len(applied) != 1 || applied[0].NewTag != "v1" || string(applied[0].Steps) != `[{"new_classes":["Counter"]}]` {
		t.Errorf("applied migrations = %+v, %v", applied, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the state file = %v, %v", info.Mode(), err)
	}
}

func TestPublishIsRefusedWhenTheScriptMovedOn(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	first, err := s.Publish(t.Context(), publication("counter"))
	if err != nil {
		t.Fatal(err)
	}
	p := publication("counter")
	p.Migration, p.ExpectDeployment = nil, ""
	if _, err := s.Publish(t.Context(), p); !errors.Is(err, ErrConflict) {
		t.Fatalf("publish planned for a new script: %v", err)
	}
	p.ExpectDeployment = first.Deployment.ID
	second, err := s.Publish(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if second.Version.Number != 2 || !second.Deployment.CreatedOn.After(first.Deployment.CreatedOn) {
		t.Errorf("second publish = %+v", second)
	}
	list, err := s.Deployments(t.Context(), "counter")
	if err != nil || len(list) != 2 || list[0].ID != second.Deployment.ID {
		t.Errorf("deployments = %+v, %v", list, err)
	}
}

func TestLabelsMayBeSwapped(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	p := publication("w")
	p.Namespaces = []Namespace{{Key: "k1", Script: "w", Class: "A"}, {Key: "k2", Script: "w", Class: "B"}}
	d, err := s.Publish(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	p = publication("w")
	p.ExpectDeployment = d.Deployment.ID
	p.Namespaces = []Namespace{{Key: "k1", Script: "w", Class: "B"}, {Key: "k2", Script: "w", Class: "A"}}
	if d, err = s.Publish(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if got := labels(t, s); !cmp.Equal(got, map[string]string{"k1": "w/B", "k2": "w/A"}) {
		t.Errorf("labels = %v", got)
	}
	p.ExpectDeployment = d.Deployment.ID
	p.Namespaces = p.Namespaces[:1]
	if _, err := s.Publish(t.Context(), p); err == nil {
		t.Fatal("a namespace vanished without having been deleted")
	}
	p.Deleted = []Namespace{{Key: "k2"}}
	if _, err := s.Publish(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	gone, err := s.DeletedNamespaces(t.Context())
	if err != nil || len(gone) != 1 || gone[0].Key != "k2" || gone[0].Class != "A" {
		t.Errorf("deleted = %+v, %v", gone, err)
	}
}

func labels(t *testing.T, s *Store) map[string]string {
	t.Helper()
	list, err := s.Namespaces(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]string{}
	for _, n := range list {
		m[n.Key] = n.Script + "/" + n.Class
	}
	return m
}

func TestNewerStateIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := open(t, path)
	if err := s.write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec("PRAGMA user_version = 99")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	s.Close()
	_, err := Open(context.Background(), path, Options{})
	var newer *NewerError
	if !errors.As(err, &newer) || newer.Have != 99 {
		t.Fatalf("open a newer state: %v", err)
	}
}

func TestForeignFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	if err := os.WriteFile(path, []byte("this is no database, and longer than its header would be ............................................................."), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), path, Options{})
	if err == nil {
		s.Close()
		t.Fatal("opened a text file")
	}
	if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "not a database") {
		t.Errorf("open a text file: %v", err)
	}
}

// What was withdrawn can be published again as if for the first time; other
// scripts keep what they have.
func TestWithdraw(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	for _, name := range []string{"gone", "stays"} {
		p := publication(name)
		p.Namespaces = []Namespace{{Key: "k-stays", Script: "stays", Class: "A"}, {Key: "k-gone", Script: "gone", Class: "A"}}
		if _, err := s.Publish(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Withdraw(t.Context(), "gone"); err != nil {
		t.Fatal(err)
	}
	list, err := s.Deployed(t.Context())
	if err != nil || len(list) != 1 || list[0].Script.Name != "stays" {
		t.Errorf("deployed: %+v, %v", list, err)
	}
	if got := labels(t, s); !cmp.Equal(got, map[string]string{"k-stays": "stays/A"}) {
		t.Errorf("labels = %v", got)
	}
	p := publication("gone")
	p.Namespaces = []Namespace{{Key: "k-stays", Script: "stays", Class: "A"}}
	d, err := s.Publish(t.Context(), p)
	if err != nil || d.Version.Number != 1 {
		t.Errorf("published again: version %d, %v", d.Version.Number, err)
	}
}
