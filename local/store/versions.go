package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// AddVersion stores a version of a script without putting it in force, together
// with the resources that it is the first to name; its ID, Number and CreatedOn
// are assigned. It wraps [ErrNotFound] if there is no such script.
func (s *Store) AddVersion(ctx context.Context, v Version, resources ...Resource) (Version, error) {
	err := s.write(ctx, func(tx *sql.Tx) error {
		if err := mustHaveScript(ctx, tx, v.Script); err != nil {
			return err
		}
		if err := s.addResources(ctx, tx, resources); err != nil {
			return err
		}
		var err error
		v, err = s.insertVersion(ctx, tx, v)
		return err
	})
	if err != nil {
		return Version{}, fmt.Errorf("add a version of %q: %w", v.Script, err)
	}
	return v, nil
}

func mustHaveScript(ctx context.Context, tx *sql.Tx, name string) error {
	var have bool
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM scripts WHERE name = ?)`, name).Scan(&have)
	if err == nil && !have {
		err = ErrNotFound
	}
	return err
}

// Versions returns the versions of a script, the newest first, without their
// modules.
func (s *Store) Versions(ctx context.Context, script string) ([]Version, error) {
	list, err := queryVersions(ctx, s.db, `v.script = ? ORDER BY v.number DESC`, script)
	if err != nil {
		return nil, fmt.Errorf("read versions of %q: %w", script, err)
	}
	return list, nil
}

// Version returns one version of a script with its modules. It wraps
// [ErrNotFound] if the script has no such version.
func (s *Store) Version(ctx context.Context, script, id string) (Version, error) {
	return s.version(ctx, `v.script = ? AND v.id = ?`, script, id)
}

// LatestVersion returns the version of a script that was made last, whether it
// is in force or not. It wraps [ErrNotFound] if there is no such script.
func (s *Store) LatestVersion(ctx context.Context, script string) (Version, error) {
	return s.version(ctx, `v.script = ? ORDER BY v.number DESC LIMIT 1`, script)
}

func (s *Store) version(ctx context.Context, where string, script string, args ...any) (Version, error) {
	list, err := queryVersions(ctx, s.db, where, append([]any{script}, args...)...)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Version{}, fmt.Errorf("read a version of %q: %w", script, err)
	}
	v := list[0]
	v.Modules, err = s.VersionModules(ctx, v.ID)
	return v, err
}

// queryVersions returns versions without their modules.
func queryVersions(ctx context.Context, q querier, where string, args ...any) ([]Version, error) {
	return collect(ctx, q, func(row *sql.Rows) (Version, error) {
		var v Version
		t := &times{}
		err := row.Scan(versionFields(&v, t)...)
		return v, errors.Join(err, t.err)
	}, `SELECT `+versionColumns+` FROM versions v WHERE `+where, args...)
}

func (s *Store) insertVersion(ctx context.Context, tx *sql.Tx, v Version) (Version, error) {
	v.ID, v.CreatedOn = uuid.NewString(), s.now()
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(number), 0) + 1 FROM versions WHERE script = ?`, v.Script).Scan(&v.Number); err != nil {
		return v, err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO versions (id, script, number, created_on, source, author, triggered_by, message, tag,
		main_module, compatibility_date, compatibility_flags, handlers, classes, entrypoints, assets, bindings, exports, startup_ms)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
		v.ID, v.Script, v.Number, formatTime(v.CreatedOn), v.Source, v.Author, v.TriggeredBy, v.Message, v.Tag, v.MainModule,
		v.CompatibilityDate, jsonText(v.CompatibilityFlags), jsonText(v.Handlers), jsonText(v.Classes),
		jsonOrNull(v.Entrypoints), v.Assets.column(), jsonText(v.Bindings), declaration(v.Exports), v.StartupTime.Milliseconds())
	if err != nil {
		return v, err
	}
	for i, m := range v.Modules {
		if _, err := tx.ExecContext(ctx, `INSERT INTO modules (version, position, name, type, sha256, size) VALUES (?,?,?,?,?,?)`,
			v.ID, i, m.Name, m.Type, m.SHA256, m.Size); err != nil {
			return v, err
		}
	}
	return v, nil
}

// declaration returns the text of a declaration, which may be none.
func declaration(exports json.RawMessage) string {
	if len(exports) == 0 {
		return "null"
	}
	return string(exports)
}
