package cmd

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"paddock/internal/soak"
)

// soakRun is a script's load, with the watch over its engines.
type soakRun struct {
	url, host string
	load      *soak.Load
	watch     *soak.Watch
}

const soakUsage = "usage: soak start [-lossy] OBJECTS URL [HOST] | more N | reload FILE | publish FILE | kill FILE | stop"

// cmdSoak has the sample project soak under load:
//
//	soak start [-lossy] OBJECTS URL [HOST]
//		begins; no two engines may ever have files in the folder OBJECTS open
//	soak more N        waits until N more increments were acknowledged
//	soak reload FILE   saves FILE with another version, as often as -swaps and -soak say
//	soak publish FILE  the same, with a publish for each
//	soak kill FILE     kills processes at random, as often as -kills says
//	soak stop          ends, and checks the books; the report is stdout
func cmdSoak(ts *testscript.TestScript, neg bool, args []string) {
	k := kitOf(ts)
	if neg || len(args) == 0 || (args[0] != "start") == (k.soak == nil) {
		ts.Fatalf(soakUsage)
	}
	switch {
	case args[0] == "start":
		k.startSoak(ts, args[1:])
	case args[0] == "stop" && len(args) == 1:
		k.stopSoak(ts)
	case len(args) != 2:
		ts.Fatalf(soakUsage)
	case args[0] == "more":
		k.more(ts, atoi(ts, args[1]))
	case args[0] == "reload":
		k.swaps(ts, args[1], func() {})
	case args[0] == "publish":
		k.swaps(ts, args[1], func() { k.run(ts, 0, []string{"publish", "-c", "soak/wrangler.toml"}) })
	case args[0] == "kill":
		k.kills(ts, args[1])
	default:
		ts.Fatalf(soakUsage)
	}
}

func (k *kit) startSoak(ts *testscript.TestScript, args []string) {
	var o soak.Options
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	flags.BoolVar(&o.Lossy, "lossy", false, "")
	ts.Check(flags.Parse(args))
	if flags.NArg() < 2 || flags.NArg() > 3 {
		ts.Fatalf(soakUsage)
	}
	o.URL, o.Host = flags.Arg(1), flags.Arg(2)
	k.soak = &soakRun{url: o.URL, host: o.Host, load: soak.Start(o), watch: soak.WatchEngines(k.engine, ts.MkAbs(flags.Arg(0)))}
	k.closeAtEnd(closer(func() {
		if k.soak != nil {
			k.endSoak()
		}
	}))
}

func (k *kit) endSoak() (soak.Report, error) {
	s := k.soak
	k.soak = nil
	return s.load.Stop(), s.watch.Stop()
}

func (k *kit) stopSoak(ts *testscript.TestScript) {
	report, err := k.endSoak()
	fmt.Fprint(ts.Stdout(), report)
	ts.Check(report.Err())
	ts.Check(err)
}

// more waits until that many more increments were acknowledged.
func (k *kit) more(ts *testscript.TestScript, n int) {
	want := k.soak.load.Acknowledged() + n
	until(ts, func() error {
		if got := k.soak.load.Acknowledged(); got < want {
			return fmt.Errorf("%d increments were acknowledged, want %d", got, want)
		}
		return nil
	})
}

// swaps changes the code again and again. Between two changes, some requests
// pass: what waits at a gate must not be all that there is.
func (k *kit) swaps(ts *testscript.TestScript, file string, ship func()) {
	start, n := time.Now(), 0
	for n < *soakSwaps || time.Since(start) < *soakFor {
		n++
		writeVersion(ts, file, n)
		ship()
		until(ts, func() error {
			if got, err := k.soak.version(); err != nil || got != n {
				return fmt.Errorf("version %d is served, want %d (%v)", got, n, err)
			}
			return nil
		})
		k.more(ts, 20)
	}
	ts.Logf("%d swaps in %s", n, time.Since(start).Round(time.Second))
}

// writeVersion saves the module that the worker has its version from.
func writeVersion(ts *testscript.TestScript, file string, version int) {
	ts.Check(os.WriteFile(ts.MkAbs(file), fmt.Appendf(nil, "export default %d;\n", version), 0o666))
}

// version asks which version is served.
func (s *soakRun) version() (int, error) {
	status, body, err := fetch(context.Background(), http.MethodGet, s.host, s.url+"/version", "")
	if err != nil {
		return 0, err
	}
	if status != http.StatusOK {
		return 0, fmt.Errorf("status %d: %s", status, strings.TrimSpace(body))
	}
	return strconv.Atoi(body)
}

func cmdFDs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 || args[0] != "note" && args[0] != "same" {
		ts.Fatalf("usage: fds note|same PID")
	}
	k, pid := kitOf(ts), atoi(ts, args[1])
	count := func() int {
		n, err := soak.Descriptors(pid)
		if os.IsNotExist(err) {
			return 0 // this system does not tell
		}
		ts.Check(err)
		return n
	}
	if args[0] == "note" {
		k.fds = count()
		return
	}
	until(ts, func() error {
		if n := count(); n > k.fds {
			return fmt.Errorf("process %d has %d descriptors open, and had %d", pid, n, k.fds)
		}
		return nil
	})
}
