package local

import (
	"context"

	"paddock/local/store"
)

// Settings are a script's settings that no version has, see [store.Settings].
type Settings = store.Settings

// Kept are settings that nothing acts on, see [store.Kept].
type Kept = store.Kept

// SetScript changes settings of a script and returns it as it is then. The
// error wraps [ErrNotFound] if there is no such script. Observability that is
// switched on swaps the script's engine if it has no collector yet.
func (r *Runtime) SetScript(ctx context.Context, script string, set Settings) (_ Deployed, err error) {
	ctx, end, err := r.begin(ctx)
	if err != nil {
		return Deployed{}, err
	}
	defer end(&err)
	ctx = context.WithoutCancel(ctx)
	if err := r.store.SetScript(ctx, script, set); err != nil {
		return Deployed{}, err
	}
	if set.Observability != nil {
		if err := r.converge(ctx); err != nil {
			return Deployed{}, stored("the settings are stored, but could not be brought into service: %w", err)
		}
	}
	return r.store.DeployedScript(ctx, script)
}
