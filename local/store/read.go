package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// A Deployed is a script together with the version that is in force.
type Deployed struct {
	Script     Script
	Version    Version
	Other      *Version // the other version of a split, nil without one
	Deployment Deployment
}

// Versions returns the versions that serve requests: one, or the two of a
// split, the one with the objects first.
func (d Deployed) Versions() []Version {
	if d.Other == nil {
		return []Version{d.Version}
	}
	return []Version{d.Version, *d.Other}
}

const scriptColumns = `s.name, s.tag, s.migration_tag, s.observability, s.tags, s.kept, s.schedules, s.created_on, s.modified_on`
const versionColumns = `v.id, v.script, v.number, v.created_on, v.source, v.author, v.triggered_by, v.message, v.tag, v.main_module,
	v.compatibility_date, v.compatibility_flags, v.handlers, v.classes, coalesce(v.entrypoints, 'null'), coalesce(v.assets, 'null'),
	v.bindings, v.exports, v.startup_ms`
const deploymentColumns = `d.id, d.script, d.version, d.percentage, coalesce(d.other, ''), d.created_on, d.source, d.author,
	d.triggered_by, d.message`

// current joins every script with its newest deployment.
const current = `SELECT ` + scriptColumns + `, ` + versionColumns + `, ` + deploymentColumns + `
	FROM scripts s
	JOIN deployments d ON d.script = s.name
		AND d.created_on = (SELECT max(created_on) FROM deployments WHERE script = s.name)
	JOIN versions v ON v.id = d.version`

// Deployed returns every script with its version in force, by name.
func (s *Store) Deployed(ctx context.Context) ([]Deployed, error) {
	list, err := queryDeployed(ctx, s.db, current+` ORDER BY s.name`)
	if err != nil {
		return nil, fmt.Errorf("read scripts: %w", err)
	}
	return list, nil
}

