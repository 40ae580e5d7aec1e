//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"
)

// residentPeak returns the most memory that a process had, in MB.
func residentPeak(s *os.ProcessState) float64 {
	u, ok := s.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	unit := 1024.0 // KB
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		unit = 1 // bytes
	}
	return float64(u.Maxrss) * unit / (1 << 20)
}
