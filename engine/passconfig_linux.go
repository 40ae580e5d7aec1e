package engine

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// passConfig hands the configuration to the child in memory: it holds secrets,
// which must not touch a disk. It returns the path at which the child finds
// it, and our copy of the file.
func passConfig(text, _ string, child *inherited) (path string, memory *os.File, err error) {
	fd, err := unix.MemfdCreate("engine-config", unix.MFD_CLOEXEC)
	if err != nil {
		return "", nil, os.NewSyscallError("memfd_create", err)
	}
	memory = os.NewFile(uintptr(fd), "engine-config")
	if _, err := memory.WriteString(text); err != nil {
		memory.Close()
		return "", nil, fmt.Errorf("write engine configuration: %w", err)
	}
	return fmt.Sprintf("/proc/self/fd/%d", child.add(memory)), memory, nil
}

// removeConfig has nothing to remove.
func removeConfig(string) {}

// enlargePipe lets 1 MiB of output wait for its reader instead of 64 KiB. It
// is only a cushion for moments when this process gets no processor time, so
// a system that refuses is no reason to stop.
func enlargePipe(w *os.File) {
	const size = 1 << 20
	_, _ = unix.FcntlInt(w.Fd(), unix.F_SETPIPE_SZ, size)
}
