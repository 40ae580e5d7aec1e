package store

import (
	"database/sql"
	"path/filepath"
	"testing"
)

// A state of the first version is brought up to date with what it holds.
func TestUpgradeOfTheFirstVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	db, err := sql.Open("sqlite", dsn(path, Options{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		schema[0],
		`INSERT INTO scripts (name, tag, created_on, modified_on) VALUES ('w', 'tag', '2026-01-02T03:04:05.000001Z', '2026-01-02T03:04:05.000001Z')`,
		`INSERT INTO versions VALUES ('v1', 'w', 1, '2026-01-02T03:04:05.000002Z', 'paddock', 'm', 't', 'index.js', '2024-01-01', '[]', '["fetch"]', '[]', '[]', 7)`,
		`INSERT INTO modules VALUES ('v1', 0, 'index.js', 'application/javascript+module', 'ab', 2)`,
		`INSERT INTO deployments VALUES ('d1', 'w', 'v1', '2026-01-02T03:04:05.000003Z', 'paddock', 'm')`,
		`PRAGMA user_version = 1`,
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	d, err := s.DeployedScript(t.Context(), "w")
	if err != nil {
		t.Fatal(err)
	}
	if d.Version.TriggeredBy != TriggerUpload || d.Deployment.Percentage != 100 || d.Other != nil || d.Script.Tags == nil || len(d.Versions()) != 1 {
		t.Errorf("after the upgrade: %+v", d)
	}
	v, err := s.AddVersion(t.Context(), Version{Script: "w", TriggeredBy: TriggerSecret})
	if err != nil || v.Number != 2 {
		t.Errorf("a version after the upgrade: %+v, %v", v, err)
	}
	d, err = s.Deploy(t.Context(), Deployment{Script: "w", Version: v.ID, Percentage: 25, Other: "v1"}, "d1")
	if err != nil || d.Other == nil || d.Other.ID != "v1" || d.Deployment.Percentage != 25 || len(d.Other.Modules) != 1 {
		t.Errorf("a split after the upgrade: %+v, %v", d, err)
	}
	if err := s.DeleteScript(t.Context(), "w", d.Deployment.ID); err != nil {
		t.Error(err)
	}
}
