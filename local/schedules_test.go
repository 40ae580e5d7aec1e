package local_test

import (
	"database/sql"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"paddock/internal/cfapi"
	"paddock/local"
	"paddock/tail"
)

// scheduledJS keeps what it was called for in a KV namespace.
const scheduledJS = `
export default {
	async fetch(request, env) { return new Response(await env.KV.get("calls") ?? "none"); },
	async scheduled({ cron, scheduledTime }, env) {
		console.log("scheduled", cron);
		const calls = await env.KV.get("calls");
		await env.KV.put("calls", (calls ? calls + ";" : "") + cron + "@" + new Date(scheduledTime).toISOString());
	},
};`

func (r *rig) schedule(script string, crons ...string) {
	r.t.Helper()
	if err := r.SetSchedules(r.t.Context(), script, crons); err != nil {
		r.t.Fatalf("schedule %s: %v", script, err)
	}
}

// crons returns the expressions of a script.
func (r *rig) crons(script string) string {
	r.t.Helper()
	d, err := r.Script(r.t.Context(), script)
	if err != nil {
		r.t.Fatal(err)
	}
	var list []string
	for _, s := range d.Script.Schedules {
		list = append(list, s.Cron)
	}
	return strings.Join(list, "; ")
}

// scheduler returns the folders of schedulers in a state folder.
func schedulers(t *testing.T, dir string) []string {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`SELECT key FROM resources WHERE kind = 'schedule' AND deleted_on IS NULL`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			t.Fatal(err)
		}
		list = append(list, filepath.Join(dir, "objects", key))
	}
	return list
}

// rearm has a scheduler that does not run wake up at another time. What it will
// call stays as it is: the time that it has planned for.
func rearm(t *testing.T, folder string, at time.Time) {
	t.Helper()
	objects, err := filepath.Glob(filepath.Join(folder, "*.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	changed := map[string]int64{}
	for _, path := range objects {
		statement := `UPDATE _cf_METADATA SET value = ? WHERE key = 1`
		if filepath.Base(path) == "metadata.sqlite" {
			statement = `UPDATE _cf_ALARM SET scheduled_time = ?`
		}
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		result, err := db.Exec(statement, at.UnixNano())
		if err != nil {
			t.Fatal(err)
		}
		if changed[filepath.Base(path)], err = result.RowsAffected(); err != nil || db.Close() != nil {
			t.Fatal(err)
		}
	}
	if len(changed) != 2 {
		t.Fatalf("alarms in %v", changed)
	}
	for path, n := range changed {
		if n != 1 {
			t.Fatalf("%s has %d alarms", path, n)
		}
	}
}

// tracing opens a runtime that hands out trace items.
func tracing(t *testing.T, dir string) (*rig, <-chan tail.Item) {
	items := make(chan tail.Item, 100)
	return open(t, dir, func(o *local.Options) {
		o.Trace, o.OnItem = local.TraceAlways, func(i tail.Item) { items <- i }
	}), items
}

// await waits for a trace item.
func await(t *testing.T, items <-chan tail.Item, is func(tail.Item) bool) tail.Item {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case i := <-items:
			if is(i) {
				return i
			}
		case <-deadline:
			t.Fatal("waited in vain for a trace item")
		}
	}
}

func isCron(i tail.Item) bool { return i.Event.Cron != nil }

