package local_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"paddock/local"
	"paddock/migrate"
)

// bareJS is a worker without classes.
const bareJS = `export default { fetch: () => new Response("bare") };`

// declares gives an upload a declaration, from an entry for each class without
// its type: {"storage":"sqlite"}.
func declares(entries ...string) part {
	return func(up *local.Upload) {
		list := make([]string, len(entries))
		for i, e := range entries {
			list[i] = strings.Replace(e, "{", `{"type":"durable-object",`, 1)
		}
		up.Form.Metadata.Exports = json.RawMessage("{" + strings.Join(list, ",") + "}")
	}
}

const (
	live   = `"Counter":{"storage":"sqlite"}`
	gone   = `"Counter":{"state":"deleted"}`
	given  = `"Counter":{"state":"transferred","transferred_to":"heir"}`
	wanted = `"Counter":{"state":"expecting-transfer","storage":"sqlite","transfer_from":"owner"}`
)

// owner is a script with counters, which it declares.
func owner(parts ...part) local.Upload {
	return upload("owner", counterJS, append([]part{binds("Counter", ""), declares(live)}, parts...)...)
}

// gives is the owner that hands its counters over.
func gives() local.Upload { return upload("owner", counterJS, declares(given)) }

// takes is the heir that gets them, with a binding of its own from the start.
func takes() local.Upload {
	return upload("heir", counterJS, binds("Counter", ""), declares(wanted))
}

// wantReport compares what a declaration did, in short.
func wantReport(t *testing.T, p local.Published, want string) {
	t.Helper()
	if p.Reconciliation == nil {
		t.Fatal("there is no report")
	}
	r := p.Reconciliation
	got := fmt.Sprint("created ", r.Created, " deleted ", r.Deleted, " renamed ", r.Renamed, " transferred ", r.Transferred, " pending ", r.Pending)
	for _, n := range slices.Concat(r.Warnings, r.Info) {
		got += " [" + n.Scenario + "] " + n.Class
	}
	got += fmt.Sprint(" removable ", r.Removable)
	got = strings.Join(strings.Fields(strings.NewReplacer(
		"created []", "", "deleted []", "", "renamed []", "", "transferred []", "", "pending []", "", "removable []", "").Replace(got)), " ")
	if got != want {
		t.Errorf("report %q, want %q", got, want)
	}
}

func TestDeclaredClassIsRenamed(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	wantReport(t, r.publish(owner()), "created [Counter]")
	r.count("owner", 3)
	id, key := r.get("owner", "/id?name=A"), r.namespace("owner", "Counter")
	wantReport(t, r.publish(owner()), "")
	r.publish(upload("caller", counterJS, binds("Counter", "owner")))

	renames := upload("owner", renamed("Tally"), binds("Tally", ""), declares(`"Counter":{"state":"renamed","renamed_to":"Tally"}`, `"Tally":{"storage":"sqlite"}`))
	wantReport(t, r.publish(renames), "renamed [{Counter Tally}]")
	if got := r.namespace("owner", "Tally"); got != key {
		t.Errorf("the namespace's key was %s and is %s", key, got)
	}
	r.wantBody("owner", "/", "3")
	r.wantBody("owner", "/increment?id="+id, "4")
	r.wantBody("caller", "/increment", "5")

	// Done, it is told until nobody names the old class any more.
	p := r.publish(renames)
	wantReport(t, p, "[stale_tombstone] Counter")
	if got := p.Reconciliation.Info[0].Scripts; !slices.Equal(got, []string{"caller"}) {
		t.Errorf("referenced by %v", got)
	}
	r.publish(upload("caller", counterJS, binds("Tally", "owner")))
	wantReport(t, r.publish(renames), "[stale_tombstone] Counter removable [Counter]")
	r.wantBody("caller", "/increment", "6")
}

