package local_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // to let time pass

	"paddock/internal/cfapi"
	"paddock/local"
	"paddock/migrate"
)

// trashed returns the only namespace in the trash.
func (r *rig) trashed() local.ClassUsage {
	r.t.Helper()
	list, err := r.Trash(r.t.Context())
	if err != nil || len(list) != 1 {
		r.t.Fatalf("trash %+v, %v; want one namespace", list, err)
	}
	return list[0]
}

func (r *rig) restore(key, class string) {
	r.t.Helper()
	if _, err := r.Restore(r.t.Context(), local.RestoreRequest{Key: key, Class: class}); err != nil {
		r.t.Fatal(err)
	}
}

// notRestored expects a refusal that has changed nothing.
func (r *rig) notRestored(key, class string, code int, want string) {
	r.t.Helper()
	before := r.snapshot()
	_, err := r.Restore(r.t.Context(), local.RestoreRequest{Key: key, Class: class})
	refusal, ok := errors.AsType[*local.Refusal](err)
	if !ok || refusal.Code != code || !strings.Contains(refusal.Message, want) {
		r.t.Errorf("restore: %v, want a refusal %d with %q", err, code, want)
	}
	r.same(before)
}

func TestRestore(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(counter("counter"))
	r.count("counter", 2)
	key, id := r.namespace("counter", "Counter"), r.get("counter", "/id?name=A")
	r.publish(deletes("counter"))
	n := r.trashed()
	if n.Key != key || n.Class != "Counter" || n.Objects != 1 || n.Bytes == 0 || time.Since(n.DeletedOn) > time.Hour {
		t.Errorf("in the trash: %+v", n)
	}
	r.notRestored("0123", "", cfapi.CodeNotInTrash, "no namespace")
	r.notRestored(key, "Missing", cfapi.CodeClassNotExported, "does not export the class Missing")

	// The label is taken by a class that was created since.
	r.publish(upload("counter", counterJS+renamedClass, binds("Counter", ""), migrates("v2", "v3", migrate.Step{NewClasses: []string{"Counter"}})))
	r.count("counter", 1)
	r.notRestored(key, "", cfapi.CodeMigrationClass, "--as CLASS")
	r.restore(key, "Tally")
	r.wantBody("counter", "/", "1")
	r.publish(upload("counter", counterJS+renamedClass, binds("Tally", "")))
	r.wantBody("counter", "/", "2")
	r.wantBody("counter", "/id?name=A", id)
	r.notRestored(key, "", cfapi.CodeNotInTrash, "no namespace")
	if got := r.namespace("counter", "Tally"); got != key {
		t.Errorf("the restored class has the key %s, want %s", got, key)
	}
}

const renamedClass = "\nexport class Tally extends Counter {}\n"

// A script that was deleted has its objects again once it is published again:
// they take the place of the new ones, which can be had back in the same way.
func TestRestoreOfADeletedScript(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(counter("counter"))
	r.count("counter", 2)
	key, id := r.namespace("counter", "Counter"), r.get("counter", "/id?name=A")
	r.deleteScript("counter")
	r.notRestored(key, "", cfapi.CodeScriptNotFound, "publish it again, and then let the class take the place of its new one (--replace)")
	r.publish(counter("counter"))
	r.publish(upload("viewer", counterJS, binds("Counter", "counter")))
	r.count("viewer", 1)
	instead := r.namespace("counter", "Counter")
	r.notRestored(key, "", cfapi.CodeMigrationClass, "(--replace)")

	replace := func(key, want string) {
		t.Helper()
		restored, err := r.Restore(t.Context(), local.RestoreRequest{Key: key, Replace: true})
		if err != nil || restored.Key != key || restored.Replaced != want {
			t.Fatalf("restored %+v, %v; want %s in place of %s", restored, err, key, want)
		}
		r.wantFolders()
	}
	replace(key, instead)
	r.wantBody("counter", "/", "2")
	r.wantBody("counter", "/id?name=A", id)
	r.wantBody("viewer", "/", "2")
	if n := r.trashed(); n.Key != instead || n.Objects != 1 {
		t.Errorf("in the trash: %+v", n)
	}
	r.publish(recount("counter", "2"))
	r.wantBody("viewer", "/increment", "3")
	replace(instead, key)
	r.wantBody("counter", "/", "1")
	r.wantBody("viewer", "/", "1")

	// Where nothing has to make room, nothing does.
	r.deleteScript("viewer")
	r.publish(deletes("counter"))
	replace(key, "")
	r.publish(recount("counter", "3"))
	r.wantBody("counter", "/", "3")
}

