package local_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"paddock/internal/cfapi"
	"paddock/local"
)

func TestDeleteScript(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := open(t, dir)
	r.publish(counter("w"))
	r.publish(recount("w", "2"))
	r.publish(counter("other"))
	other := r.pid("other")
	r.count("w", 3)
	key := r.namespace("w", "Counter")
	if err := r.DeleteScript(t.Context(), "w", false); err != nil {
		t.Fatal(err)
	}
	if status, _, err := r.request(http.MethodGet, "w", "/"); status != http.StatusNotFound || err != nil {
		t.Errorf("a deleted script answers with %d, %v", status, err)
	}
	if _, err := r.Script(t.Context(), "w"); !errors.Is(err, local.ErrNotFound) {
		t.Errorf("the deleted script: %v", err)
	}
	if err := r.DeleteScript(t.Context(), "w", false); !errors.Is(err, local.ErrNotFound) {
		t.Errorf("deleted twice: %v", err)
	}
	if r.pid("other") != other {
		t.Error("another script's engine was swapped")
	}
	if _, err := os.Stat(filepath.Join(dir, "objects", key)); err == nil {
		t.Error("the objects are where they were")
	}
	trash, err := filepath.Glob(filepath.Join(dir, "trash", key+"-*"))
	if err != nil || len(trash) != 1 {
		t.Errorf("the trash has %v, %v", trash, err)
	}
	r.close()

	// The name is free again, and nothing comes back with it.
	r = open(t, dir)
	again := r.publish(counter("w"))
	if again.Version.Number != 1 || again.Script.MigrationTag != "v1" || r.namespace("w", "Counter") == key {
		t.Errorf("published again: %+v", again)
	}
	r.wantBody("w", "/increment", "1")
}

func TestDeleteScriptThatOthersNeed(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(counter("owner"))
	r.publish(upload("caller", counterJS, binds("Counter", "owner")))
	r.count("caller", 2)
	before := r.snapshot()
	r.wantRefusal(r.DeleteScript(t.Context(), "owner", false), cfapi.CodeClassStillInUse, before, "caller binds to the class Counter as COUNTER")
	refs, err := r.References(t.Context(), "owner")
	if err != nil || len(refs) != 1 || refs[0].Script != "caller" || refs[0].Key != r.namespace("owner", "Counter") {
		t.Errorf("references %v, %v", refs, err)
	}
	if refs, err := r.References(t.Context(), "caller"); err != nil || len(refs) != 0 {
		t.Errorf("references %v, %v", refs, err)
	}
	if err := r.DeleteScript(t.Context(), "owner", true); err != nil {
		t.Fatal(err)
	}
	r.wantBody("caller", "/version", "none")
	if status, _, err := r.request(http.MethodGet, "caller", "/"); status != http.StatusInternalServerError || err != nil {
		t.Errorf("a binding to nothing answers with %d, %v", status, err)
	}
	got := r.refused(upload("caller", counterJS, binds("Counter", "owner")), cfapi.CodeBindingClass)
	if !strings.Contains(got, `"owner"`) {
		t.Errorf("the refusal is %q", got)
	}
	if err := r.DeleteScript(t.Context(), "caller", false); err != nil {
		t.Error(err)
	}
	if n := len(r.status().Groups); n != 0 {
		t.Errorf("%d groups are left", n)
	}
}
