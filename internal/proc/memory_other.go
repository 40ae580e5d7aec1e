//go:build !linux

package proc

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// Resident returns how many bytes of memory a process has resident. It asks
// ps, which systems without a file for it have, Windows excepted.
func Resident(ctx context.Context, pid int) (uint64, error) {
	out, err := exec.CommandContext(ctx, "ps", "-o", "rss=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return 0, fmt.Errorf("read the memory of process %d: %w", pid, err)
	}
	kb, err := strconv.ParseUint(strings.TrimSpace(string(out)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read the memory of process %d: %w", pid, err)
	}
	return kb << 10, nil
}