// Whichever side comes first, the second one moves the class; values and ids
// stay, and every binding follows.
func TestTransferInTwoPhases(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"target", "source"} {
		t.Run(first, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			r := open(t, dir)
			r.publish(owner())
			r.publish(upload("caller", counterJS, binds("Counter", "owner")))
			r.count("owner", 2)
			id, key := r.get("owner", "/id?name=A"), r.namespace("owner", "Counter")

			if first == "target" {
				wantReport(t, r.publish(takes()), "pending [{Counter owner}]")
				r.wantBody("heir", "/increment", "3") // it is bound where it is
			} else {
				wantReport(t, r.publish(gives()), "transferred [{Counter heir false}] [transferred_target_missing] Counter")
				r.wantBody("caller", "/increment", "3")
			}
			if got := r.namespace("owner", "Counter"); got != key {
				t.Errorf("the namespace is %s before both have spoken, want %s", got, key)
			}
			r.close() // what waits is stored
			r = open(t, dir)
			if first == "target" {
				wantReport(t, r.publish(gives()), "transferred [{Counter heir true}] [tombstone_class_still_in_code] Counter")
			} else {
				wantReport(t, r.publish(takes()), "transferred [{Counter heir true}]")
			}
			if got := r.namespace("heir", "Counter"); got != key {
				t.Errorf("the namespace was %s and is %s", key, got)
			}
			r.wantBody("heir", "/", "3")
			r.wantBody("heir", "/increment?id="+id, "4")
			r.wantBody("caller", "/increment", "5")

			// Both declarations may be uploaded again.
			wantReport(t, r.publish(takes()), "[transfer_receive_already_applied] Counter")
			wantReport(t, r.publish(upload("owner", bareJS, declares(given))), "[stale_tombstone] Counter")
			r.publish(upload("caller", counterJS, binds("Counter", "heir")))
			wantReport(t, r.publish(upload("owner", bareJS, declares(given))), "[stale_tombstone] Counter removable [Counter]")
			wantReport(t, r.publish(upload("heir", counterJS, binds("Counter", ""), declares(live))), "")
			r.wantBody("heir", "/increment", "6")
			h, err := r.History(t.Context(), "heir")
			if err != nil || len(h.Pending) != 0 || len(h.Uploads) != 1 || !h.Uploads[0].Declared || !strings.Contains(string(h.Uploads[0].Steps), `"from_script":"owner"`) {
				t.Errorf("history of the heir: %+v, %v", h, err)
			}
		})
	}
}

func TestTransferIsCalledOff(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(owner())
	r.count("owner", 1)
	r.publish(takes())
	r.publish(upload("heir", bareJS, declares()))
	before := r.snapshot()
	_, err := r.Publish(t.Context(), upload("owner", bareJS, declares(given)))
	r.wantRefusal(err, 100402, before, "[transferred_pending_not_found] class 'Counter'")

	// A script that is deleted waits for nothing.
	r.publish(takes())
	if err := r.DeleteScript(t.Context(), "heir", false); err != nil {
		t.Fatal(err)
	}
	wantReport(t, r.publish(gives()), "transferred [{Counter heir false}] [transferred_target_missing] Counter")
	wantReport(t, r.publish(owner()), "")
	r.publish(upload("heir", counterJS, declares(wanted)))
	r.wantBody("owner", "/increment", "2")
}

