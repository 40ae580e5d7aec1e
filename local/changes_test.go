package local_test

import (
	"fmt"
	"sync"
	"testing"

	"paddock/local"
)

// Whatever changes a script at once is done one after the other, and what is
// in force in the end is what answers.
func TestChangesAtOnceAreSerialized(t *testing.T) {
	t.Parallel()
	r := openWithKey(t, t.TempDir(), t.TempDir()+"/key")
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
