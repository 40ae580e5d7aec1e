package local_test

import (
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"testing"

	"paddock/local"
	"paddock/local/store"
)

// Whatever changes a script at once is done one after the other, and what is
// in force in the end is what answers.
func TestChangesAtOnceAreSerialized(t *testing.T) {
	t.Parallel()
	r := openWithKey(t, t.TempDir(), filepath.Join(t.TempDir(), "key"))
	one := r.publish(upload("w", secretJS, binds("Counter", ""), creates("Counter"), text("VERSION", "1"))).Version.ID
	r.count("w", 1)
	var all sync.WaitGroup
	fails := make(chan error, 100)
	try := func(what string, err error) {
		if err != nil {
			fails <- fmt.Errorf("%s: %w", what, err)
		}
	}
	for i := range 3 {
		all.Go(func() {
			_, err := r.Publish(t.Context(), upload("w", secretJS, binds("Counter", ""), text("VERSION", fmt.Sprint("p", i))))
			try("publish", err)
		})
		all.Go(func() {
			_, err := r.Deploy(t.Context(), local.DeployRequest{Script: "w", Shares: []local.Share{{one, 100}}, Force: true})
			try("deploy", err)
		})
		all.Go(func() {
			_, err := r.UploadVersion(t.Context(), upload("w", secretJS, binds("Counter", ""), text("VERSION", "never")))
			try("upload", err)
		})
	}
	all.Wait()
	close(fails)
	for err := range fails {
		t.Error(err)
	}
	deployments, err := r.Deployments(t.Context(), "w")
	if err != nil || len(deployments) != 7 {
		t.Errorf("%d deployments, %v", len(deployments), err)
	}
	versions, err := r.Versions(t.Context(), "w")
	if err != nil || len(versions) != 7 {
		t.Errorf("%d versions, %v", len(versions), err)
	}
	for i, v := range versions {
		if v.Number != len(versions)-i {
			t.Errorf("version %d has the number %d", len(versions)-i, v.Number)
		}
	}
	d, err := r.Script(t.Context(), "w")
	if err != nil || d.Deployment.ID != deployments[0].ID {
		t.Errorf("in force is %+v, %v", d.Deployment, err)
	}
	for _, b := range d.Version.Bindings {
		if b.Name == "VERSION" {
			r.wantBody("w", "/version", b.Text)
		}
	}
	r.wantBody("w", "/increment", "2")
}

// A runtime that dies after a commit and before its engines follow is caught
// up with by the next one.
func TestCommittedChangesAreServedByTheNextStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := open(t, dir)
	one := r.publish(counter("w", text("VERSION", "1"))).Version.ID
	two := r.uploadVersion(recount("w", "2"))
	r.publish(counter("gone"))
	r.count("w", 1)
	r.count("gone", 1)
	key := r.namespace("gone", "Counter")
	r.close()

	commit := func(change func(*store.Store) error) {
		t.Helper()
		s, err := store.Open(t.Context(), filepath.Join(dir, "state.db"), store.Options{})
		if err == nil {
			err = errors.Join(change(s), s.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	inForce := func(s *store.Store, script string) string {
		d, err := s.DeployedScript(t.Context(), script)
		if err != nil {
			t.Fatal(err)
		}
		return d.Deployment.ID
	}
	commit(func(s *store.Store) error {
		_, err := s.Deploy(t.Context(), store.Deployment{Script: "w", Version: two.ID, Percentage: 40, Other: one}, inForce(s, "w"))
		return errors.Join(err, s.DeleteScript(t.Context(), "gone", inForce(s, "gone")))
	})
	r = open(t, dir)
	if got := r.getAs("w", one, "/version") + r.getAs("w", two.ID, "/version"); got != "12" {
		t.Errorf("the versions say %q", got)
	}
	r.wantBody("w", "/increment", "2")
	if status, _, err := r.request(http.MethodGet, "gone", "/"); status != http.StatusNotFound || err != nil {
		t.Errorf("the deleted script answers with %d, %v", status, err)
	}
	if trash, _ := filepath.Glob(filepath.Join(dir, "trash", key+"-*")); len(trash) != 1 {
		t.Errorf("the trash has %v", trash)
	}
	r.close()
	commit(func(s *store.Store) error {
		_, err := s.Deploy(t.Context(), store.Deployment{Script: "w", Version: one}, "another deployment")
		if !errors.Is(err, store.ErrConflict) {
			return fmt.Errorf("a deployment that was planned for another state: %w", err)
		}
		if err := s.DeleteScript(t.Context(), "w", "another deployment"); !errors.Is(err, store.ErrConflict) {
			return fmt.Errorf("a deletion that was planned for another state: %w", err)
		}
		return nil
	})
}