func TestDeclaredDeleteCanBeUndone(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(owner())
	r.count("owner", 2)
	key := r.namespace("owner", "Counter")
	caller := upload("caller", counterJS, binds("Counter", "owner"))
	r.publish(caller)

	deletes := upload("owner", bareJS, declares(gone))
	if message := r.refused(upload("owner", counterJS, declares(gone)), 100402); !strings.Contains(message, "tombstone_delete_class_still_in_code") {
		t.Errorf("refused with %q", message)
	}
	before := r.snapshot()
	_, err := r.Publish(t.Context(), deletes)
	r.wantRefusal(err, 100402, before, "[tombstone_delete_blocked_by_external_bindings] class 'Counter'")
	refusal, _ := errors.AsType[*migrate.Refusal](err)
	want := []migrate.Note{{
		Class: "Counter", Scenario: "tombstone_delete_blocked_by_external_bindings", Message: "Other scripts still bind to the namespace that would be deleted.",
		Suggestion: "Upload the scripts that bind to it without the binding, then upload this one again.", Scripts: []string{"caller"}, Key: key,
	}}
	if refusal == nil || cmp.Diff(want, refusal.Details) != "" {
		t.Errorf("details (-want +got):\n%s", cmp.Diff(want, refusal.Details))
	}
	r.publish(upload("caller", bareJS))
	wantReport(t, r.publish(deletes), "deleted [Counter]")
	if _, err := os.Stat(filepath.Join(r.dir, "objects", key)); !os.IsNotExist(err) {
		t.Errorf("the objects are still there: %v", err)
	}
	wantReport(t, r.publish(deletes), "[stale_tombstone] Counter removable [Counter]")

	// The code exports the class again, and the entry is gone: it can be had back.
	r.publish(upload("owner", counterJS, declares()))
	if _, err := r.Restore(t.Context(), local.RestoreRequest{Key: key}); err != nil {
		t.Fatal(err)
	}
	if message := r.refused(upload("owner", counterJS), 100402); !strings.Contains(message, "provisioned_class_missing_from_config") {
		t.Errorf("refused with %q", message)
	}
	wantReport(t, r.publish(owner()), "")
	r.wantBody("owner", "/increment", "3")
}

// A script moves on from migrations without a change to its classes, and not
// back.
func TestFromMigrationsToExports(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := openWithKey(t, dir, filepath.Join(dir, "secrets.key"))
	r.publish(counter("owner"))
	r.count("owner", 2)
	if message := r.refused(upload("owner", counterJS, binds("Counter", ""), declares(`"Counter":{"storage":"legacy-kv"}`)), 100402); !strings.Contains(message, "storage_type_mismatch") {
		t.Errorf("refused with %q", message)
	}
	p := r.publish(owner())
	wantReport(t, p, "")
	if p.Script.MigrationTag != "v1" || len(p.Effects) != 0 {
		t.Errorf("tag %q, effects %v", p.Script.MigrationTag, p.Effects)
	}
	r.wantBody("owner", "/increment", "3")
	r.refused(upload("owner", counterJS, binds("Counter", ""), declares(live), migrates("v1", "v2")), 10026)
	r.put("owner", "KEY", "a version that nobody has uploaded")
	if message := r.refused(upload("owner", counterJS, binds("Counter", ""), migrates("v1", "v2", migrate.Step{})), 100402); !strings.Contains(message, "by version 3, which is in force") {
		t.Errorf("refused with %q", message)
	}
	wantReport(t, r.publish(upload("owner", renamed("Tally"), binds("Tally", ""),
		declares(`"Counter":{"state":"renamed","renamed_to":"Tally"}`, `"Tally":{"storage":"sqlite"}`))), "renamed [{Counter Tally}]")
	h, err := r.History(t.Context(), "owner")
	if err != nil || len(h.Uploads) != 2 || len(h.Entries) != 1 || h.Entries[0].Tag != "v1" {
		t.Errorf("history %+v, %v", h, err)
	}
	r.wantBody("owner", "/increment", "4")
}

// Only classes with SQL storage may use SQL.
func TestDeclaredStorage(t *testing.T) {
	t.Parallel()
	const js = `export class C {
	constructor(state) { this.state = state; }
	fetch() { try { return new Response(String(this.state.storage.sql.exec("SELECT 1").toArray().length)); } catch (e) { return new Response(e.message); } }
}
export default { fetch: (request, env) => env.COUNTER.getByName("A").fetch(request) };`
	r := open(t, t.TempDir())
	r.publish(upload("sql", js, binds("C", ""), declares(`"C":{"storage":"sqlite"}`)))
	r.wantBody("sql", "/", "1")
	wantReport(t, r.publish(upload("kv", js, binds("C", ""), declares(`"C":{"storage":"legacy-kv"}`))), "created [C] [invalid_export] C")
	if body := r.get("kv", "/"); !strings.Contains(body, "SQL is not enabled") {
		t.Errorf("SQL on key-value storage: %q", body)
	}
}

