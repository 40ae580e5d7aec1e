package engine

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// diskChildEnv makes a copy of the test binary mount tiny disks for itself.
const diskChildEnv = "ENGINE_TEST_DISK_CHILD"

// Disks that are really full, read-only, or not that of the temporary folder:
// a copy of the test runs in a mount namespace of its own, where the cache
// lies on a small file system.
func TestInstallOnOtherDisks(t *testing.T) {
	if cache := os.Getenv(diskChildEnv); cache != "" {
		t.Run("full", func(t *testing.T) { installOnFullDisk(t, cache) })
		t.Run("full, embedded", func(t *testing.T) { unpackOnFullDisk(t, cache) })
		t.Run("read-only", func(t *testing.T) { installOnReadOnlyDisk(t, cache) })
		t.Run("not that of temporary files", func(t *testing.T) { installOnAnotherDisk(t, cache) })
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^TestInstallOnOtherDisks$", "-test.v")
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

// mountCache gives the cache a disk, which goes with the test.
func mountCache(t *testing.T, c *fakeCloud, cache, size string) {
	t.Helper()
	if err := syscall.Mount("tmpfs", cache, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("mount: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(cache, 0); err != nil {
			t.Error(err)
		}
	})
	c.cache = cache
}

// The package fits, as zeros compress well, the binary does not.
func installOnFullDisk(t *testing.T, cache string) {
	c := newFakeCloud(t)
	mountCache(t, c, cache, "64k")
	big := strings.Repeat("\x00", 1<<20)
	c.publish(map[string]string{"package/bin/workerd": big})
	c.rel.binary, c.rel.binarySize = binaryTestSum(big), int64(len(big))
	checkDiskFull(t, c, "Free 2 MB")
}

func unpackOnFullDisk(t *testing.T, cache string) {
	c := newFakeCloud(t)
	mountCache(t, c, cache, "64k")
	c.embed(strings.Repeat("\x00", 3<<20))
	checkDiskFull(t, c, "Free 4 MB")
}

func checkDiskFull(t *testing.T, c *fakeCloud, hint string) {
	t.Helper()
	_, err := c.finder().Install(t.Context())
	checkBinaryError(t, err, []string{"the disk is full", c.cache}, []string{hint, "XDG_CACHE_HOME"})
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v, want it to wrap ENOSPC", err)
	}
	checkNothingKept(t, c)
}

// What a read-only cache has is used, stamped or not. What it lacks cannot be
// put there, not even by root.
func installOnReadOnlyDisk(t *testing.T, cache string) {
	c := newFakeCloud(t)
	c.embed(testBinary)
	mountCache(t, c, cache, "1m")
	remount := func(flags uintptr) {
		t.Helper()
		if err := syscall.Mount("", cache, "", syscall.MS_REMOUNT|flags, ""); err != nil {
			t.Fatal(err)
		}
	}
	remount(syscall.MS_RDONLY)
	_, err := c.finder().Install(t.Context())
	checkBinaryError(t, err, []string{"write to the cache folder " + cache, "read-only file system"}, []string{"XDG_CACHE_HOME", "PADDOCK_WORKERD"})

	remount(0)
	binaryTestFile(t, c.cached(), testBinary, 0o700)
	remount(syscall.MS_RDONLY)
	if b, err := c.finder().Install(t.Context()); err != nil || b.Path != c.cached() {
		t.Errorf("got %+v, %v", b, err)
	}

	remount(0)
	binaryTestFile(t, c.cached(), testBinary[:5], 0o700)
	remount(syscall.MS_RDONLY)
	_, err = c.finder().Install(t.Context())
	checkBinaryError(t, err, []string{"write to the cache folder " + cache, "read-only file system"}, []string{"XDG_CACHE_HOME"})
}

func installOnAnotherDisk(t *testing.T, cache string) {
	c := newFakeCloud(t)
	mountCache(t, c, cache, "1m")
	for _, embedded := range []bool{false, true} {
		if embedded {
			c.embed(testBinary)
			if err := os.RemoveAll(c.cached()); err != nil {
				t.Fatal(err)
			}
		}
		b, err := c.finder().Install(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		checkInstalled(t, c, b)
	}
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