// A time that passes while no runtime runs is made up for, and one that comes
// while it runs is met. The clock is the real one; only the scheduler's note of
// when to wake up is changed, as an hour is too long for a test.
func TestSchedules(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r, _ := tracing(t, dir)
	r.publish(upload("w", scheduledJS, kv("KV", "a1")))
	r.publish(counter("bystander"))
	bystander := r.pid("bystander")
	r.schedule("w", "0 0 1 1 *", "* 0 1 JAN *", "0 0 31 12 *")
	if r.pid("bystander") != bystander {
		t.Error("another script's engine was swapped")
	}
	before := r.pid("w")
	r.schedule("w", "0 0 1 1 *", " * 0 1 JAN * ", "0 0 31 12 *", "0 0 1 1 *")
	if r.pid("w") != before {
		t.Error("the engine was swapped for nothing")
	}
	if got, want := r.crons("w"), "0 0 1 1 *; * 0 1 JAN *; 0 0 31 12 *"; got != want {
		t.Errorf("schedules %s, want %s", got, want)
	}
	r.wantBody("w", "/", "none")
	r.close()

	folder := schedulers(t, dir)[0]
	planned := time.Date(time.Now().UTC().Year(), 12, 31, 0, 0, 0, 0, time.UTC)
	if planned.Before(time.Now()) {
		planned = planned.AddDate(1, 0, 0)
	}
	rearm(t, folder, time.Now().Add(-time.Hour))
	r, items := tracing(t, dir)
	item := await(t, items, isCron)
	if *item.Event.Cron != "0 0 31 12 *" || item.Outcome != "ok" || item.ScriptName != "w" || string(item.Event.ScheduledTime) != fmt.Sprint(planned.UnixMilli()) {
		t.Errorf("item %+v of %+v", item.Event, item)
	}
	if len(item.Logs) != 1 || string(slices.Concat(item.Logs[0].Message...)) != `"scheduled""0 0 31 12 *"` {
		t.Errorf("logs %+v", item.Logs)
	}
	calls := "0 0 31 12 *@" + planned.Format("2006-01-02T15:04:05.000Z")
	r.wantBody("w", "/", calls)
	r.close()

	// The next time is New Year's, when two of the expressions are due.
	rearm(t, folder, time.Now().Add(2*time.Second))
	r, items = tracing(t, dir)
	r.wantBody("w", "/", calls)
	var crons []string
	for range 2 {
		crons = append(crons, *await(t, items, isCron).Event.Cron)
	}
	if slices.Sort(crons); !slices.Equal(crons, []string{"* 0 1 JAN *", "0 0 1 1 *"}) {
		t.Errorf("called for %q", crons)
	}
}

// A version without the handler is not called, and the schedules outlive it.
func TestSchedulesOfOtherVersions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r, _ := tracing(t, dir)
	r.publish(upload("w", storeJS, kv("KV", "a1")))
	r.schedule("w", "0 0 31 12 *")
	r.publish(upload("w", scheduledJS, kv("KV", "a1")))
	r.publish(upload("w", storeJS, kv("KV", "a1")))
	r.close()
	folder := schedulers(t, dir)[0]
	rearm(t, folder, time.Now().Add(-time.Hour))
	r, items := tracing(t, dir)
	r.wantBody("w", "/get", "nothing")
	p := r.publish(upload("w", scheduledJS, kv("KV", "a1")))
	if item := await(t, items, isCron); item.ScriptVersion.ID != p.Version.ID {
		t.Errorf("version %+v was called, not %s", item.ScriptVersion, p.Version.ID)
	}
	r.schedule("w")
	if got := r.crons("w"); got != "" {
		t.Errorf("schedules %s", got)
	}
	if left := schedulers(t, dir); len(left) != 0 {
		t.Errorf("schedulers %v", left)
	}
	if trash, err := filepath.Glob(filepath.Join(dir, "trash", filepath.Base(folder)+"-*")); err != nil || len(trash) != 1 {
		t.Errorf("the trash has %v, %v", trash, err)
	}
	r.schedule("w", "0 0 31 12 *")
	if fresh := schedulers(t, dir); len(fresh) != 1 || fresh[0] == folder {
		t.Errorf("schedulers %v", fresh)
	}
	if err := r.DeleteScript(t.Context(), "w", false); err != nil {
		t.Fatal(err)
	}
	if left := schedulers(t, dir); len(left) != 0 {
		t.Errorf("schedulers of a deleted script: %v", left)
	}
}

func TestSchedulesRefused(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(upload("w", scheduledJS, kv("KV", "a1")))
	r.schedule("w", "0 0 31 12 *")
	before := r.snapshot()
	err := r.SetSchedules(t.Context(), "w", []string{"* * * * *", "0 0 * * 0"})
	r.wantRefusal(err, cfapi.CodeInvalidCron, before, `invalid cron string "0 0 * * 0": "0" is no day of the week: they go from 1 to 7`)
}

var wholeMinute = flag.Bool("minute", false, "wait for the minute at which a script is to be called")

// With nothing changed by hand, a script is called within its minute.
func TestEveryMinute(t *testing.T) {
	if !*wholeMinute {
		t.Skip("takes up to a minute: run it with -minute")
	}
	r, items := tracing(t, t.TempDir())
	r.publish(upload("w", scheduledJS, kv("KV", "a1")))
	start := time.Now()
	r.schedule("w", "* * * * *")
	want := start.Truncate(time.Minute).Add(time.Minute)
	select {
	case i := <-items:
		if at := fmt.Sprint(want.UnixMilli()); !isCron(i) || string(i.Event.ScheduledTime) != at {
			t.Errorf("item %+v, want one for %s", i.Event, at)
		}
		t.Logf("called %v after the minute", time.Since(want))
	case <-time.After(time.Until(want) + patience):
		t.Fatal("the script was not called")
	}
}
