package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Deploy puts existing versions of a script in force. expect is the deployment
// that was in force when this one was planned; [ErrConflict] is wrapped if it
// no longer is. The deployment's ID and CreatedOn are assigned, and a
// Percentage of a deployment without a split is 100.
func (s *Store) Deploy(ctx context.Context, d Deployment, expect string) (Deployed, error) {
	return s.DeployReconciled(ctx, d, Publication{ExpectDeployment: expect})
}

// DeployReconciled is Deploy with what the version's declaration of exports
// does: of p, Namespaces, Deleted and Reconciled count, if Reconciled is set.
func (s *Store) DeployReconciled(ctx context.Context, d Deployment, p Publication) (Deployed, error) {
	var out Deployed
	err := s.write(ctx, func(tx *sql.Tx) error {
		before, err := queryDeployed(ctx, tx, current+` WHERE s.name = ?`, d.Script)
		if err != nil {
			return err
		}
		if deploymentID(before) != p.ExpectDeployment {
			return ErrConflict
		}
		if p.Reconciled != nil {
			if err := s.replaceNamespaces(ctx, tx, p); err != nil {
				return err
			}
			if err := s.reconcile(ctx, tx, p.Reconciled, d.Version); err != nil {
				return err
			}
		}
		return s.deploy(ctx, tx, d, &out)
	})
	if err != nil {
		return Deployed{}, fmt.Errorf("deploy version %s of %q: %w", d.Version, d.Script, err)
	}
	return out, nil
}

func (s *Store) deploy(ctx context.Context, tx *sql.Tx, d Deployment, out *Deployed) error {
	other := sql.NullString{String: d.Other, Valid: d.Other != ""}
	if !other.Valid {
		d.Percentage = 100
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO deployments (id, script, version, percentage, other, created_on, source, author,
		triggered_by, message) VALUES (?,?,?,?,?,?,?,?,?,?)`,
		uuid.NewString(), d.Script, d.Version, d.Percentage, other, formatTime(s.now()), d.Source, d.Author, d.TriggeredBy, d.Message)
	if err != nil {
		return err
	}
	list, err := queryDeployed(ctx, tx, current+` WHERE s.name = ?`, d.Script)
	if err != nil {
		return err
	}
	if len(list) != 1 || list[0].Deployment.Version != d.Version {
		return fmt.Errorf("the deployment did not become the newest one at %s", formatTime(time.Now()))
	}
	*out = list[0]
	return nil
}
