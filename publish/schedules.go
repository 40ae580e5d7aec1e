package publish

import (
	"context"

	"paddock/internal/cfapi"
)

// setSchedules sends the cron expressions, also when there are none: that
// removes those that the target has.
func (w *ways) setSchedules(ctx context.Context) ([]string, error) {
	body, targets := []cfapi.Schedule{}, []string{}
	for _, cron := range w.worker.Crons {
		body = append(body, cfapi.Schedule{Cron: cron})
		targets = append(targets, "schedule: "+cron)
	}
	if err := w.api.SetSchedules(ctx, w.worker.Name, body); err != nil {
		return nil, err
	}
	return targets, nil
}
