//go:build unix

package engine

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// pathOf returns a path of exactly n bytes in a private folder.
func pathOf(t *testing.T, n int) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "p")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, strings.Repeat("s", n-len(dir)-1))
}

func TestLongestSocketPath(t *testing.T) {
	path := pathOf(t, maxSocketPath)
	f, err := listenUnix(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if f, err := listenUnix(pathOf(t, maxSocketPath+1)); err == nil {
		f.Close()
		t.Error("a longer path works: the limit is wrong")
	}
}

func TestSocketDirTakesTheFirstFolderThatIsShortEnough(t *testing.T) {
	long := filepath.Dir(pathOf(t, 60)) + "/" + strings.Repeat("x", 90)
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	short := filepath.Dir(pathOf(t, 60))
	dir, err := socketDir([]string{"/nonexistent", long, short}, "s0")
	if err != nil || filepath.Dir(dir) != short {
		t.Errorf("socketDir = %q, %v", dir, err)
	}
	_, err = socketDir([]string{"/nonexistent", long}, "s0")
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range []string{"set TMPDIR", "/nonexistent", long} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error lacks %q: %v", part, err)
		}
	}
	if left, err := os.ReadDir(long); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// (*os.File).Fd is called when a file is passed to a child, and switches what
// it takes to be non-blocking.
func TestSocketStaysNonBlocking(t *testing.T) {
	f, err := listenUnix(pathOf(t, 60))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	flags, err := unix.FcntlInt(f.Fd(), syscall.F_GETFL, 0)
	if err != nil || flags&syscall.O_NONBLOCK == 0 {
		t.Errorf("flags %o, %v", flags, err)
	}
	if flags, err = unix.FcntlInt(f.Fd(), syscall.F_GETFD, 0); err != nil || flags&syscall.FD_CLOEXEC == 0 {
		t.Errorf("descriptor flags %o, %v: any child would inherit it", flags, err)
	}
}
