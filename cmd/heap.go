package cmd

import (
	"os"
	"runtime/debug"
)

// spendMemory lets the heap of a process that serves requests grow to four
// times what is alive in it before it is collected, and not to twice as much.
// Little is alive, some megabytes, but every request leaves some kilobytes
// behind: to collect them sooner takes a tenth of the processor time. Whoever
// sets GOGC has decided otherwise.
func spendMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(300)
	}
}
