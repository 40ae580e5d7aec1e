package engine

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// diskChildEnv makes a copy of the test binary mount a tiny disk for itself.
const diskChildEnv = "ENGINE_TEST_DISK_CHILD"

// A disk that is really full: a copy of the test runs in a mount namespace of
// its own, where the cache lies on a file system of 64 KB. The package fits,
// as zeros compress well, the binary does not.
func TestInstallOnFullDisk(t *testing.T) {
	if cache := os.Getenv(diskChildEnv); cache != "" {
		installOnTinyDisk(t, cache)
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^TestInstallOnFullDisk$", "-test.v")
	child.Env = append(os.Environ(), diskChildEnv+"="+t.TempDir())
	child.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := child.CombinedOutput()
	switch {
	case errors.Is(err, syscall.EPERM) || strings.Contains(string(out), "--- SKIP"):
		t.Skipf("this machine allows no mounts, see TestWriteToFullDevice: %v\n%s", err, out)
	case err != nil:
		t.Fatalf("%v\n%s", err, out)
	}
}

func installOnTinyDisk(t *testing.T, cache string) {
	if err := syscall.Mount("tmpfs", cache, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("mount: %v", err)
	}
	c := newFakeCloud(t)
	c.cache = cache
	big := strings.Repeat("\x00", 1<<20)
	c.publish(map[string]string{"package/bin/workerd": big})
	c.rel.binary, c.rel.binarySize = binaryTestSum(big), int64(len(big))

	_, err := c.finder().Install(t.Context())
	checkBinaryError(t, err, []string{"the disk is full", cache}, []string{"Free 2 MB", "XDG_CACHE_HOME"})
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v, want it to wrap ENOSPC", err)
	}
	checkNothingKept(t, c)
}

// The same where no namespaces are allowed: the kernel's own full device.
func TestWriteToFullDevice(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	rel := binaryRelease{pkg: testPackage, binary: binaryTestSum(testBinary), binarySize: int64(len(testBinary))}
	err = installWrite(full, strings.NewReader(testBinary), rel)
	checkBinaryError(t, installError(t.Context(), "cache", rel, err), []string{"the disk is full", "cache"}, []string{"Free 1 MB"})
}
