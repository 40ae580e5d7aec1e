package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
)

// Assets are the static files of a version.
type Assets struct {
	Manifest string          `json:"manifest,omitempty"` // SHA-256 of the blob that lists the files
	Files    int             `json:"files,omitempty"`
	Bytes    int64           `json:"bytes,omitempty"`
	Config   json.RawMessage `json:"config"` // how they are served, for the engine

	// Dir is, in a dev session, the folder that is served as it is.
	Dir string `json:"dir,omitempty"`
}

// column returns what is stored of a.
func (a *Assets) column() sql.NullString {
	if a == nil {
		return sql.NullString{}
	}
	text, err := json.Marshal(a)
	if err != nil {
		panic(err) // Config was decoded before
	}
	return sql.NullString{String: string(text), Valid: true}
}

// An AssetFile is a static file that was uploaded for a script; its bytes are
// in the blob store.
type AssetFile struct {
	Hash   string // the client's name for content and type
	SHA256 string
	Size   int64
	Type   string // content type, "" for none
}

// AssetFiles returns the static files that were uploaded for a script, by hash.
func (s *Store) AssetFiles(ctx context.Context, script string) (map[string]AssetFile, error) {
	files := map[string]AssetFile{}
	_, err := collect(ctx, s.db, func(row *sql.Rows) (struct{}, error) {
		var f AssetFile
		err := row.Scan(&f.Hash, &f.SHA256, &f.Size, &f.Type)
		files[f.Hash] = f
		return struct{}{}, err
	}, `SELECT hash, sha256, size, type FROM asset_files WHERE script = ?`, script)
	if err != nil {
		return nil, fmt.Errorf("read static files of %q: %w", script, err)
	}
	return files, nil
}

// AddAssetFiles keeps static files of a script, which need not exist yet. One
// with the same hash is replaced.
func (s *Store) AddAssetFiles(ctx context.Context, script string, files []AssetFile) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		put, err := tx.PrepareContext(ctx, `INSERT OR REPLACE INTO asset_files (script, hash, sha256, size, type) VALUES (?,?,?,?,?)`)
		if err != nil {
			return err
		}
		for _, f := range files {
			if _, err := put.ExecContext(ctx, script, f.Hash, f.SHA256, f.Size, f.Type); err != nil {
				return errors.Join(err, put.Close())
			}
		}
		return put.Close()
	})
	if err != nil {
		return fmt.Errorf("add static files of %q: %w", script, err)
	}
	return nil
}
