package control

import (
	"testing"

	"paddock/internal/cfapi"
)

func TestSchedules(t *testing.T) {
	h := newHouse(t)
	path := account + "/workers/scripts/w/schedules"
	h.call("GET", path, "").want(t, 404, cfapi.CodeScriptNotFound)
	h.call("PUT", path, `[{"cron":"* * * * *"}]`).want(t, 404, cfapi.CodeScriptNotFound)
	h.publish("w", form(`export default { fetch: () => new Response("hello"), scheduled() {} };`))
	list := func(a answer) []cfapi.Schedule {
		t.Helper()
		var got cfapi.Schedules
		a.want(t, 200, 0).into(t, &got)
		return got.Schedules
	}
	if got := list(h.call("GET", path, "")); got == nil || len(got) != 0 {
		t.Errorf("before: %+v", got)
	}
	first := list(h.call("PUT", path, `[{"cron":"*/5 * * * *"},{"cron":"0 0 1 1 *"}]`))
	if len(first) != 2 || first[0].Cron != "*/5 * * * *" || !wellFormed(first[0].CreatedOn) || first[0].ModifiedOn == "" {
		t.Errorf("put: %+v", first)
	}
	second := list(h.call("PUT", path, `[{"cron":"0 0 1 1 *"},{"cron":"0 0 L * *"}]`))
	if len(second) != 2 || second[0] != first[1] || second[1].CreatedOn <= first[1].CreatedOn {
		t.Errorf("put %+v after %+v", second, first)
	}
	for _, body := range []string{`[{"cron":"0 22 * * 0"}]`, `[{"cron":"* * * * *"},{}]`} {
		h.call("PUT", path, body).want(t, 400, cfapi.CodeInvalidCron)
	}
	for _, body := range []string{`{"cron":"* * * * *"}`, `["* * * * *"]`, `[{"cron":{"cron":"* * * * *"}}]`, `null`, ``} {
		h.call("PUT", path, body).want(t, 400, cfapi.CodeMalformedBody)
	}
	h.publish("w", form(`export default { fetch: () => new Response("again"), scheduled() {} };`))
	if got := list(h.call("GET", path, "")); len(got) != 2 || got[0] != second[0] {
		t.Errorf("after another upload: %+v", got)
	}
	h.says("w", "/", "again")
	if got := list(h.call("PUT", path, `[]`)); len(got) != 0 {
		t.Errorf("cleared: %+v", got)
	}
	h.says("w", "/", "again")
}
