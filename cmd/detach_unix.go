//go:build unix

package cmd

import "syscall"

// detached starts a process in a session of its own, out of reach of the
// terminal's Ctrl-C and hang-up.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
