package cmd

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// detached starts a process without the terminal of its parent.
func detached() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.DETACHED_PROCESS | windows.CREATE_NEW_PROCESS_GROUP}
}
