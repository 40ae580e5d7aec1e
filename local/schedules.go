package local

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"paddock/engine"
	"paddock/internal/cfapi"
	"paddock/internal/cron"
	"paddock/local/store"
)

// A Schedule calls a script at the times of a cron expression.
type Schedule = store.Schedule

// SetSchedules has a script's scheduled handler called at the times of these
// cron expressions, in UTC, in place of those that it has. While the version in
// force has no such handler nothing is called. A [*Refusal] names an expression
// that is none. The error wraps [ErrNotFound] if there is no such script.
func (r *Runtime) SetSchedules(ctx context.Context, script string, expressions []string) (err error) {
	var crons []string
	for _, text := range expressions {
		text = strings.TrimSpace(text)
		if err := cron.Check(text); err != nil {
			return refuse(cfapi.CodeInvalidCron, "invalid cron string %q: %v", text, err)
		}
		if !slices.Contains(crons, text) {
			crons = append(crons, text)
		}
	}
	ctx, end, err := r.begin(ctx)
	if err != nil {
		return err
	}
	defer end(&err)
	ctx = context.WithoutCancel(ctx)
	if err := r.store.SetSchedules(ctx, script, crons, newKey()); err != nil {
		return err
	}
	r.log.Info("scheduled", "script", script, "crons", crons)
	if err := r.converge(ctx); err != nil {
		return stored("the schedules are stored, but could not be brought into service: %w", err)
	}
	return nil
}

// schedule adds to a configuration what calls a script at its times. The
// scheduler is the engine's own: each script has one, whose folder says when it
// is to call next. What should have been called while no engine ran is called
// once, at the start.
func (r *Runtime) schedule(cfg *engine.Config, w world, script string) {
	d := w.scripts[script]
	scheduler, ok := w.resource(store.KindSchedule, script)
	if !ok || !w.handles(script, "scheduled") {
		return
	}
	var crons []string
	for _, s := range d.Script.Schedules {
		crons = append(crons, s.Cron)
	}
	const binding = "script" // under which the scheduler knows it
	text, err := json.Marshal(map[string][]string{binding: crons})
	if err != nil {
		panic(err) // strings only
	}
	r.back(cfg, scheduler, engine.ServiceBinding(binding, script, "", nil), engine.JSONBinding("CRONS", text))
}
