//go:build unix

package gateway

import "syscall"

// quiet reports whether an idle connection is still open: then there is nothing to read, not even an end. An engine that has
// gone would otherwise be noticed only after the request was sent, when nobody can tell any more whether it was read.
func (c *engineConn) quiet() bool {
	var one [1]byte
	var err error
	readable := c.raw.Read(func(fd uintptr) bool {
		_, err = syscall.Read(int(fd), one[:])
		return true
	})
	return readable == nil && err == syscall.EAGAIN
}
