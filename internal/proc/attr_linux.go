package proc

import "syscall"

// sysProcAttr puts the child into a process group of its own, as a terminal
// sends Ctrl-C to a whole group, and has the kernel kill the child when the
// launcher's thread ends.
func sysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