// What was deleted although another script binds to it is null there, and what
// comes back is bound again, with its alarm, and with no upload of that script.
func TestRestoredAlarmsFire(t *testing.T) {
	t.Parallel()
	const source = `
export class Counter {
	constructor(state, env) { this.storage = state.storage; this.env = env; }
	async fetch() {
		const rang = await this.storage.get("rang");
		if (!rang && this.env.VERSION === "1") await this.storage.setAlarm(Date.now() + 1500);
		return new Response(rang ?? "quiet");
	}
	alarm() { return this.storage.put("rang", "in " + this.env.VERSION); }
}
export default { fetch: () => new Response("here") };`
	const viewer = `export default { fetch: (request, env) => env.COUNTER
		? env.COUNTER.get(env.COUNTER.idFromName("A")).fetch(request)
		: new Response("no binding") };`
	r := open(t, t.TempDir())
	r.publish(upload("counter", source, text("VERSION", "1"), creates("Counter")))
	r.publish(upload("viewer", viewer, binds("Counter", "counter")))
	r.wantBody("viewer", "/", "quiet")
	set := time.Now()

	gone := upload("counter", source, text("VERSION", "2"), migrates("v1", "v2", migrate.Step{DeletedClasses: []string{"Counter"}}))
	if got := r.refused(gone, 10061); !strings.Contains(got, "viewer binds to it") {
		t.Errorf("refused with %q", got)
	}
	gone.Form.Metadata.Paddock = &cfapi.UploadExtras{DeleteBound: true}
	r.publish(gone)
	r.wantBody("viewer", "/", "no binding")
	eventually(t, "the alarm is due", func() bool { return time.Since(set) > 2*time.Second })
	r.restore(r.trashed().Key, "")
	eventually(t, "the alarm rings", func() bool { return r.get("viewer", "/") == "in 2" })
}

func TestPurge(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(counter("counter"))
	r.count("counter", 1)
	key := r.namespace("counter", "Counter")
	purge := func(keys ...string) error { return r.Purge(t.Context(), keys) }
	if refusal, ok := errors.AsType[*local.Refusal](purge(key)); !ok || refusal.Code != cfapi.CodeNotInTrash {
		t.Errorf("a class in use was purged: %v", refusal)
	}
	r.wantBody("counter", "/", "1")
	r.publish(deletes("counter"))
	if refusal, ok := errors.AsType[*local.Refusal](purge(key, "0123")); !ok || refusal.Code != cfapi.CodeNotInTrash {
		t.Errorf("a namespace that is not there was purged: %v", refusal)
	}
	if n := r.trashed(); n.Objects != 1 {
		t.Errorf("half of a refused purge was done: %+v", n)
	}
	if err := purge(key); err != nil {
		t.Fatal(err)
	}
	r.want(key, "gone")
	r.notRestored(key, "", cfapi.CodeNotInTrash, "no namespace")
	for _, folder := range []string{"objects", "trash"} {
		if left, err := os.ReadDir(filepath.Join(r.dir, folder)); err != nil || len(left) > 0 {
			t.Errorf("%s holds %v, %v", folder, left, err)
		}
	}
}

// The trash is kept for 30 days.
func TestTrashExpires(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(counter("counter"))
	r.count("counter", 1)
	key := r.namespace("counter", "Counter")
	r.publish(deletes("counter"))
	r.close()
	deletedOn := func(ago time.Duration) {
		t.Helper()
		db, err := sql.Open("sqlite", filepath.Join(r.dir, "state.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		at := time.Now().Add(-ago).UTC().Format("2006-01-02T15:04:05.000000Z")
		if _, err := db.Exec(`UPDATE namespaces SET deleted_on = ?`, at); err != nil {
			t.Fatal(err)
		}
	}
	deletedOn(local.TrashAge - time.Hour)
	r = open(t, r.dir)
	if err := r.EmptyTrash(context.Background()); err != nil {
		t.Fatal(err)
	}
	r.trashed()
	r.close()
	deletedOn(local.TrashAge + time.Minute)
	r = open(t, r.dir)
	eventually(t, "the trash is emptied", func() bool {
		left, err := os.ReadDir(filepath.Join(r.dir, "trash"))
		return err == nil && len(left) == 0
	})
	r.want(key, "gone")
}
