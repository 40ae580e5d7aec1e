package engine

import (
	"errors"
	"syscall"
)

// DiskFull reports whether a write failed for want of space. The two
// numbers are ERROR_HANDLE_DISK_FULL and ERROR_DISK_FULL; syscall.ENOSPC is
// on Windows an invention of Go that no system call returns.
func DiskFull(err error) bool {
	return errors.Is(err, syscall.Errno(39)) || errors.Is(err, syscall.Errno(112))
}
