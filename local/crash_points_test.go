package local_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"paddock/local"
	"paddock/migrate"
)

// deletes is the upload that deletes the class of a script like counter.
func deletes(script string) local.Upload {
	return upload(script, counterJS, migrates("v1", "v2", migrate.Step{DeletedClasses: []string{"Counter"}}))
}

// dieAt is a runtime that is killed at a point of an operation. See TestMain.
func dieAt(dir, engine, operation, point string) error {
	rt := local.New(local.Options{Dir: dir, Engine: engine, Version: "test"})
	ctx := context.Background()
	if err := rt.Open(ctx); err != nil {
		return err
	}
	rt.KillAt(point)
	switch operation {
	case "delete":
		return second(rt.Publish(ctx, deletes("counter")))
	case "rename":
		return second(rt.Publish(ctx, upload("counter", renamed("Tally"), binds("Tally", ""), text("VERSION", "2"),
			migrates("v1", "v2", rename("Counter", "Tally")))))
	case "transfer":
		return second(rt.Publish(ctx, upload("heir", counterJS, migrates("", "t1", transfer("Counter", "counter", "Counter")))))
	case "delete script":
		return rt.DeleteScript(ctx, "counter", false)
	case "rollback":
		return rollback(ctx, rt)
	}
	if operation == "hand over" {
		_, err := rt.Publish(ctx, gives())
		return err
	}
	trash, err := rt.Trash(ctx)
	if err != nil || len(trash) != 1 {
		return fmt.Errorf("trash %+v: %w", trash, err)
	}
	if operation == "purge" {
		return rt.Purge(ctx, []string{trash[0].Key})
	}
	return second(rt.Restore(ctx, local.RestoreRequest{Key: trash[0].Key, Replace: operation == "replace"}))
}

// again is the next upload of counter when its class is where it is.
func again(class string) local.Upload {
	switch class {
	case "counter/Tally":
		return upload("counter", renamed("Tally"), binds("Tally", ""))
	case "heir/Counter":
		return upload("counter", counterJS, binds("Counter", "heir"))
	}
	return recount("counter", "again")
}

// rollback puts the first version of counter in force.
func rollback(ctx context.Context, rt *local.Runtime) error {
	versions, err := rt.Versions(ctx, "counter")
	if err != nil {
		return err
	}
	first := slices.IndexFunc(versions, func(v local.Version) bool { return v.Number == 1 })
	if first < 0 {
		return fmt.Errorf("no first version among %+v", versions)
	}
	_, err = rt.Deploy(ctx, local.DeployRequest{
		Script: "counter", Shares: []local.Share{{Version: versions[first].ID, Percentage: 100}}, Source: "test",
	})
	return err
}

// setUp has counter in the state that an operation starts from, and returns
// the key of its class, whose object A stands at 2.
func (r *rig) setUp(operation string) (key string) {
	r.t.Helper()
	r.publish(counter("counter"))
	r.count("counter", 2)
	key = r.namespace("counter", "Counter")
	switch operation {
	case "rollback":
		r.publish(recount("counter", "2"))
	case "restore", "purge":
		r.publish(deletes("counter"))
	case "replace":
		r.deleteScript("counter")
		r.publish(counter("counter"))
		r.count("counter", 1)
	}
	return key
}

func (r *rig) deleteScript(name string) {
	r.t.Helper()
	if err := r.DeleteScript(r.t.Context(), name, false); err != nil {
		r.t.Fatal(err)
	}
}

