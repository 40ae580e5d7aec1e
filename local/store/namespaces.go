package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// ErrTaken is wrapped by [Store.Restore] when another namespace has the label.
var ErrTaken = errors.New("the class has a namespace already")

// Namespaces returns all namespaces that are not deleted, by script and class.
func (s *Store) Namespaces(ctx context.Context) ([]Namespace, error) {
	return namespaces(ctx, s.db, `deleted_on IS NULL ORDER BY script, class`)
}

// DeletedNamespaces returns the namespaces whose objects belong into the
// trash, or, if they are purged, nowhere; the oldest first.
func (s *Store) DeletedNamespaces(ctx context.Context) ([]Namespace, error) {
	return namespaces(ctx, s.db, `deleted_on IS NOT NULL ORDER BY deleted_on, class`)
}

func namespaces(ctx context.Context, q querier, where string) ([]Namespace, error) {
	list, err := collect(ctx, q, func(row *sql.Rows) (Namespace, error) {
		var n Namespace
		t := &times{}
		err := row.Scan(&n.Key, &n.Script, &n.Class, &n.SQLite, t.into(&n.CreatedOn), t.maybe(&n.DeletedOn), &n.Purged, &n.ReceivedFrom)
		return n, errors.Join(err, t.err)
	}, `SELECT key, script, class, sqlite, created_on, deleted_on, purged_on IS NOT NULL, received_from FROM namespaces WHERE `+where)
	if err != nil {
		return nil, fmt.Errorf("read namespaces: %w", err)
	}
	return list, nil
}

// Restore gives a deleted namespace back to its script, as the class. The
// namespace that it replaces, if that is not "", is deleted, and what is bound
// to that one is bound to this one. It wraps [ErrNotFound] if there is no such
// namespace in the trash, or none to replace, and [ErrTaken] if the script has
// the class.
func (s *Store) Restore(ctx context.Context, key, class, replaced string) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		if err := s.giveWay(ctx, tx, replaced, key); err != nil {
			return err
		}
		var taken bool
		err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM namespaces WHERE deleted_on IS NULL AND class = ?
			AND script = (SELECT script FROM namespaces WHERE key = ?))`, class, key).Scan(&taken)
		if err != nil {
			return err
		}
		if taken {
			return ErrTaken
		}
		return one(tx.ExecContext(ctx, `UPDATE namespaces SET deleted_on = NULL, class = ?
			WHERE key = ? AND deleted_on IS NOT NULL AND purged_on IS NULL`, class, key))
	})
	if err != nil {
		return fmt.Errorf("restore namespace %s: %w", key, err)
	}
	return nil
}

// giveWay deletes a namespace, if it is not "", and binds what is bound to it
// to another one. A key is random, and found nowhere in a binding but where it
// is meant.
func (s *Store) giveWay(ctx context.Context, tx *sql.Tx, key, to string) error {
	if key == "" {
		return nil
	}
	err := one(tx.ExecContext(ctx, `UPDATE namespaces SET deleted_on = ? WHERE key = ? AND deleted_on IS NULL`, formatTime(s.now()), key))
	if err != nil {
		return fmt.Errorf("replace namespace %s: %w", key, err)
	}
	_, err = tx.ExecContext(ctx, `UPDATE versions SET bindings = replace(bindings, ?, ?)`, key, to)
	return err
}

// Purge decides that the objects of deleted namespaces are removed for good,
// of all of them or of none. It wraps [ErrNotFound] if one is not in the trash.
func (s *Store) Purge(ctx context.Context, keys ...string) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		now := formatTime(s.now())
		for _, key := range keys {
			err := one(tx.ExecContext(ctx, `UPDATE namespaces SET purged_on = ?
				WHERE key = ? AND deleted_on IS NOT NULL AND purged_on IS NULL`, now, key))
			if err != nil {
				return fmt.Errorf("namespace %s: %w", key, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("purge: %w", err)
	}
	return nil
}

// Forget removes the record of a purged namespace, whose objects are gone.
func (s *Store) Forget(ctx context.Context, key string) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM namespaces WHERE key = ? AND purged_on IS NOT NULL`, key)
	if err != nil {
		return fmt.Errorf("forget namespace %s: %w", key, err)
	}
	return nil
}

// one wants a statement to have changed one row.
func one(result sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}
