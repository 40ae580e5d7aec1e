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
		_, err := tx.ExecContext(ctx, `UPDATE scripts SET observability = coalesce(?, observability), tags = coalesce(?, tags),
			modified_on = ? WHERE name = ?`, set.Observability, tags, formatTime(s.now()), name)
		return err
	})
	if err != nil {
		return fmt.Errorf("change script %q: %w", name, err)
	}
	return nil
}
