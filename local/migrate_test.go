package local_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"paddock/local"
	"paddock/migrate"
)

func TestRenameKeepsObjects(t *testing.T) {
	t.Parallel()
	for _, storage := range []string{"sqlite", "key-value"} {
		t.Run(storage, func(t *testing.T) {
			t.Parallel()
			r := open(t, t.TempDir())
			step := migrate.Step{NewSQLiteClasses: []string{"Counter"}}
			if storage == "key-value" {
				step = migrate.Step{NewClasses: []string{"Counter"}}
			}
			r.publish(upload("counter", counterJS, binds("Counter", ""), migrates("", "v1", step)))
			r.count("counter", 3)
			id, key := r.get("counter", "/id?name=A"), r.namespace("counter", "Counter")

			p := r.publish(upload("counter", renamed("Tally"), binds("Tally", ""), migrates("v1", "v2", rename("Counter", "Tally"))))
			if len(p.Effects) != 1 || p.Effects[0].Kind != "rename" || p.Effects[0].To != "Tally" {
				t.Errorf("effects %+v", p.Effects)
			}
			if got := r.namespace("counter", "Tally"); got != key {
				t.Errorf("the namespace's key was %s and is %s", key, got)
			}
			r.wantBody("counter", "/", "3")
			r.wantBody("counter", "/id?name=A", id)
			r.wantBody("counter", "/increment?id="+id, "4")
		})
	}
}

func rename(from, to string) migrate.Step {
	return migrate.Step{RenamedClasses: []migrate.Rename{{From: from, To: to}}}
}

func transfer(from, fromScript, to string) migrate.Step {
	return migrate.Step{TransferredClasses: []migrate.Transfer{{From: from, FromScript: fromScript, To: to}}}
}

// A binding follows its namespace through a rename and a transfer, without an
// upload of the script that has the binding.
func TestBindingsFollowTheirNamespace(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(counter("owner"))
	caller := r.publish(upload("caller", counterJS, binds("Counter", "owner")))
	r.count("caller", 2)
	id := r.get("caller", "/id?name=A")
	check := func(count string) {
		t.Helper()
		r.wantBody("caller", "/increment", count)
		r.wantBody("caller", "/id?name=A", id)
		d, err := r.Script(t.Context(), "caller")
		if err != nil || d.Version.ID != caller.Version.ID {
			t.Errorf("the caller's version is %s (%v), want the one that was published", d.Version.ID, err)
		}
	}

	r.publish(upload("owner", renamed("Tally"), binds("Tally", ""), migrates("v1", "v2", rename("Counter", "Tally"))))
	check("3")

	r.publish(upload("heir", renamed("Legacy"), binds("Legacy", ""), migrates("", "v1", transfer("Tally", "owner", "Legacy"))))
	check("4")
	r.wantBody("heir", "/", "4")
	r.wantBody("owner", "/increment", "5") // its own binding follows, too
	if got := r.group("heir").Scripts; !slices.Equal(got, []string{"caller", "heir", "owner"}) {
		t.Errorf("the heir shares its engine with %v", got)
	}

	// What the owner lost it cannot bind as its own any more, and it goes on
	// without.
	r.refused(upload("owner", renamed("Tally"), binds("Tally", "")), 10061)
	r.publish(upload("owner", counterJS, binds("Legacy", "heir")))
	check("6")
}

func TestDeleteMovesObjectsToTheTrash(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(counter("counter"))
	r.count("counter", 2)
	key := r.namespace("counter", "Counter")
	deletes := migrates("v1", "v2", migrate.Step{DeletedClasses: []string{"Counter"}})

	got := r.refused(upload("counter", counterJS, binds("Counter", ""), deletes), 10061)
	if want := "Cannot apply --delete-class migration to class Counter without also removing the binding that references it"; got != want {
		t.Errorf("refused with %q, want %q", got, want)
	}
	r.wantBody("counter", "/", "2")

	r.publish(upload("counter", counterJS, deletes))
	if _, err := os.Stat(filepath.Join(r.dir, "objects", key)); !os.IsNotExist(err) {
		t.Errorf("the objects are still there: %v", err)
	}
	kept, err := filepath.Glob(filepath.Join(r.dir, "trash", key+"-*", "*"))
	if err != nil || len(kept) == 0 {
		t.Errorf("the trash holds nothing of the namespace: %v", err)
	}

	// A class of the same name is another namespace.
	r.publish(upload("counter", counterJS, binds("Counter", ""), migrates("v2", "v3", migrate.Step{NewSQLiteClasses: []string{"Counter"}})))
	r.wantBody("counter", "/increment", "1")
}

