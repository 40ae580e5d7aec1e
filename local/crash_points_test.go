package local_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"paddock/local"
	"paddock/migrate"
)

// deletes is the upload that deletes the class of counter.
func deletes() local.Upload {
	return upload("counter", counterJS, migrates("v1", "v2", migrate.Step{DeletedClasses: []string{"Counter"}}))
}

// dieAt is a runtime that is killed at a point of an operation. See TestMain.
func dieAt(dir, engine, operation, point string) error {
	rt := local.New(local.Options{Dir: dir, Engine: engine, Version: "test"})
	ctx := context.Background()
	if err := rt.Open(ctx); err != nil {
		return err
	}
	rt.KillAt(point)
	if operation == "delete" {
		_, err := rt.Publish(ctx, deletes())
		return err
	}
	if operation == "hand over" {
		_, err := rt.Publish(ctx, gives())
		return err
	}
	trash, err := rt.Trash(ctx)
	if err != nil || len(trash) != 1 {
		return fmt.Errorf("trash %+v: %w", trash, err)
	}
	if operation == "restore" {
		_, err := rt.Restore(ctx, trash[0].Key, "")
		return err
	}
	return rt.Purge(ctx, []string{trash[0].Key})
}

// A runtime that is killed at any point of deleting, restoring or purging a
// class comes up in the state before or after it, with all objects that belong
// to that state, and with no folder that nobody knows of.
func TestKilledAtAnyPoint(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("engines outlive their runtime and keep its folder")
	}
	t.Parallel()
	for _, tt := range []struct {
		operation, point string
		after            string // "live", "trashed" or "gone"
	}{
		{"delete", "publish: prepared", "live"},
		{"delete", "publish: committed", "trashed"},
		{"delete", "swap: halted", "trashed"},
		{"delete", "delete: moved", "trashed"},
		{"restore", "restore: moved", "trashed"},
		{"restore", "restore: committed", "live"},
		{"restore", "swap: halted", "live"},
		{"purge", "purge: committed", "gone"},
		{"purge", "purge: removed", "gone"},
	} {
		t.Run(strings.ReplaceAll(tt.operation+" "+tt.point, ": ", "_"), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			r := open(t, dir)
			r.publish(counter("counter"))
			r.count("counter", 2)
			id := r.get("counter", "/id?name=A")
			if tt.operation != "delete" {
				r.publish(deletes())
			}
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
			r.want(tt.after)
			switch tt.after {
			case "trashed": // and what is there can be had back
				trash, err := r.Trash(t.Context())
				if err != nil || len(trash) != 1 || trash[0].Objects != 1 {
					t.Fatalf("trash %+v, %v", trash, err)
				}
				if _, err := r.Restore(t.Context(), trash[0].Key, ""); err != nil {
					t.Fatal(err)
				}
			case "gone":
				eventually(t, "the row is gone, too", func() bool {
					trashed, err := filepath.Glob(filepath.Join(dir, "trash", "*"))
					return err == nil && len(trashed) == 0
				})
				r.wantFolders()
				return
			}
			r.publish(recount("counter", "again"))
			r.wantBody("counter", "/id?name=A", id)
			r.wantBody("counter", "/increment", "3")
			r.wantFolders()
		})
	}
}

// want expects the class of counter to be in one of the states.
func (r *rig) want(state string) {
	r.t.Helper()
	classes := 0
	for _, s := range r.status().Scripts {
		classes += len(s.Classes)
	}
	trash, err := r.Trash(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	got := map[[2]int]string{{1, 0}: "live", {0, 1}: "trashed", {0, 0}: "gone"}[[2]int{classes, len(trash)}]
	if got != state {
		r.t.Errorf("the class is %q (%d, %d in the trash), want %q", got, classes, len(trash), state)
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
