package local_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"paddock/local"
)

// diskVariable makes a copy of the test binary mount a tiny disk for itself.
const diskVariable = "PADDOCK_LOCAL_TEST_DISK"

// The disk with the state folder is really full: a copy of the test runs in a
// mount namespace of its own, where the folder is a small file system.
func TestChangesOnAFullDisk(t *testing.T) {
	if dir := os.Getenv(diskVariable); dir != "" {
		changesOnFullDisk(t, dir)
		return
	}
	t.Parallel()
	child := exec.Command(os.Args[0], "-test.run=^TestChangesOnAFullDisk$", "-test.v")
	child.Env = append(os.Environ(), diskVariable+"="+t.TempDir())
	child.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := child.CombinedOutput()
	switch {
	case errors.Is(err, syscall.EPERM) || strings.Contains(string(out), "--- SKIP"):
		t.Skipf("this machine allows no mounts: %v\n%s", err, out)
	case err != nil:
		t.Fatalf("%v\n%s", err, out)
	}
}

// changesOnFullDisk has every change refused, and then done.
func changesOnFullDisk(t *testing.T, dir string) {
	mountDisk(t, dir, "16m")
	r := open(t, dir)
	r.publish(counter("counter"))
	r.publish(recount("counter", "2"))
	r.publish(counter("other"))
	r.publish(deletes("other"))
	r.count("counter", 2)
	before, trashed := r.snapshot(), r.trashed()

	newCode := recount("counter", "3")
	newCode.Form.Parts[0].Content = append(newCode.Form.Parts[0].Content, strings.Repeat("\n// longer", 1<<16)...)
	changes := map[string]func() error{
		"publish, modules": func() error { return second(r.Publish(t.Context(), newCode)) },
		// The modules are there already, so it is SQLite that finds no space.
		"publish, state": func() error { return second(r.Publish(t.Context(), recount("counter", "3"))) },
		"upload":         func() error { return second(r.UploadVersion(t.Context(), recount("counter", "4"))) },
		"rollback":       func() error { return rollback(t.Context(), r.Runtime) },
		"restore": func() error {
			return second(r.Restore(t.Context(), local.RestoreRequest{Key: trashed.Key}))
		},
		"delete": func() error { return r.DeleteScript(t.Context(), "other", false) },
	}
	order := []string{"publish, modules", "publish, state", "upload", "restore", "delete", "rollback"}
	free := fill(t, dir)
	for _, what := range order {
		if err := changes[what](); !errors.Is(err, local.ErrFull) || errors.As(err, new(*local.StoredError)) {
			t.Errorf("%s: %v, want it to wrap %v", what, err, local.ErrFull)
		}
		r.same(before)
	}
	r.wantBody("counter", "/version", "2")
	r.wantBody("counter", "/", "2")
	if status, body, err := r.request(http.MethodGet, "counter", "/increment"); err != nil || status == http.StatusOK {
		t.Errorf("what cannot be stored is acknowledged with %q, %v", body, err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "blobs", ".new-*")); err != nil || len(left) > 0 {
		t.Errorf("blobs hold %v, %v", left, err)
	}
	r.trashed() // is where it was

	free()
	for _, what := range order {
		if err := changes[what](); err != nil {
			t.Errorf("%s, with space: %v", what, err)
		}
	}
	r.wantBody("counter", "/version", "none")
	r.wantBody("counter", "/increment", "3")
	r.close()
	open(t, dir).wantBody("counter", "/increment", "4")
}

// mountDisk gives a folder a disk of its own, which goes with the process.
func mountDisk(t *testing.T, dir, size string) {
	t.Helper()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("mount: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
}

// zeros is an endless file.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// fill fills the disk of a folder, until the function that it returns is
// called.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	path := filepath.Join(dir, "filler")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.Copy(f, zeros{}); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk does not get full: %v", err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
}
