package local_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"paddock/engine/enginetest"
)

// enginesIn returns the engines that have files below a folder open. It can
// only be told on Linux; elsewhere there are none. One that ends while it is
// looked at counts as ended.
func enginesIn(t *testing.T, folder string) []int {
	name := filepath.Base(enginetest.Binary(t))
	procs, _ := filepath.Glob("/proc/[0-9]*")
	var pids []int
	for _, proc := range procs {
		exe, err := os.Readlink(filepath.Join(proc, "exe"))
		if err != nil || filepath.Base(exe) != name {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(proc)); err == nil && uses(pid, folder) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func uses(pid int, folder string) bool {
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	files, _ := filepath.Glob(filepath.Join(proc, "fd", "*"))
	for _, f := range files {
		if to, err := os.Readlink(f); err == nil && strings.HasPrefix(to, folder) {
			return true
		}
	}
	return false
}

// watchEngines looks again and again whether two engines have one namespace's
// objects open, until the function that it returns is called.
func watchEngines(t *testing.T, dir, namespace string) (stop func()) {
	objects := filepath.Join(dir, "objects", namespace)
	end, ended := make(chan struct{}), make(chan struct{})
	seen := false
	go func() {
		defer close(ended)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			pids := enginesIn(t, objects)
			seen = seen || len(pids) > 0
			// One may have ended, and the other begun, during the look. Not so
			// if the first has not ended yet.
			if len(pids) > 1 && uses(pids[0], objects) {
				t.Errorf("engines %v have %s open at the same time", pids, objects)
			}
			select {
			case <-end:
				return
			case <-tick.C:
			}
		}
	}()
	return func() {
		close(end)
		<-ended
		if !seen && runtime.GOOS == "linux" {
			t.Errorf("no engine was ever seen with %s open: the watch proves nothing", objects)
		}
	}
}
