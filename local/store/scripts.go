package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Settings are what can be changed of a script without a new version; nil
// leaves it as it is.
type Settings struct {
	Observability *bool
	Tags          []string
	Kept          Kept
}

// SetScript changes the settings of a script. It wraps [ErrNotFound] if there
// is no such script.
func (s *Store) SetScript(ctx context.Context, name string, set Settings) error {
	var tags sql.NullString
	if set.Tags != nil {
		tags = sql.NullString{String: jsonText(set.Tags), Valid: true}
	}
	err := s.write(ctx, func(tx *sql.Tx) error {
		if err := mustHaveScript(ctx, tx, name); err != nil {
			return err
		}
		if err := keep(ctx, tx, name, set.Kept); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE scripts SET observability = coalesce(?, observability), tags = coalesce(?, tags),
			modified_on = ? WHERE name = ?`, set.Observability, tags, formatTime(s.now()), name)
		return err
	})
	if err != nil {
		return fmt.Errorf("change script %q: %w", name, err)
	}
	return nil
}

// keep changes the kept settings of a script that exists.
func keep(ctx context.Context, tx *sql.Tx, name string, change Kept) error {
	var kept Kept
	if err := tx.QueryRowContext(ctx, `SELECT kept FROM scripts WHERE name = ?`, name).Scan(jsonInto{&kept}); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE scripts SET kept = ? WHERE name = ?`, jsonText(kept.with(change)), name)
	return err
}

// DeleteScript removes a script with all its versions; its namespaces are
// deleted, as by a migration. expect is the deployment that was in force when
// that was planned; [ErrConflict] is wrapped if it no longer is.
func (s *Store) DeleteScript(ctx context.Context, name, expect string) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		before, err := queryDeployed(ctx, tx, current+` WHERE s.name = ?`, name)
		if err != nil {
			return err
		}
		if deploymentID(before) != expect {
			return ErrConflict
		}
		if _, err := tx.ExecContext(ctx, `UPDATE namespaces SET deleted_on = ? WHERE script = ? AND deleted_on IS NULL`,
			formatTime(s.now()), name); err != nil {
			return err
		}
		return s.forget(ctx, tx, name)
	})
	if err != nil {
		return fmt.Errorf("delete script %q: %w", name, err)
	}
	return nil
}

// Withdraw removes a script with everything that belongs to it, as if it had
// never been published. Nothing may bind to its classes.
func (s *Store) Withdraw(ctx context.Context, script string) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM namespaces WHERE script = ?`, script); err != nil {
			return err
		}
		return s.forget(ctx, tx, script)
	})
	if err != nil {
		return fmt.Errorf("withdraw %q: %w", script, err)
	}
	return nil
}

// forget removes the records of a script but for its namespaces.
func (s *Store) forget(ctx context.Context, tx *sql.Tx, script string) error {
	if err := s.dropScheduler(ctx, tx, script); err != nil {
		return err
	}
	for _, statement := range []string{
		`DELETE FROM routes WHERE script = ?`,
		`DELETE FROM asset_files WHERE script = ?`,
		`DELETE FROM handovers WHERE script = ?`,
		`DELETE FROM consumers WHERE script = ?`,
		`DELETE FROM deployments WHERE script = ?`,
		`DELETE FROM applied_migrations WHERE script = ?`,
		`DELETE FROM modules WHERE version IN (SELECT id FROM versions WHERE script = ?)`,
		`DELETE FROM versions WHERE script = ?`,
		`DELETE FROM scripts WHERE name = ?`,
	} {
		if _, err := tx.ExecContext(ctx, statement, script); err != nil {
			return err
		}
	}
	return nil
}
