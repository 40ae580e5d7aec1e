//go:build unix

package proc

import (
	"os"
	"sync"
	"syscall"
)

// terminate asks a process to end.
func terminate(p *os.Process) error { return p.Signal(syscall.SIGTERM) }

// raiseFileLimit makes children start with the highest limit of open files
// that this process may have. Go raises its own limit by itself, but gives a
// child the old one back, unless the program has set the limit explicitly.
// With the usual 1024 the engine, which needs three descriptors for each live
// object, fails at some 330 objects.
var raiseFileLimit = sync.OnceFunc(func() {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return // the child runs with what there is
	}
	highest := limit
	highest.Cur = highest.Max
	if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &highest) != nil {
		// macOS refuses "unlimited"; what Go raised it to is accepted.
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	}
})
