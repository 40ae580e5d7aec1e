package proc

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
)

// Resident returns how many bytes of memory a process has resident. The error
// wraps [os.ErrNotExist] if there is no such process.
func Resident(_ context.Context, pid int) (uint64, error) {
	path := fmt.Sprintf("/proc/%d/statm", pid)
	line, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("read the memory of process %d: %w", pid, err)
	}
	fields := bytes.Fields(line) // in pages: the whole size, what is resident, …
	if len(fields) < 2 {
		return 0, fmt.Errorf("read the memory of process %d: %s holds %q", pid, path, line)
	}
	pages, err := strconv.ParseUint(string(fields[1]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read the memory of process %d: %w", pid, err)
	}
	return pages * uint64(os.Getpagesize()), nil
}
