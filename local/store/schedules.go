package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// KindSchedule is the kind of the resource in which a script's scheduler keeps
// what it has done. Its ID is the script; no binding is to it.
const KindSchedule = "schedule"

// A Schedule calls a script's scheduled handler at the times of a cron
// expression.
type Schedule struct {
	Cron      string    `json:"cron"`
	CreatedOn time.Time `json:"created_on"`
}

// SetSchedules gives a script these cron expressions in place of those that it
// has; those that stay keep their time of creation. key is that of the
// resource for the scheduler, if there is none yet. Without expressions it is
// deleted: what a later schedule has missed by then it shall not make up for.
// It wraps [ErrNotFound] if there is no such script.
func (s *Store) SetSchedules(ctx context.Context, script string, crons []string, key string) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		if err := mustHaveScript(ctx, tx, script); err != nil {
			return err
		}
		var before []Schedule
		if err := tx.QueryRowContext(ctx, `SELECT schedules FROM scripts WHERE name = ?`, script).Scan(jsonInto{&before}); err != nil {
			return err
		}
		now := s.now()
		created := map[string]time.Time{}
		for _, b := range before {
			created[b.Cron] = b.CreatedOn
		}
		var list []Schedule
		for _, cron := range crons {
			made, ok := created[cron]
			if !ok {
				made = now
			}
			list = append(list, Schedule{Cron: cron, CreatedOn: made})
		}
		if _, err := tx.ExecContext(ctx, `UPDATE scripts SET schedules = ?, modified_on = ? WHERE name = ?`,
			jsonText(list), formatTime(now), script); err != nil {
			return err
		}
		if len(list) == 0 {
			return s.dropScheduler(ctx, tx, script)
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO resources (key, kind, id, name, created_on) SELECT ?, ?, ?, ?, ?
			WHERE NOT EXISTS (SELECT 1 FROM resources WHERE kind = ? AND id = ? AND deleted_on IS NULL)`,
			key, KindSchedule, script, script, formatTime(now), KindSchedule, script)
		return err
	})
	if err != nil {
		return fmt.Errorf("change the schedules of %q: %w", script, err)
	}
	return nil
}

// dropScheduler deletes the resource of a script's scheduler, if it has one.
func (s *Store) dropScheduler(ctx context.Context, tx *sql.Tx, script string) error {
	_, err := tx.ExecContext(ctx, `UPDATE resources SET deleted_on = ? WHERE kind = ? AND id = ? AND deleted_on IS NULL`,
		formatTime(s.now()), KindSchedule, script)
	return err
}
