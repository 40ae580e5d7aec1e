//go:build !windows

package engine

import (
	"errors"
	"syscall"
)

// DiskFull reports whether a write failed for want of space; a user's
// quota is as full as a disk.
func DiskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
