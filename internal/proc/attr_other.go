//go:build unix && !linux

package proc

import "syscall"

// sysProcAttr puts the child into a process group of its own, as a terminal
// sends Ctrl-C to a whole group. There is no parent-death signal here: a child
// can outlive a paddock that was killed, and whoever starts one must give it
// something to hold that shows it, such as a locked file.
func sysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