// DeployedScript returns one script with its version in force. The error
// wraps [ErrNotFound] if there is no such script.
func (s *Store) DeployedScript(ctx context.Context, name string) (Deployed, error) {
	list, err := queryDeployed(ctx, s.db, current+` WHERE s.name = ?`, name)
	if err != nil {
		return Deployed{}, fmt.Errorf("read script %q: %w", name, err)
	}
	if len(list) == 0 {
		return Deployed{}, fmt.Errorf("script %q: %w", name, ErrNotFound)
	}
	return list[0], nil
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func queryDeployed(ctx context.Context, q querier, query string, args ...any) ([]Deployed, error) {
	list, err := collect(ctx, q, func(row *sql.Rows) (Deployed, error) {
		var d Deployed
		t := &times{}
		err := row.Scan(append(append(scriptFields(&d.Script, t), versionFields(&d.Version, t)...), deploymentFields(&d.Deployment, t)...)...)
		return d, errors.Join(err, t.err)
	}, query, args...)
	if err != nil {
		return nil, err
	}
	return list, complete(ctx, q, list)
}

// complete fills in the other versions of splits, and all modules.
func complete(ctx context.Context, q querier, list []Deployed) error {
	var other []string
	for _, d := range list {
		if d.Deployment.Other != "" {
			other = append(other, d.Deployment.Other)
		}
	}
	others := map[string]*Version{}
	if len(other) > 0 {
		versions, err := queryVersions(ctx, q, `v.id IN (SELECT value FROM json_each(?))`, jsonText(other))
		if err != nil {
			return err
		}
		for i := range versions {
			others[versions[i].ID] = &versions[i]
		}
	}
	ids := other
	for _, d := range list {
		ids = append(ids, d.Version.ID)
	}
	of, err := modules(ctx, q, ids...)
	if err != nil {
		return err
	}
	for i := range list {
		list[i].Version.Modules = of[list[i].Version.ID]
		if v := others[list[i].Deployment.Other]; v != nil {
			v.Modules = of[v.ID]
			list[i].Other = v
		}
	}
	return nil
}

// VersionModules returns the modules of a version, the main module first.
func (s *Store) VersionModules(ctx context.Context, version string) ([]Module, error) {
	of, err := modules(ctx, s.db, version)
	if err != nil {
		return nil, fmt.Errorf("read modules of version %s: %w", version, err)
	}
	return of[version], nil
}

// modules returns the modules of versions, by version id. It is one query,
// however many there are: the runtime reads all scripts at every publish.
func modules(ctx context.Context, q querier, versions ...string) (map[string][]Module, error) {
	of := map[string][]Module{}
	_, err := collect(ctx, q, func(row *sql.Rows) (struct{}, error) {
		var version string
		var m Module
		err := row.Scan(&version, &m.Name, &m.Type, &m.SHA256, &m.Size)
		of[version] = append(of[version], m)
		return struct{}{}, err
	}, `SELECT version, name, type, sha256, size FROM modules
		WHERE version IN (SELECT value FROM json_each(?)) ORDER BY version, position`, jsonText(versions))
	return of, err
}

// Deployments returns the deployments of a script, the newest first.
func (s *Store) Deployments(ctx context.Context, script string) ([]Deployment, error) {
	list, err := collect(ctx, s.db, func(row *sql.Rows) (Deployment, error) {
		var d Deployment
		t := &times{}
		err := row.Scan(deploymentFields(&d, t)...)
		return d, errors.Join(err, t.err)
	}, `SELECT `+deploymentColumns+` FROM deployments d WHERE d.script = ? ORDER BY d.created_on DESC`, script)
	if err != nil {
		return nil, fmt.Errorf("read deployments of %q: %w", script, err)
	}
	return list, nil
}

// AppliedMigrations returns what was applied to a script, the oldest first.
func (s *Store) AppliedMigrations(ctx context.Context, script string) ([]AppliedMigration, error) {
	list, err := collect(ctx, s.db, func(row *sql.Rows) (AppliedMigration, error) {
		var m AppliedMigration
		t := &times{}
		err := row.Scan(&m.Script, &m.Number, &m.Version, &m.OldTag, &m.NewTag, jsonInto{&m.Steps}, jsonInto{&m.Entries}, &m.Declared, t.into(&m.AppliedOn),
			&m.VersionNumber, &m.Source)
		return m, errors.Join(err, t.err)
	}, `SELECT m.script, m.number, m.version, m.old_tag, m.new_tag, m.steps, m.entries, m.declared, m.applied_on, v.number, v.source
		FROM applied_migrations m JOIN versions v ON v.id = m.version WHERE m.script = ? ORDER BY m.number`, script)
	if err != nil {
		return nil, fmt.Errorf("read migrations of %q: %w", script, err)
	}
	return list, nil
}

// collect runs a query and scans every row.
func collect[T any](ctx context.Context, q querier, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

func scriptFields(s *Script, t *times) []any {
	return []any{&s.Name, &s.Tag, &s.MigrationTag, &s.Observability, jsonInto{&s.Tags}, jsonInto{&s.Kept}, jsonInto{&s.Schedules}, t.into(&s.CreatedOn), t.into(&s.ModifiedOn)}
}

func versionFields(v *Version, t *times) []any {
	return []any{&v.ID, &v.Script, &v.Number, t.into(&v.CreatedOn), &v.Source, &v.Author, &v.TriggeredBy,
		&v.Message, &v.Tag, &v.MainModule,
		&v.CompatibilityDate, jsonInto{&v.CompatibilityFlags}, jsonInto{&v.Handlers}, jsonInto{&v.Classes},
		jsonInto{&v.Entrypoints}, jsonInto{&v.Assets}, jsonInto{&v.Bindings}, jsonInto{&v.Exports}, millis{&v.StartupTime}}
}

func deploymentFields(d *Deployment, t *times) []any {
	return []any{&d.ID, &d.Script, &d.Version, &d.Percentage, &d.Other, t.into(&d.CreatedOn), &d.Source, &d.Author,
		&d.TriggeredBy, &d.Message}
}

// times makes scan targets for times and keeps the first error.
type times struct{ err error }

func (t *times) into(to *time.Time) sql.Scanner {
	return scanFunc(func(v any) error {
		text, _ := v.(string)
		parsed, err := parseTime(text)
		t.err = errors.Join(t.err, err)
		*to = parsed
		return nil
	})
}

// maybe is into for a column that may be NULL, which gives the zero time.
func (t *times) maybe(to *time.Time) sql.Scanner {
	return scanFunc(func(v any) error {
		if v == nil {
			*to = time.Time{}
			return nil
		}
		return t.into(to).Scan(v)
	})
}

type scanFunc func(any) error

func (f scanFunc) Scan(v any) error { return f(v) }

// jsonInto scans a JSON column into the value that To points to.
type jsonInto struct{ To any }

func (j jsonInto) Scan(v any) error {
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("want JSON text, have %T", v)
	}
	return json.Unmarshal([]byte(text), j.To)
}

type millis struct{ to *time.Duration }

func (m millis) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("want milliseconds, have %T", v)
	}
	*m.to = time.Duration(n) * time.Millisecond
	return nil
}
