package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// A Consumer has the messages of a queue delivered to a script. A queue has one
// at most.
type Consumer struct {
	ID        string // 32 hex digits
	Queue     string // key of the queue's resource
	Script    string
	Settings  ConsumerSettings
	CreatedOn time.Time
}

// ConsumerSettings say how messages are delivered. What is nil is as the engine
// has it.
type ConsumerSettings struct {
	BatchSize      *float64 `json:"batch_size,omitempty"`       // most messages of a batch
	MaxWaitMS      *float64 `json:"max_wait_time_ms,omitempty"` // for a batch to fill
	MaxRetries     *float64 `json:"max_retries,omitempty"`
	MaxConcurrency *float64 `json:"max_concurrency,omitempty"` // batches at once
	RetryDelay     *float64 `json:"retry_delay,omitempty"`     // seconds
	// DeadLetter is the key of the queue to which messages go that could not be
	// delivered, "" if they are dropped.
	DeadLetter string `json:"dead_letter,omitempty"`
}

// consumers returns all consumers by the key of their queue.
func (s *Store) consumers(ctx context.Context) (map[string]*Consumer, error) {
	of := map[string]*Consumer{}
	_, err := collect(ctx, s.db, func(row *sql.Rows) (struct{}, error) {
		c, t := &Consumer{}, &times{}
		err := row.Scan(&c.ID, &c.Queue, &c.Script, jsonInto{&c.Settings}, t.into(&c.CreatedOn))
		of[c.Queue] = c
		return struct{}{}, errors.Join(err, t.err)
	}, `SELECT id, queue, script, settings, created_on FROM consumers`)
	if err != nil {
		return nil, fmt.Errorf("read consumers of queues: %w", err)
	}
	return of, nil
}

// PutConsumer adds a consumer, or changes the one with its ID. fresh are queues
// that its settings are the first to name. CreatedOn is assigned.
func (s *Store) PutConsumer(ctx context.Context, c Consumer, fresh []Resource) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		if err := mustHaveScript(ctx, tx, c.Script); err != nil {
			return err
		}
		if err := s.addResources(ctx, tx, fresh); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO consumers (id, queue, script, settings, created_on) VALUES (?,?,?,?,?)
			ON CONFLICT (id) DO UPDATE SET script = excluded.script, settings = excluded.settings`,
			c.ID, c.Queue, c.Script, jsonText(c.Settings), formatTime(s.now()))
		return err
	})
	if err != nil {
		return fmt.Errorf("put consumer %s: %w", c.ID, err)
	}
	return nil
}

// DeleteConsumer removes a consumer. It wraps [ErrNotFound] if there is none.
func (s *Store) DeleteConsumer(ctx context.Context, id string) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		return one(tx.ExecContext(ctx, `DELETE FROM consumers WHERE id = ?`, id))
	})
	if err != nil {
		return fmt.Errorf("delete consumer %s: %w", id, err)
	}
	return nil
}
