package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
)

// Reconciled is what a declaration of exports has led to, beside the new
// namespace table.
type Reconciled struct {
	Script string
	// Steps is what the declaration amounts to as a migration, of every script
	// that has got or lost something by it; empty if nothing has changed.
	Steps map[string]json.RawMessage
	// Handovers is all transfers that wait for their other side, of all scripts.
	Handovers []Handover
}

// Handovers returns the transfers that wait for their other side, by script
// and class.
func (s *Store) Handovers(ctx context.Context) ([]Handover, error) {
	list, err := collect(ctx, s.db, func(row *sql.Rows) (Handover, error) {
		var h Handover
		err := row.Scan(&h.Script, &h.Class, &h.Other, &h.Incoming)
		return h, err
	}, `SELECT script, class, other, incoming FROM handovers ORDER BY script, class`)
	if err != nil {
		return nil, fmt.Errorf("read transfers: %w", err)
	}
	return list, nil
}

// reconcile writes what a version's declaration has led to.
func (s *Store) reconcile(ctx context.Context, tx *sql.Tx, r *Reconciled, version string) error {
	if r == nil {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM handovers`); err != nil {
		return err
	}
	for _, h := range r.Handovers {
		if _, err := tx.ExecContext(ctx, `INSERT INTO handovers (script, class, other, incoming) VALUES (?,?,?,?)`,
			h.Script, h.Class, h.Other, h.Incoming); err != nil {
			return err
		}
	}
	// What another script gets is remembered with its version in force.
	for script, steps := range r.Steps {
		by := sql.NullString{String: version, Valid: script == r.Script}
		if _, err := tx.ExecContext(ctx, `INSERT INTO applied_migrations (script, number, version, old_tag, new_tag, steps, declared, applied_on)
			SELECT s.name, 1 + (SELECT coalesce(max(number), 0) FROM applied_migrations WHERE script = s.name),
				coalesce(?, (SELECT version FROM deployments WHERE script = s.name ORDER BY created_on DESC LIMIT 1)),
				s.migration_tag, s.migration_tag, ?, 1, ?
			FROM scripts s WHERE s.name = ?`, by, string(steps), formatTime(s.now()), script); err != nil {
			return err
		}
	}
	return nil
}
