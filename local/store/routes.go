package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
)

// A RouteTakenError says that a pattern belongs to another script.
type RouteTakenError struct{ Pattern, Script string }

// Error names both.
func (e *RouteTakenError) Error() string {
	return fmt.Sprintf("the route %q belongs to the script %q", e.Pattern, e.Script)
}

// Routes returns all routes, by pattern.
func (s *Store) Routes(ctx context.Context) ([]Route, error) {
	list, err := queryRoutes(ctx, s.db, ``)
	if err != nil {
		return nil, fmt.Errorf("read routes: %w", err)
	}
	return list, nil
}

func queryRoutes(ctx context.Context, q querier, where string, args ...any) ([]Route, error) {
	return collect(ctx, q, func(row *sql.Rows) (Route, error) {
		var r Route
		err := row.Scan(&r.ID, &r.Script, &r.Pattern, &r.Domain, &r.ZoneID, &r.ZoneName)
		return r, err
	}, `SELECT id, script, pattern, is_domain, zone_id, zone_name FROM routes `+where+` ORDER BY pattern`, args...)
}

// SetRoutes gives a script these routes, or these domains, in place of those
// that it has. With take they may be another script's, which loses them;
// without, that is a [*RouteTakenError]. It wraps [ErrNotFound] if there is no
// such script. Routes that stay keep their ID; those of the new ones are used.
func (s *Store) SetRoutes(ctx context.Context, script string, domains bool, list []Route, take bool) error {
	return s.changeRoutes(ctx, script, func(tx *sql.Tx) error {
		before, err := queryRoutes(ctx, tx, `WHERE script = ? AND is_domain = ?`, script, domains)
		if err != nil {
			return err
		}
		ids := map[string]string{}
		for _, r := range before {
			ids[r.Pattern] = r.ID
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM routes WHERE script = ? AND is_domain = ?`, script, domains); err != nil {
			return err
		}
		for _, r := range list {
			r.Script, r.Domain = script, domains
			if id := ids[r.Pattern]; id != "" {
				r.ID = id
			}
			if err := insertRoute(ctx, tx, r, take); err != nil {
				return err
			}
		}
		return nil
	})
}

// AddRoute adds one route. The pattern may not be in use.
func (s *Store) AddRoute(ctx context.Context, r Route) error {
	return s.changeRoutes(ctx, r.Script, func(tx *sql.Tx) error { return insertRoute(ctx, tx, r, false) })
}

// DeleteRoute removes one route. It wraps [ErrNotFound] if there is none.
func (s *Store) DeleteRoute(ctx context.Context, id string) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `DELETE FROM routes WHERE id = ?`, id)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return cmp.Or(err, ErrNotFound)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("delete route %s: %w", id, err)
	}
	return nil
}

func (s *Store) changeRoutes(ctx context.Context, script string, change func(*sql.Tx) error) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		if err := mustHaveScript(ctx, tx, script); err != nil {
			return err
		}
		return change(tx)
	})
	if err != nil {
		return fmt.Errorf("change the routes of %q: %w", script, err)
	}
	return nil
}

func insertRoute(ctx context.Context, tx *sql.Tx, r Route, take bool) error {
	if take {
		if _, err := tx.ExecContext(ctx, `DELETE FROM routes WHERE pattern = ? AND is_domain = ?`, r.Pattern, r.Domain); err != nil {
			return err
		}
	}
	taken, err := queryRoutes(ctx, tx, `WHERE pattern = ? AND is_domain = ?`, r.Pattern, r.Domain)
	if err != nil {
		return err
	}
	if len(taken) > 0 {
		return &RouteTakenError{Pattern: r.Pattern, Script: taken[0].Script}
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO routes (id, script, pattern, is_domain, zone_id, zone_name) VALUES (?,?,?,?,?,?)`,
		r.ID, r.Script, r.Pattern, r.Domain, r.ZoneID, r.ZoneName)
	return err
}
