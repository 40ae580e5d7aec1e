//go:build !windows

package engine

import (
	"errors"
	"syscall"
)

// installDiskFull reports whether a write failed for want of space; a user's
// quota is as full as a disk.
func installDiskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
