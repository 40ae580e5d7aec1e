// Package store keeps what the object runtime knows: scripts, their versions
// and deployments, the namespaces of their Durable Object classes, and the
// migrations that were applied. It is one SQLite file, and this package is
// the only one that speaks SQL.
//
// [Open] is the start. Reads return plain records; every change of state goes
// through [Store.Publish], which is one transaction: it happened entirely or
// not at all, and when it has returned it survives a power cut.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"modernc.org/sqlite" // the driver "sqlite", without cgo
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrFull is wrapped by changes for which there is no space left on the disk.
// Nothing has changed.
var ErrFull = errors.New("the disk with the state folder is full: free some space there and try again")

// A NewerError says that the state was written by a newer paddock.
type NewerError struct {
	Path       string
	Have, Know int // schema versions
}

// Error names the file and the way out.
func (e *NewerError) Error() string {
	return fmt.Sprintf("%s was written by a newer paddock (state version %d, this one knows %d): upgrade paddock, or use another folder with --state-dir",
		e.Path, e.Have, e.Know)
}

// Store is an open state file. Its methods may be called concurrently.
type Store struct {
	db *sql.DB

	changes atomic.Uint64 // see Changes

	mu   sync.Mutex
	last time.Time // newest time handed out, see now
}

// Options are the knobs of a store.
type Options struct {
	// NoSync gives up durability: for throw-away states, which are removed
	// at their session's end anyway.
	NoSync bool
}

// Open opens the state file, and makes it if it is missing. A file of a newer
// paddock gives a [*NewerError].
func Open(ctx context.Context, path string, opts Options) (*Store, error) {
	if err := create(path); err != nil {
		return nil, fmt.Errorf("create state: %w", err)
	}
	db, err := sql.Open("sqlite", dsn(path, opts))
	if err != nil {
		return nil, fmt.Errorf("open state %s: %w", path, err)
	}
	db.SetMaxOpenConns(4)
	s := &Store{db: db}
	if err := s.prepare(ctx, path); err != nil {
		db.Close()
		if errors.As(err, new(*NewerError)) {
			return nil, err
		}
		return nil, fmt.Errorf("open state %s: %w", path, err)
	}
	return s, nil
}

// create makes the file before SQLite does, to give it mode 0600; SQLite
// gives its -wal and -shm files the mode of the main file.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func dsn(path string, opts Options) string {
	pragmas := []string{"journal_mode(WAL)", "synchronous(FULL)"}
	if opts.NoSync {
		pragmas = []string{"journal_mode(MEMORY)", "synchronous(OFF)"}
	}
	pragmas = append(pragmas, "foreign_keys(1)", "busy_timeout(5000)")
	// Write transactions take their lock at once: one that began as a reader
	// and is upgraded later can fail with SQLITE_BUSY in spite of the timeout.
	q := url.Values{"_pragma": pragmas, "_txlock": {"immediate"}}
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath(), RawQuery: q.Encode()}
	return u.String()
}

func (s *Store) prepare(ctx context.Context, path string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if err := upgrade(ctx, tx, path); err != nil {
			return err
		}
		var last sql.NullString
		err := tx.QueryRowContext(ctx, `SELECT max(t) FROM (
			SELECT max(created_on) AS t FROM versions UNION ALL SELECT max(created_on) FROM deployments)`).Scan(&last)
		if err == nil && last.Valid {
			s.last, err = parseTime(last.String)
		}
		return err
	})
}

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// Changes is a number that is another one after every change of the state: what
// was read after it was asked for is up to date for as long as it stays. No
// other process changes the state meanwhile.
func (s *Store) Changes() uint64 { return s.changes.Load() }

// write runs fn in one transaction that writes.
func (s *Store) write(ctx context.Context, fn func(*sql.Tx) error) (err error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, rollback(tx))
		}
		s.changes.Add(1)
		if problem, ok := errors.AsType[*sqlite.Error](err); ok && problem.Code() == sqlite3.SQLITE_FULL {
			err = fmt.Errorf("%w: %w", ErrFull, err)
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}

func rollback(tx *sql.Tx) error {
	if err := tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		return fmt.Errorf("roll back: %w", err)
	}
	return nil
}

// timeLayout has one width: clients of the control API sort these as text.
const timeLayout = "2006-01-02T15:04:05.000000Z"

func parseTime(s string) (time.Time, error) { return time.Parse(timeLayout, s) }

// formatTime returns a time as the store keeps it: UTC, microseconds, always
// 27 characters.
func formatTime(t time.Time) string { return t.UTC().Format(timeLayout) }

// now returns a time that is later than every one it returned before, also by
// an earlier process: two records with one time have no order.
func (s *Store) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := time.Now().UTC().Truncate(time.Microsecond)
	if !t.After(s.last) {
		t = s.last.Add(time.Microsecond)
	}
	s.last = t
	return t
}
