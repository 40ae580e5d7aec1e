//go:build unix

package gateway

import "syscall"

// quiet reports whether an idle connection is still open: then there is nothing to read, not even an end. An engine that has
// gone would otherwise be noticed only after the request was sent, when nobody can tell any more whether it was read.
func (c *engineConn) quiet() bool {
	return c.raw.Read(c.look) == nil && c.peeked == syscall.EAGAIN
}

// tryRead leaves in peeked what a read says that does not wait.
func (c *engineConn) tryRead(fd uintptr) bool {
	_, c.peeked = syscall.Read(int(fd), c.one[:])
	return true
}
