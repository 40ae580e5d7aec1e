package local

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"

	"paddock/internal/cfapi"
	"paddock/local/store"
)

// Share is a version's part of the requests to its script.
type Share struct {
	Version    string  // id
	Percentage float64 // 0 to 100
}

// A DeployRequest asks to put existing versions of a script in force.
type DeployRequest struct {
	Script  string
	Shares  []Share // one or two, that add up to 100
	Source  string  // what asks
	Message string
	Force   bool // also back to a version with other secrets
}

// Deploy puts versions of a script in force and returns when they answer. Of
// two, the newer one gets the objects, unless it gets no requests. A version
// that cannot read what migrations have made since it was uploaded is refused.
// What a single version declares in exports is done; two must declare the same.
// The errors are those of [Runtime.Publish].
func (r *Runtime) Deploy(ctx context.Context, req DeployRequest) (_ Deployment, err error) {
	if err := req.check(); err != nil {
		return Deployment{}, err
	}
	ctx, end, err := r.begin(ctx)
	if err != nil {
		return Deployment{}, err
	}
	defer end(&err)
	before, err := r.store.DeployedScript(ctx, req.Script)
	if err != nil {
		return Deployment{}, err
	}
	versions, pub, err := r.deployable(ctx, req, before)
	if err != nil {
		return Deployment{}, err
	}
	if err := req.checkSecrets(versions[0], before); err != nil {
		return Deployment{}, err
	}
	ctx = context.WithoutCancel(ctx)
	r.reach("deploy: prepared")
	pub.ExpectDeployment = before.Deployment.ID
	after, err := r.store.DeployReconciled(ctx, req.deployment(versions, before), pub)
	if errors.Is(err, store.ErrConflict) {
		return Deployment{}, refuse(cfapi.CodeConflict, "%v", err)
	}
	if err != nil {
		return Deployment{}, err
	}
	r.reach("deploy: committed")
	r.log.Info("deployed", "script", req.Script, "version", after.Version.ID, "percentage", after.Deployment.Percentage)
	if err := r.converge(ctx); err != nil {
		pub.Version = after.Version
		return Deployment{}, r.afterFailedStart(ctx, err, before, pub, after.Deployment.ID)
	}
	return after.Deployment, nil
}

func (req DeployRequest) check() error {
	if n := len(req.Shares); n < 1 || n > 2 {
		return refuse(cfapi.CodeMalformedBody, "a deployment has one or two versions, not %d", n)
	}
	sum := 0.0
	for _, s := range req.Shares {
		if !(s.Percentage >= 0 && s.Percentage <= 100) { // not a number is neither
			return refuse(cfapi.CodeMalformedBody, "the percentage of version %q must be between 0 and 100", s.Version)
		}
		sum += s.Percentage
	}
	const epsilon = 0.001 // Wrangler's, for shares like 33.3
	if math.Abs(sum-100) > epsilon {
		return refuse(cfapi.CodeMalformedBody, "the percentages of the versions add up to %v, not to 100", sum)
	}
	if len(req.Shares) == 2 && req.Shares[0].Version == req.Shares[1].Version {
		return refuse(cfapi.CodeMalformedBody, "version %q is named twice", req.Shares[0].Version)
	}
	return nil
}

// checkSecrets refuses a way back that is one to other secrets, too, unless
// that was confirmed.
func (req DeployRequest) checkSecrets(v Version, before store.Deployed) error {
	there := slices.ContainsFunc(before.Versions(), func(b Version) bool { return b.ID == v.ID })
	if req.Force || there || v.Number > before.Version.Number {
		return nil
	}
	changed := changedSecrets(v, before.Version)
	if len(changed) == 0 {
		return nil
	}
	// Wrangler looks for the words before the names, and shows these.
	return refuse(cfapi.CodeSecretsChanged,
		"the version %s has other secrets than the one in force. The following secrets have changed: %s", v.ID, strings.Join(changed, ", "))
}

// deployable returns the versions of a request, the one that gets the objects
// first, if they can be put in force, and what that does to namespaces.
func (r *Runtime) deployable(ctx context.Context, req DeployRequest, before store.Deployed) ([]Version, store.Publication, error) {
	fail := func(err error) ([]Version, store.Publication, error) { return nil, store.Publication{}, err }
	var versions []Version
	for _, s := range req.Shares {
		v, err := r.Version(ctx, req.Script, s.Version)
		if err != nil {
			return fail(err)
		}
		versions = append(versions, v)
	}
	slices.SortFunc(versions, func(a, b Version) int { return b.Number - a.Number })
	if req.share(versions[0]) == 0 {
		slices.Reverse(versions) // a try of a version that nobody sees must not run everybody's objects
	}
	if err := checkAgreement(versions); err != nil {
		return fail(err)
	}
	w, err := r.world(ctx)
	if err != nil {
		return fail(err)
	}
	pub, err := reconcile(w, versions[0], before)
	if err != nil {
		return fail(err)
	}
	if pub.Reconciled != nil {
		w = w.with(pub.Namespaces)
	}
	if err := r.checkOwns(ctx, w, versions[0]); err != nil {
		return fail(err)
	}
	for _, v := range versions {
		if err := r.checkReads(ctx, w, v); err != nil {
			return fail(err)
		}
	}
	return versions, pub, nil
}

// deployment returns the record of a request. A way back is a rollback by
// whatever command it was asked for.
func (req DeployRequest) deployment(versions []Version, before store.Deployed) Deployment {
	d := Deployment{
		Script: req.Script, Version: versions[0].ID, Percentage: 100,
		Source: req.Source, Author: author(), Message: req.Message,
	}
	if versions[0].Number < before.Version.Number {
		d.TriggeredBy = store.TriggerRollback
	}
	if len(versions) == 2 {
		d.Other, d.Percentage = versions[1].ID, req.share(versions[0])
	}
	return d
}

// share returns a version's part of the requests.
func (req DeployRequest) share(v Version) float64 {
	for _, s := range req.Shares {
		if s.Version == v.ID {
			return s.Percentage
		}
	}
	return 0
}
