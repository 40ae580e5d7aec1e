package proc

import "syscall"

// sysProcAttr puts the child into a process group of its own, as a console
// sends Ctrl-C to a whole group.
func sysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}
