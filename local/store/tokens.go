package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// ErrExists is wrapped where something is made under a name that is taken.
var ErrExists = errors.New("exists already")

// A Token gives somebody access to the control API. Only its digest is kept.
type Token struct {
	ID        string // 32 hex digits
	Name      string
	Scope     string
	SHA256    string // 64 hex digits
	CreatedOn time.Time
}

// AddToken stores a token and returns it with its time. It wraps [ErrExists] if
// there is one of that name.
func (s *Store) AddToken(ctx context.Context, t Token) (Token, error) {
	t.CreatedOn = s.now()
	err := s.write(ctx, func(tx *sql.Tx) error {
		err := one(tx.ExecContext(ctx, `INSERT INTO tokens (id, name, scope, sha256, created_on) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (name) DO NOTHING`, t.ID, t.Name, t.Scope, t.SHA256, formatTime(t.CreatedOn)))
		if errors.Is(err, ErrNotFound) {
			return ErrExists
		}
		return err
	})
	if err != nil {
		return Token{}, fmt.Errorf("add token %q: %w", t.Name, err)
	}
	return t, nil
}

// Tokens returns all tokens, the oldest first.
func (s *Store) Tokens(ctx context.Context) ([]Token, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, name, scope, sha256, created_on FROM tokens ORDER BY created_on`)
	if err != nil {
		return nil, fmt.Errorf("read tokens: %w", err)
	}
	defer rows.Close()
	var list []Token
	for rows.Next() {
		var t Token
		var created string
		if err := rows.Scan(&t.ID, &t.Name, &t.Scope, &t.SHA256, &created); err != nil {
			return nil, fmt.Errorf("read tokens: %w", err)
		}
		if t.CreatedOn, err = parseTime(created); err != nil {
			return nil, fmt.Errorf("read tokens: %w", err)
		}
		list = append(list, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read tokens: %w", err)
	}
	return list, nil
}

// RemoveToken removes a token. It wraps [ErrNotFound] if there is none.
func (s *Store) RemoveToken(ctx context.Context, id string) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		return one(tx.ExecContext(ctx, `DELETE FROM tokens WHERE id = ?`, id))
	})
	if err != nil {
		return fmt.Errorf("remove token: %w", err)
	}
	return nil
}