// A runtime that is killed at any point of a migration, of a rollback, or of
// deleting, restoring or purging a class or a script, comes up in the state
// before or after it, with all objects that belong to that state, and with no
// folder that nobody knows of.
func TestKilledAtAnyPoint(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("engines outlive their runtime and keep its folder")
	}
	t.Parallel()
	for _, tt := range []struct {
		operation, point string
		after            string // where the class is: "script/class", "trashed" or "gone"
		version          string // what the code says of itself, "" for nothing
	}{
		{"delete", "publish: prepared", "counter/Counter", ""},
		{"delete", "publish: committed", "trashed", ""},
		{"delete", "swap: halted", "trashed", ""},
		{"delete", "delete: moved", "trashed", ""},
		{"delete script", "delete script: prepared", "counter/Counter", ""},
		{"delete script", "delete script: committed", "trashed", ""},
		{"delete script", "swap: halted", "trashed", ""},
		{"delete script", "delete: moved", "trashed", ""},
		{"rename", "publish: prepared", "counter/Counter", ""},
		{"rename", "publish: committed", "counter/Tally", "2"},
		{"rename", "swap: halted", "counter/Tally", "2"},
		{"transfer", "publish: prepared", "counter/Counter", ""},
		{"transfer", "publish: committed", "heir/Counter", ""},
		{"transfer", "swap: halted", "heir/Counter", ""},
		{"rollback", "deploy: prepared", "counter/Counter", "2"},
		{"rollback", "deploy: committed", "counter/Counter", ""},
		{"rollback", "swap: halted", "counter/Counter", ""},
		{"restore", "restore: moved", "trashed", ""},
		{"restore", "restore: committed", "counter/Counter", ""},
		{"restore", "swap: halted", "counter/Counter", ""},
		{"replace", "restore: moved", "trashed", ""},
		{"replace", "restore: committed", "counter/Counter", ""},
		{"replace", "swap: halted", "counter/Counter", ""},
		{"replace", "delete: moved", "counter/Counter", ""},
		{"purge", "purge: committed", "gone", ""},
		{"purge", "purge: removed", "gone", ""},
	} {
		t.Run(strings.ReplaceAll(tt.operation+" "+tt.point, ": ", "_"), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			r := open(t, dir)
			key := r.setUp(tt.operation)
			r.close()

			cmd, stdout := play(t, "victim", nil, dir, options(t, dir).Engine, tt.operation, tt.point)
			said, err := io.ReadAll(stdout)
			if err != nil || len(said) > 0 {
				t.Fatalf("%s, %v", said, err)
			}
			if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
				t.Fatalf("the runtime was not killed: %v", cmd.ProcessState)
			}

			r = open(t, dir)
			r.wantFolders()
			r.want(key, tt.after)
			switch tt.after {
			case "trashed": // and what is there can be had back
				if n := r.trashed(); n.Objects != 1 {
					t.Errorf("in the trash: %+v", n)
				}
				if tt.operation == "delete script" {
					r.wantNoScript("counter")
					r.publish(counter("counter"))
				}
				if _, err := r.Restore(t.Context(), local.RestoreRequest{Key: key, Replace: true}); err != nil {
					t.Fatal(err)
				}
			case "gone":
				eventually(t, "the row is gone, too", func() bool {
					trashed, err := filepath.Glob(filepath.Join(dir, "trash", "*"))
					return err == nil && len(trashed) == 0
				})
				r.wantFolders()
				return
			default:
				r.wantBody("counter", "/version", cmp.Or(tt.version, "none"))
				if tt.operation != "restore" { // the code does not bind it yet
					r.wantBody("counter", "/", "2")
				}
			}
			r.publish(again(tt.after))
			r.wantBody("counter", "/increment", "3")
			r.wantFolders()
		})
	}
}

// want expects a namespace to be where it should be.
func (r *rig) want(key, where string) {
	r.t.Helper()
	got := "gone"
	for _, s := range r.status().Scripts {
		for _, n := range s.Classes {
			if n.Key == key {
				got = n.Script + "/" + n.Class
			}
		}
	}
	trash, err := r.Trash(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	if slices.ContainsFunc(trash, func(n local.ClassUsage) bool { return n.Key == key }) {
		got = strings.TrimPrefix(got+" and trashed", "gone and ")
	}
	if got != where {
		r.t.Errorf("the class is %s, want %s", got, where)
	}
}

// wantNoScript expects that nothing is left of a script.
func (r *rig) wantNoScript(name string) {
	r.t.Helper()
	if _, err := r.Script(r.t.Context(), name); !errors.Is(err, local.ErrNotFound) {
		r.t.Errorf("script %s: %v", name, err)
	}
	if status, _, err := r.request(http.MethodGet, name, "/"); status != http.StatusNotFound || err != nil {
		r.t.Errorf("script %s answers with %d, %v", name, status, err)
	}
}

// wantFolders expects every folder of objects to be one of a namespace that is
// in use, and every one in the trash to be one that can be brought back or is
// about to be removed.
func (r *rig) wantFolders() {
	r.t.Helper()
	live := map[string]bool{}
	for _, s := range r.status().Scripts {
		for _, n := range s.Classes {
			live[n.Key] = true
		}
	}
	entries, err := os.ReadDir(filepath.Join(r.dir, "objects"))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, e := range entries {
		if !live[e.Name()] {
			r.t.Errorf("objects/%s belongs to no class", e.Name())
		}
	}
}