// What a version declares is done when it is deployed, and cannot be undone by
// going back.
func TestVersionsWithExports(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	both := counterJS + "\nexport class Extra {}\n"
	extra := declares(live, `"Extra":{"storage":"sqlite"}`)
	first := r.publish(owner())
	r.count("owner", 2)

	before := r.snapshot()
	refuses := func(up local.Upload, code int, says string) {
		t.Helper()
		_, err := r.UploadVersion(t.Context(), up)
		r.wantRefusal(err, code, before, says)
	}
	refuses(upload("owner", both, binds("Counter", ""), bindsAs("EXTRA", "Extra", ""), extra), 100406, `binding "EXTRA" names the class "Extra"`)
	refuses(upload("owner", counterJS, binds("Counter", ""), extra), 100402, "[config_references_nonexistent_class] class 'Extra'")

	staged := r.uploadVersion(upload("owner", both, binds("Counter", ""), extra))
	before = r.snapshot()
	_, err := r.Deploy(t.Context(), shares("owner", first.Version.ID, 50, staged.ID))
	r.wantRefusal(err, 100405, before, first.Version.ID, staged.ID, "100%")
	r.deploy("owner", staged.ID)
	r.namespace("owner", "Extra")
	r.wantBody("owner", "/increment", "3")

	// The first one would leave the new class without code.
	before = r.snapshot()
	_, err = r.Deploy(t.Context(), whole("owner", first.Version.ID))
	r.wantRefusal(err, 100402, before, "Extra")

	// With both declaring the same, requests can be split.
	again := r.uploadVersion(upload("owner", both, binds("Counter", ""), extra, text("VERSION", "3")))
	r.split(shares("owner", again.ID, 50, staged.ID))

	// A class that was deleted does not come back empty.
	r.publish(upload("owner", bareJS, declares(gone, `"Extra":{"state":"deleted"}`)))
	before = r.snapshot()
	_, err = r.Deploy(t.Context(), whole("owner", again.ID))
	r.wantRefusal(err, 100402, before, "a later version has changed the classes")
}

// A publish that is killed has moved the class or has not, and can be done
// again.
func TestKilledWhileHandingOver(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("engines outlive their runtime and keep its folder")
	}
	t.Parallel()
	for point, heir := range map[string]bool{"publish: prepared": false, "publish: committed": true, "swap: halted": true} {
		t.Run(strings.ReplaceAll(point, ": ", "_"), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			r := open(t, dir)
			r.publish(owner())
			r.count("owner", 2)
			r.publish(takes())
			key := r.namespace("owner", "Counter")
			r.close()
			cmd, stdout := play(t, "victim", nil, dir, options(t, dir).Engine, "hand over", point)
			said, err := io.ReadAll(stdout)
			if err != nil || len(said) > 0 {
				t.Fatalf("%s, %v", said, err)
			}
			if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
				t.Fatalf("the runtime was not killed: %v", cmd.ProcessState)
			}
			r = open(t, dir)
			r.wantFolders()
			r.wantBody("heir", "/", "2")
			if heir != (r.ownerOf(key) == "heir") {
				t.Errorf("the class is that of %q", r.ownerOf(key))
			}
			r.publish(gives())
			r.wantBody("heir", "/increment", "3")
			if r.ownerOf(key) != "heir" {
				t.Errorf("the class is that of %q in the end", r.ownerOf(key))
			}
		})
	}
}

// ownerOf returns the script that a namespace belongs to.
func (r *rig) ownerOf(key string) string {
	r.t.Helper()
	for _, s := range r.status().Scripts {
		for _, n := range s.Classes {
			if n.Key == key {
				return n.Script
			}
		}
	}
	return ""
}
