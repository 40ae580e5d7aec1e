package soak

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// EnginesOn returns the processes of a binary that have files below a folder
// open. Only Linux tells; elsewhere there are none. One that ends while it is
// looked at counts as ended.
func EnginesOn(binary, folder string) []int {
	procs, _ := filepath.Glob("/proc/[0-9]*")
	var pids []int
	for _, proc := range procs {
		exe, err := os.Readlink(filepath.Join(proc, "exe"))
		if err != nil || filepath.Base(exe) != filepath.Base(binary) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(proc)); err == nil && uses(pid, folder) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func uses(pid int, folder string) bool {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, f := range files {
		if to, err := os.Readlink(f); err == nil && strings.HasPrefix(to, folder) {
			return true
		}
	}
	return false
}

// Descriptors returns how many descriptors a process has open, on Linux.
func Descriptors(pid int) (int, error) {
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return len(list), err
}

// A Watch looks again and again whether two engines have the same objects
// open, which must not be for a moment.
type Watch struct {
	binary, folder string

	end, ended chan struct{}
	seen       bool
	err        error
}

// WatchEngines begins to watch the processes of a binary on a folder of
// objects that belong to one engine.
func WatchEngines(binary, folder string) *Watch {
	w := &Watch{binary: binary, folder: folder, end: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(w.ended)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			w.look()
			select {
			case <-w.end:
				return
			case <-tick.C:
			}
		}
	}()
	return w
}

func (w *Watch) look() {
	pids := EnginesOn(w.binary, w.folder)
	w.seen = w.seen || len(pids) > 0
	// The first may have ended, and the second begun, during the look. Not so
	// if the first has not ended yet.
	if w.err == nil && len(pids) > 1 && uses(pids[0], w.folder) {
		w.err = fmt.Errorf("engines %v have %s open at the same time", pids, w.folder)
	}
}

// Stop ends the watch. The error says that two engines were seen, or that it
// proves nothing, as none ever was.
func (w *Watch) Stop() error {
	close(w.end)
	<-w.ended
	if w.err == nil && !w.seen && runtime.GOOS == "linux" {
		return fmt.Errorf("no engine was ever seen with %s open: the watch proves nothing", w.folder)
	}
	return w.err
}
