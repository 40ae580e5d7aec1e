package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Resources returns all resources that are not deleted, by kind and name.
func (s *Store) Resources(ctx context.Context) ([]Resource, error) {
	return s.resources(ctx, `deleted_on IS NULL ORDER BY kind, name, id`)
}

// DeletedResources returns the resources whose data belongs into the trash, the
// oldest first.
func (s *Store) DeletedResources(ctx context.Context) ([]Resource, error) {
	return s.resources(ctx, `deleted_on IS NOT NULL ORDER BY deleted_on`)
}

func (s *Store) resources(ctx context.Context, where string) ([]Resource, error) {
	list, err := collect(ctx, s.db, func(row *sql.Rows) (Resource, error) {
		var r Resource
		t := &times{}
		err := row.Scan(&r.Key, &r.Kind, &r.ID, &r.Name, t.into(&r.CreatedOn), t.maybe(&r.DeletedOn))
		return r, errors.Join(err, t.err)
	}, `SELECT key, kind, id, name, created_on, deleted_on FROM resources WHERE `+where)
	if err != nil {
		return nil, fmt.Errorf("read resources: %w", err)
	}
	consumers, err := s.consumers(ctx)
	for i := range list {
		list[i].Consumer = consumers[list[i].Key]
	}
	return list, err
}

// AddResource keeps a new resource; CreatedOn is assigned.
func (s *Store) AddResource(ctx context.Context, r Resource) (Resource, error) {
	r.CreatedOn = s.now()
	err := s.write(ctx, func(tx *sql.Tx) error { return insertResource(ctx, tx, r) })
	if err != nil {
		return Resource{}, fmt.Errorf("add %s %q: %w", r.Kind, r.ID, err)
	}
	return r, nil
}

// addResources adds those that a version brings with it.
func (s *Store) addResources(ctx context.Context, tx *sql.Tx, list []Resource) error {
	for _, r := range list {
		r.CreatedOn = s.now()
		if err := insertResource(ctx, tx, r); err != nil {
			return err
		}
	}
	return nil
}

func insertResource(ctx context.Context, tx *sql.Tx, r Resource) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO resources (key, kind, id, name, created_on) VALUES (?,?,?,?,?)`,
		r.Key, r.Kind, r.ID, r.Name, formatTime(r.CreatedOn))
	return err
}

// RenameResource gives a resource another name. It wraps [ErrNotFound] if it
// is not there.
func (s *Store) RenameResource(ctx context.Context, key, name string) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		return one(tx.ExecContext(ctx, `UPDATE resources SET name = ? WHERE key = ? AND deleted_on IS NULL`, name, key))
	})
	if err != nil {
		return fmt.Errorf("rename resource %s: %w", key, err)
	}
	return nil
}

// DeleteResource deletes a resource. It wraps [ErrNotFound] if it is not there.
func (s *Store) DeleteResource(ctx context.Context, key string) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		return one(tx.ExecContext(ctx, `UPDATE resources SET deleted_on = ? WHERE key = ? AND deleted_on IS NULL`, formatTime(s.now()), key))
	})
	if err != nil {
		return fmt.Errorf("delete resource %s: %w", key, err)
	}
	return nil
}

// ForgetResource removes the record of a deleted resource, whose data is gone.
func (s *Store) ForgetResource(ctx context.Context, key string) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM resources WHERE key = ? AND deleted_on IS NOT NULL`, key)
		return err
	})
	if err != nil {
		return fmt.Errorf("forget resource %s: %w", key, err)
	}
	return nil
}
