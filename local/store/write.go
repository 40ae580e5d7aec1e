package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
)

// ErrConflict is wrapped by [Store.Publish] when the state has moved on since
// the publication was planned.
var ErrConflict = errors.New("the script was changed by another publish")

// A Publication is everything that one publish changes.
type Publication struct {
	// Version is the new version; its ID, Number and CreatedOn are assigned.
	Version Version
	// ScriptTag is given to the script if it is new.
	ScriptTag string
	// Observability is the script's new setting; nil leaves it as it is.
	Observability *bool
	Kept          Kept // what is set in it changes

	// Other and Percentage split the requests, as in [Deployment].
	Other      string
	Percentage float64

	// ExpectDeployment is the deployment that was in force when the
	// publication was planned, "" for a new script.
	ExpectDeployment string

	// Namespaces is the whole new namespace table, and Deleted what it no
	// longer holds.
	Namespaces []Namespace
	Deleted    []Namespace
	// Resources are those that the version is the first to name.
	Resources []Resource
	// Migration is what was applied, nil if nothing was. Only OldTag, NewTag,
	// Steps and Entries are read.
	Migration *AppliedMigration
	// Reconciled is what a declaration of exports has led to, nil without one.
	Reconciled *Reconciled
}

// Publish writes a publication in one transaction and returns the script as
// it is then in force. It wraps [ErrConflict] if ExpectDeployment does not
// hold.
func (s *Store) Publish(ctx context.Context, p Publication) (Deployed, error) {
	var out Deployed
	err := s.write(ctx, func(tx *sql.Tx) error {
		before, err := queryDeployed(ctx, tx, current+` WHERE s.name = ?`, p.Version.Script)
		if err != nil {
			return err
		}
		if have := deploymentID(before); have != p.ExpectDeployment {
			return ErrConflict
		}
		if err := s.putScript(ctx, tx, p, len(before) == 0); err != nil {
			return err
		}
		if err := s.addResources(ctx, tx, p.Resources); err != nil {
			return err
		}
		version, err := s.insertVersion(ctx, tx, p.Version)
		if err != nil {
			return err
		}
		if err := s.replaceNamespaces(ctx, tx, p); err != nil {
			return err
		}
		if err := s.recordMigration(ctx, tx, p, version); err != nil {
			return err
		}
		if err := s.reconcile(ctx, tx, p.Reconciled, version.ID); err != nil {
			return err
		}
		return s.deploy(ctx, tx, Deployment{
			Script: version.Script, Version: version.ID, Percentage: p.Percentage, Other: p.Other, Source: version.Source, Author: version.Author,
			TriggeredBy: version.TriggeredBy, Message: version.Message,
		}, &out)
	})
	if err != nil {
		return Deployed{}, fmt.Errorf("publish %q: %w", p.Version.Script, err)
	}
	return out, nil
}

func deploymentID(list []Deployed) string {
	if len(list) == 0 {
		return ""
	}
	return list[0].Deployment.ID
}

func (s *Store) putScript(ctx context.Context, tx *sql.Tx, p Publication, isNew bool) error {
	now := formatTime(s.now())
	if isNew {
		if _, err := tx.ExecContext(ctx, `INSERT INTO scripts (name, tag, created_on, modified_on) VALUES (?, ?, ?, ?)`,
			p.Version.Script, p.ScriptTag, now, now); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE scripts SET modified_on = ?, observability = coalesce(?, observability) WHERE name = ?`,
		now, p.Observability, p.Version.Script); err != nil {
		return err
	}
	if err := keep(ctx, tx, p.Version.Script, p.Kept); err != nil {
		return err
	}
	if p.Migration == nil {
		return nil
	}
	_, err := tx.ExecContext(ctx, `UPDATE scripts SET migration_tag = ? WHERE name = ?`, p.Migration.NewTag, p.Version.Script)
	return err
}

func (s *Store) replaceNamespaces(ctx context.Context, tx *sql.Tx, p Publication) error {
	changed, err := s.changedNamespaces(ctx, tx, p)
	if err != nil {
		return err
	}
	now := formatTime(s.now())
	for _, n := range p.Deleted {
		if _, err := tx.ExecContext(ctx, `UPDATE namespaces SET deleted_on = ? WHERE key = ?`, now, n.Key); err != nil {
			return err
		}
	}
	// Labels may be swapped between namespaces, so those that change are taken
	// off first: the index on them is checked row by row. A class name is an
	// identifier and holds no slash.
	for _, n := range changed {
		if _, err := tx.ExecContext(ctx, `UPDATE namespaces SET class = class || '/' || key WHERE key = ?`, n.Key); err != nil {
			return err
		}
	}
	for _, n := range changed {
		if _, err := tx.ExecContext(ctx, `INSERT INTO namespaces (key, script, class, sqlite, received_from, created_on) VALUES (?,?,?,?,?,?)
			ON CONFLICT (key) DO UPDATE SET script = excluded.script, class = excluded.class, sqlite = excluded.sqlite,
				received_from = excluded.received_from`,
			n.Key, n.Script, n.Class, n.SQLite, n.ReceivedFrom, now); err != nil {
			return err
		}
	}
	return nil
}

// changedNamespaces returns what is new or another one in the new table, for
// most publishes nothing. It fails if that lacks a namespace that is not
// deleted either.
func (s *Store) changedNamespaces(ctx context.Context, tx *sql.Tx, p Publication) ([]Namespace, error) {
	have, err := namespaces(ctx, tx, `deleted_on IS NULL`)
	if err != nil {
		return nil, err
	}
	before := map[string]Namespace{}
	for _, n := range have {
		before[n.Key] = n
	}
	var changed []Namespace
	for _, n := range p.Namespaces {
		if old, ok := before[n.Key]; !ok || old.Script != n.Script || old.Class != n.Class || old.SQLite != n.SQLite {
			changed = append(changed, n)
		}
		delete(before, n.Key)
	}
	for _, n := range p.Deleted {
		delete(before, n.Key)
	}
	if len(before) > 0 {
		return nil, fmt.Errorf("the new namespace table lacks %d namespaces that were not deleted", len(before))
	}
	return changed, nil
}

func (s *Store) recordMigration(ctx context.Context, tx *sql.Tx, p Publication, v Version) error {
	if p.Migration == nil {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO applied_migrations (script, number, version, old_tag, new_tag, steps, entries, applied_on)
		SELECT ?, coalesce(max(number), 0) + 1, ?, ?, ?, ?, ?, ? FROM applied_migrations WHERE script = ?`,
		v.Script, v.ID, p.Migration.OldTag, p.Migration.NewTag, string(p.Migration.Steps), jsonText(p.Migration.Entries), formatTime(s.now()), v.Script)
	return err
}

// jsonText returns v as JSON; nil lists become empty ones.
func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // only plain records come here
	}
	if string(b) == "null" {
		return "[]"
	}
	return string(b)
}

// jsonOrNull is jsonText for a column where no list is another thing than an
// empty one.
func jsonOrNull[T any](list []T) sql.NullString {
	return sql.NullString{String: jsonText(list), Valid: list != nil}
}
