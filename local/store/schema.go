package store

import (
	"context"
	"database/sql"
	"fmt"
)

// schema makes the tables, a step for each version of the state that paddock
// has written: step n makes version n+1 of version n. Steps that were released
// are never changed. The version of a file is SQLite's user_version.
//
// Times are text of one width, because clients compare them as text; lists and
// maps that are only ever read whole are JSON.
var schema = []string{
	`
CREATE TABLE scripts (
	name          TEXT PRIMARY KEY,
	tag           TEXT NOT NULL,              -- 32 hex digits, permanent
	migration_tag TEXT NOT NULL DEFAULT '',
	observability INTEGER NOT NULL DEFAULT 0,
	created_on    TEXT NOT NULL,
	modified_on   TEXT NOT NULL
) STRICT;
CREATE TABLE versions (
	id                  TEXT PRIMARY KEY,     -- UUID
	script              TEXT NOT NULL REFERENCES scripts(name),
	number              INTEGER NOT NULL,     -- 1, 2, 3 … within the script
	created_on          TEXT NOT NULL UNIQUE,
	source              TEXT NOT NULL,
	message             TEXT NOT NULL,
	tag                 TEXT NOT NULL,
	main_module         TEXT NOT NULL,
	compatibility_date  TEXT NOT NULL,
	compatibility_flags TEXT NOT NULL,        -- JSON array of strings
	handlers            TEXT NOT NULL,        -- JSON array of strings
	classes             TEXT NOT NULL,        -- JSON array of strings
	bindings            TEXT NOT NULL,        -- JSON array of Binding
	startup_ms          INTEGER NOT NULL,
	UNIQUE (script, number)
) STRICT;
CREATE TABLE modules (
	version  TEXT NOT NULL REFERENCES versions(id),
	position INTEGER NOT NULL,                -- 0 is the main module
	name     TEXT NOT NULL,
	type     TEXT NOT NULL,
	sha256   TEXT NOT NULL,
	size     INTEGER NOT NULL,
	PRIMARY KEY (version, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE deployments (
	id         TEXT PRIMARY KEY,              -- UUID
	script     TEXT NOT NULL REFERENCES scripts(name),
	version    TEXT NOT NULL REFERENCES versions(id),
	created_on TEXT NOT NULL UNIQUE,
	source     TEXT NOT NULL,
	message    TEXT NOT NULL
) STRICT;
CREATE INDEX deployments_of ON deployments (script, created_on);
CREATE TABLE namespaces (
	key        TEXT PRIMARY KEY,              -- 32 hex digits, permanent: the objects' identity
	script     TEXT NOT NULL,
	class      TEXT NOT NULL,
	sqlite     INTEGER NOT NULL,
	created_on TEXT NOT NULL,
	deleted_on TEXT                           -- set: the objects belong into the trash
) STRICT;
CREATE UNIQUE INDEX namespaces_label ON namespaces (script, class) WHERE deleted_on IS NULL;
CREATE TABLE applied_migrations (
	script     TEXT NOT NULL REFERENCES scripts(name),
	number     INTEGER NOT NULL,
	version    TEXT NOT NULL REFERENCES versions(id),
	old_tag    TEXT NOT NULL,
	new_tag    TEXT NOT NULL,
	steps      TEXT NOT NULL,                 -- JSON, as uploaded
	applied_on TEXT NOT NULL,
	PRIMARY KEY (script, number)
) STRICT, WITHOUT ROWID;
`,
	`
ALTER TABLE scripts ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';      -- JSON array of strings
ALTER TABLE versions ADD COLUMN author TEXT NOT NULL DEFAULT '';
ALTER TABLE versions ADD COLUMN triggered_by TEXT NOT NULL DEFAULT 'upload';
ALTER TABLE deployments ADD COLUMN author TEXT NOT NULL DEFAULT '';
ALTER TABLE deployments ADD COLUMN triggered_by TEXT NOT NULL DEFAULT 'upload';
ALTER TABLE deployments ADD COLUMN percentage REAL NOT NULL DEFAULT 100;  -- of version
ALTER TABLE deployments ADD COLUMN other TEXT REFERENCES versions(id);    -- set: gets the rest
`,
	`
-- JSON array of the tag and the digest of each step, [] if the client did not say.
ALTER TABLE applied_migrations ADD COLUMN entries TEXT NOT NULL DEFAULT '[]';
-- Set: the objects of the deleted namespace are to be removed, and then the row.
ALTER TABLE namespaces ADD COLUMN purged_on TEXT;
`,
	`
CREATE TABLE tokens (                         -- of the control API, beside the owner's, which is a file
	id         TEXT PRIMARY KEY,              -- 32 hex digits
	name       TEXT NOT NULL UNIQUE,
	scope      TEXT NOT NULL,
	sha256     TEXT NOT NULL,                 -- of the token, which is kept nowhere
	created_on TEXT NOT NULL
) STRICT;
`,
	`
ALTER TABLE scripts ADD COLUMN kept TEXT NOT NULL DEFAULT '{}';      -- JSON of Kept
CREATE TABLE routes (
	id        TEXT PRIMARY KEY,               -- 32 hex digits
	pattern   TEXT NOT NULL,                  -- as it was written
	is_domain INTEGER NOT NULL,               -- 1: a domain of the script's own, without wildcards and paths
	script    TEXT NOT NULL REFERENCES scripts(name),
	zone_id   TEXT NOT NULL,
	zone_name TEXT NOT NULL,
	UNIQUE (pattern, is_domain)
) STRICT;
`,
	`
CREATE TABLE resources (
	key        TEXT PRIMARY KEY,              -- 32 hex digits, permanent: the folder of its data
	kind       TEXT NOT NULL,                 -- the type of the bindings to it
	id         TEXT NOT NULL,                 -- as clients name it
	name       TEXT NOT NULL,
	created_on TEXT NOT NULL,
	deleted_on TEXT                           -- set: the data belongs into the trash
) STRICT;
CREATE UNIQUE INDEX resources_id ON resources (kind, id) WHERE deleted_on IS NULL;
-- JSON array of what may be called of a version beside its default export; NULL if it was not looked at.
ALTER TABLE versions ADD COLUMN entrypoints TEXT;
`,
	`
-- The declaration that came with the version, as it was sent; null if there was none.
ALTER TABLE versions ADD COLUMN exports TEXT NOT NULL DEFAULT 'null';
-- Script that the namespace was last transferred from.
ALTER TABLE namespaces ADD COLUMN received_from TEXT NOT NULL DEFAULT '';
-- Whether the steps are what a declaration amounted to. They have no tag then.
ALTER TABLE applied_migrations ADD COLUMN declared INTEGER NOT NULL DEFAULT 0;
CREATE TABLE handovers (
	script   TEXT NOT NULL,                   -- the side of the transfer that has been declared
	class    TEXT NOT NULL,
	other    TEXT NOT NULL,                   -- script of the side that is waited for
	incoming INTEGER NOT NULL,                -- whether script is the one that gets the class
	PRIMARY KEY (script, class)
) STRICT, WITHOUT ROWID;
`,
	`
CREATE TABLE asset_files (                    -- static files that were uploaded
	script TEXT NOT NULL,                     -- may not exist yet
	hash   TEXT NOT NULL,                     -- the client's name for content and type
	sha256 TEXT NOT NULL,                     -- of the blob
	size   INTEGER NOT NULL,
	type   TEXT NOT NULL,                     -- content type, '' for none
	PRIMARY KEY (script, hash)
) STRICT, WITHOUT ROWID;
ALTER TABLE versions ADD COLUMN assets TEXT;  -- JSON of Assets; NULL if it has none
`,
	`
ALTER TABLE scripts ADD COLUMN schedules TEXT NOT NULL DEFAULT '[]'; -- JSON array of Schedule
`,
	`
CREATE TABLE consumers (
	id         TEXT PRIMARY KEY,              -- 32 hex digits
	queue      TEXT NOT NULL UNIQUE REFERENCES resources(key),
	script     TEXT NOT NULL REFERENCES scripts(name),
	settings   TEXT NOT NULL,                 -- JSON of ConsumerSettings
	created_on TEXT NOT NULL
) STRICT;
`,
}

// upgrade brings a file to the newest version. It runs in the transaction of
// Open, so that a file is never left between two versions.
func upgrade(ctx context.Context, tx *sql.Tx, path string) error {
	var have int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return err
	}
	if have > len(schema) {
		return &NewerError{Path: path, Have: have, Know: len(schema)}
	}
	for have < len(schema) {
		if _, err := tx.ExecContext(ctx, schema[have]); err != nil {
			return fmt.Errorf("make state version %d: %w", have+1, err)
		}
		have++
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", have)); err != nil {
			return err
		}
	}
	return nil
}
