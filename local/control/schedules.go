package control

import (
	"net/http"

	"paddock/internal/cfapi"
	"paddock/local"
)

// handleSchedules answers about the times at which a script is called.
func (a *API) handleSchedules(account string) {
	schedules := account + "/workers/scripts/{script}/schedules"
	a.handle("GET "+schedules, a.getSchedules)
	a.handle("PUT "+schedules, a.putSchedules)
}

func (a *API) getSchedules(r *http.Request) (any, error) {
	d, err := a.rt.Script(r.Context(), r.PathValue("script"))
	if err != nil {
		return nil, notFound(err)
	}
	return cfapi.Schedules{Schedules: described(d.Script.Schedules, describeSchedule)}, nil
}

func (a *API) putSchedules(r *http.Request) (any, error) {
	body, err := readJSON[[]cfapi.Schedule](r)
	if err == nil && body == nil {
		err = &local.Refusal{Code: cfapi.CodeMalformedBody, Message: "the body must be a list: [] removes all schedules"}
	}
	if err != nil {
		return nil, err
	}
	crons := described(body, func(s cfapi.Schedule) string { return s.Cron })
	if err := a.rt.SetSchedules(r.Context(), r.PathValue("script"), crons); err != nil {
		return nil, notFound(err)
	}
	return a.getSchedules(r)
}

func describeSchedule(s local.Schedule) cfapi.Schedule {
	return cfapi.Schedule{Cron: s.Cron, CreatedOn: stamp(s.CreatedOn), ModifiedOn: stamp(s.CreatedOn)}
}
