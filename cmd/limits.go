package cmd

import (
	"errors"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"paddock/local"
)

// limits are flags of the commands that run engines. The zero value stands for
// the defaults.
type limits struct {
	watchdog watchdog
	memory   memorySize
}

func (l *limits) addFlags(c *cobra.Command) {
	c.Flags().Var(&l.watchdog, "watchdog", "kill an engine that has not answered for so long, and start it again; 0 never does")
	c.Flags().Var(&l.memory, "engine-memory", "replace an engine that takes more memory, such as 512MB or 2GB (default: no limit)")
}

// args returns the flags that give another process the same limits.
func (l *limits) args() []string {
	var list []string
	if l.watchdog != 0 {
		list = append(list, "--watchdog="+l.watchdog.String())
	}
	if l.memory != 0 {
		list = append(list, "--engine-memory="+l.memory.String())
	}
	return list
}

// watchdog is the value of a flag in the terms of [local.Options]: 0 is the
// default, and a negative duration none.
type watchdog time.Duration

// shortestWatchdog keeps healthy engines alive on a machine that is busy.
const shortestWatchdog = time.Second

func (w *watchdog) Type() string { return "duration" }

func (w *watchdog) String() string {
	switch {
	case *w == 0:
		return local.DefaultWatchdog.String()
	case *w < 0:
		return "0s"
	}
	return time.Duration(*w).String()
}

func (w *watchdog) Set(text string) error {
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return errors.New("that is no duration such as 30s or 2m")
	case d == 0:
		*w = -1
	case d < shortestWatchdog:
		return errors.New("it must be 1s or more, or 0 for none")
	default:
		*w = watchdog(d)
	}
	return nil
}

// memorySize is the value of a flag in bytes; 0 is no limit.
type memorySize uint64

// smallestMemory is a little more than what an engine takes for one script
// that does nothing.
const smallestMemory = 64_000_000

func (m *memorySize) Type() string { return "size" }

func (m *memorySize) String() string {
	if *m == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(*m), 10)
}

func (m *memorySize) Set(text string) error {
	n, err := humanize.ParseBytes(text)
	if err != nil {
		return errors.New("that is no size such as 512MB or 2GB")
	}
	if n != 0 && n < smallestMemory {
		return errors.New("it must be 64MB or more, as an engine needs as much, or 0 for no limit")
	}
	*m = memorySize(n)
	return nil
}