// A class is not deleted while another script binds to it, and deleted once
// that is over.
func TestDeleteOfABoundClass(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(counter("owner"))
	r.publish(upload("caller", counterJS, binds("Counter", "owner"), text("VERSION", "1")))
	without := upload("owner", counterJS, migrates("v1", "v2", migrate.Step{DeletedClasses: []string{"Counter"}}))
	if message := r.refused(without, 10061); !strings.Contains(message, "caller binds to it") {
		t.Errorf("refused with %q", message)
	}
	r.publish(upload("caller", counterJS, text("VERSION", "1")))
	r.publish(without)
	r.wantBody("caller", "/version", "1")
	if got := r.group("caller").Scripts; !slices.Equal(got, []string{"caller"}) {
		t.Errorf("the caller shares its engine with %v", got)
	}
}

func TestFailedMigrationChangesNothing(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(counter("counter"))
	r.publish(counter("other"))
	r.count("counter", 2)
	tests := []struct {
		name   string
		upload local.Upload
		code   int
		want   string
	}{
		{"second step", upload("counter", renamed("Tally"), binds("Tally", ""), migrates("v1", "v3",
			rename("Counter", "Tally"), migrate.Step{DeletedClasses: []string{"Missing"}})), 10074, "'Missing'"},
		{"transfer from nowhere", upload("counter", counterJS, binds("Counter", ""), migrates("v1", "v2",
			transfer("Counter", "nowhere", "Taken"))), 10074, "'nowhere'"},
		{"transfer onto an existing class", upload("counter", counterJS, binds("Counter", ""), migrates("v1", "v2",
			transfer("Counter", "other", "Counter"))), 10074, "'Counter'"},
		{"renamed class not exported", upload("counter", counterJS, binds("Counter", ""), migrates("v1", "v2",
			rename("Counter", "Tally"))), 10070, "'Tally'"},
		{"created again", upload("counter", counterJS, binds("Counter", ""), migrates("v1", "v2",
			migrate.Step{NewClasses: []string{"Counter"}})), 10074, "'Counter'"},
		{"tag dropped", upload("counter", counterJS, binds("Counter", ""), migrates("v1", "")), 10079, "current tag is v1"},
		{"good migration, bad code", upload("counter", "nonsense;", migrates("v1", "v2", rename("Counter", "Tally"))), 10021, "nonsense"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &rig{Runtime: r.Runtime, t: t, url: r.url, client: r.client}
			if got := r.refused(tt.upload, tt.code); !strings.Contains(got, tt.want) {
				t.Errorf("refused with %q, want %q", got, tt.want)
			}
			r.wantBody("counter", "/", "2")
		})
	}
}

// The objects of a deleted class are out of reach already, so a trash that
// cannot take them must not keep the scripts from being served. It is tried
// again later.
func TestTrashThatFails(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(counter("counter"))
	r.count("counter", 1)
	key := r.namespace("counter", "Counter")
	trash := filepath.Join(r.dir, "trash")
	if err := os.Remove(trash); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(trash, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r.publish(upload("counter", counterJS, text("VERSION", "2"), migrates("v1", "v2", migrate.Step{DeletedClasses: []string{"Counter"}})))
	r.wantBody("counter", "/version", "2")

	if err := os.Remove(trash); err != nil {
		t.Fatal(err)
	}
	r.close()
	open(t, r.dir)
	if kept, err := filepath.Glob(filepath.Join(trash, key+"-*")); err != nil || len(kept) != 1 {
		t.Errorf("the trash holds %v, %v", kept, err)
	}
}

// new_sqlite_classes opens the SQL API for a class, and new_classes does not.
// What a class is called later changes nothing about that.
func TestSQLIsOfTheNamespace(t *testing.T) {
	t.Parallel()
	const source = `
export class Counter {
	constructor(state) { this.storage = state.storage; }
	fetch() {
		try {
			return new Response("SQL " + this.storage.sql.exec("SELECT 1 AS one").one().one);
		} catch (e) {
			return new Response("no SQL");
		}
	}
}
export default { fetch: (request, env) => env.COUNTER.get(env.COUNTER.idFromName("A")).fetch(request) };`
	r := open(t, t.TempDir())
	for script, tt := range map[string]struct {
		step migrate.Step
		want string
	}{
		"sql": {migrate.Step{NewSQLiteClasses: []string{"Counter"}}, "SQL 1"},
		"kv":  {migrate.Step{NewClasses: []string{"Counter"}}, "no SQL"},
	} {
		r.publish(upload(script, source, binds("Counter", ""), migrates("", "v1", tt.step)))
		r.wantBody(script, "/", tt.want)
		r.publish(upload(script, strings.ReplaceAll(source, "class Counter", "class Tally"), binds("Tally", ""),
			migrates("v1", "v2", rename("Counter", "Tally"))))
		r.wantBody(script, "/", tt.want)
	}
}
