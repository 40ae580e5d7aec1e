package engine

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// Two users of these tests. Nobody has to exist for them.
const otherUser, thirdUser = 54321, 54322

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
}

// A binary or a stamp of another user could have been made to fit, so that
// the binary is hashed, each time. With that it may be used.
func TestCacheOfAnotherUser(t *testing.T) {
	needRoot(t)
	tests := map[string]func(c *fakeCloud) (owned string){
		"binary": func(c *fakeCloud) string { return c.cached() },
		"stamp":  func(c *fakeCloud) string { return verifyStampPath(c.cached()) },
	}
	for name, owned := range tests {
		t.Run(name, func(t *testing.T) {
			c := newFakeCloud(t)
			c.embed(testBinary)
			b, err := c.finder().Install(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			give(t, owned(c))
			if again, err := c.finder().Install(t.Context()); err != nil || again != b {
				t.Errorf("what has the right checksum is not used: %+v, %v", again, err)
			}
			give(t, owned(c))
			forge(t, b.Path)
			if _, err := c.finder().Find(t.Context()); !errors.Is(err, ErrNoEngine) {
				t.Errorf("a stamp was believed: %v", err)
			}
			if _, err := c.finder().Install(t.Context()); err != nil {
				t.Fatal(err)
			}
			checkInstalled(t, c, b)
			info, err := os.Stat(owned(c))
			if err != nil || ownerOf(info) != 0 {
				t.Errorf("owner %d, %v", ownerOf(info), err)
			}
		})
	}
}

// A hash of our own stamps nothing that another user may still change.
func TestNoStampForAnotherUsersBinary(t *testing.T) {
	needRoot(t)
	c := newFakeCloud(t)
	binaryTestFile(t, c.cached(), testBinary, 0o700)
	give(t, c.cached())
	if _, err := c.finder().Find(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := readStamp(c.cached()); s != (binaryStamp{}) {
		t.Errorf("stamped: %+v", s)
	}
}

func give(t *testing.T, path string) {
	t.Helper()
	if err := os.Chown(path, otherUser, otherUser); err != nil {
		t.Fatal(err)
	}
}

// A folder that another user keeps closed is named with its owner. Root has
// the eyes of a third user here, for the files only.
func TestClosedCacheOfAnotherUser(t *testing.T) {
	needRoot(t)
	c := newFakeCloud(t)
	c.embed(testBinary)
	closed := filepath.Join(t.TempDir(), "closed")
	c.cache = filepath.Join(closed, "cache")
	if err := os.MkdirAll(c.cache, 0o700); err != nil {
		t.Fatal(err)
	}
	give(t, closed)
	for dir := filepath.Dir(closed); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil { // the third user gets here
			t.Fatal(err)
		}
	}
	// Belongs to the thread, which ends with the goroutine as it stays locked.
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		if err := syscall.Setfsuid(thirdUser); err != nil {
			done <- err
			return
		}
		_, err := c.finder().Install(t.Context())
		done <- err
	}()
	checkBinaryError(t, <-done, []string{"write to the cache folder " + c.cache, "permission denied", closed + " belongs to user 54321)"},
		[]string{"XDG_CACHE_HOME", "PADDOCK_WORKERD"})
}
