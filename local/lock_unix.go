//go:build unix

package local

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// errLocked says that another process holds the lock.
var errLocked = unix.EWOULDBLOCK

// lockExclusive takes a lock that belongs to the open file, not to this
// process: a child that inherits the descriptor shares it.
func lockExclusive(f *os.File) error {
	return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
}

// processAlive reports whether a process runs. One that was killed stays a
// zombie until its parent looks, which in a container may be never.
func processAlive(pid int) bool {
	if err := unix.Kill(pid, 0); err != nil && !errors.Is(err, unix.EPERM) {
		return false
	}
	// "pid (name) state …"; only Linux has the file.
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	end := bytes.LastIndexByte(stat, ')')
	return end < 0 || !bytes.HasPrefix(stat[end+1:], []byte(" Z"))
}
