// Program bench measures paddock against what it is built on, the bare engine,
// and against what it stands in for, Wrangler:
//
//	go run ./bench [name…] [--quick] [--json]
//
// How to read it: every line of the table is the median of its rounds with the
// quartiles around it. The rounds of all programs are interleaved, each time
// beginning with another one, and a ratio is computed within a round. So a
// machine that is busy for a while slows both sides, and ratios compare
// between machines where times do not. A bound is what the median must keep.
//
// [benchmarks] is the list of what is measured, a file for each; a lab holds
// what they share; program.go has the programs under measurement and peers.go
// where they come from.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// A benchmark measures one thing in rounds and puts its findings into a report.
type benchmark struct {
	name, about string
	run         func(ctx context.Context, l *lab, r *report) error
}

var benchmarks = []benchmark{
	{"coldstart", "from exec to the first answer", coldstart},
	{"throughput", "requests a second over 32 connections", throughput},
	{"reload", "from saving a file to the first answer of the new code", reload},
	{"publish", "the whole command, for a script that is published already", publish},
	{"check", "the whole command, for one and for a thousand configurations", check},
	{"memory", "paddock's own memory in a long session", memory},
}

// Rounds that are measured unless --rounds says otherwise.
const (
	usualRounds = 15
	quickRounds = 2
)

// options are what the command line asks for.
type options struct {
	names       []string
	quick, json bool
	rounds      int
	noWrangler  bool
}

// errMissed and errFailed end the program after everything has been printed.
var (
	errMissed = errors.New("a bound was missed")
	errFailed = errors.New("a benchmark failed")
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command(os.Stdout, os.Stderr).ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func command(out, log io.Writer) *cobra.Command {
	var o options
	c := &cobra.Command{
		Use:           "bench [name…]",
		Short:         "Measure paddock against the bare engine and Wrangler",
		Long:          "Measure paddock against the bare engine and Wrangler. Without names, all of:\n\n" + listed(),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(c *cobra.Command, names []string) error {
			o.names = names
			switch {
			case o.rounds < 0:
				return fmt.Errorf("--rounds %d is not a number of rounds", o.rounds)
			case o.rounds == 0 && o.quick:
				o.rounds = quickRounds
			case o.rounds == 0:
				o.rounds = usualRounds
			}
			return run(c.Context(), o, out, log)
		},
	}
	c.Flags().BoolVar(&o.quick, "quick", false, "few and short rounds, to see that it works; a missed bound is no failure")
	c.Flags().BoolVar(&o.json, "json", false, "print the result as JSON, with the samples")
	c.Flags().IntVar(&o.rounds, "rounds", 0, fmt.Sprintf("rounds to measure (default %d, with --quick %d)", usualRounds, quickRounds))
	c.Flags().BoolVar(&o.noWrangler, "without-wrangler", false, "leave Wrangler out, which is a download of 400 MB on the first run")
	return c
}

func listed() string {
	var b strings.Builder
	for _, m := range benchmarks {
		fmt.Fprintf(&b, "  %-12s %s\n", m.name, m.about)
	}
	return b.String()
}

// run measures and prints. The report of a benchmark that failed halfway
// counts as far as it came.
func run(ctx context.Context, o options, out, log io.Writer) (err error) {
	chosen, err := choose(o.names)
	if err != nil {
		return err
	}
	l, err := newLab(ctx, o, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	r := newReport(o)
	for _, m := range chosen {
		r.current = m.name
		fmt.Fprint(log, m.name, " ")
		start := time.Now()
		problem := m.run(ctx, l, r)
		if ctx.Err() != nil {
			fmt.Fprintln(log, " interrupted")
			err = context.Cause(ctx)
			break
		}
		if problem != nil {
			fmt.Fprintf(log, " failed: %v\n", problem)
			err = errFailed
			continue
		}
		fmt.Fprintf(log, " %v\n", time.Since(start).Round(100*time.Millisecond))
	}
	if len(r.Rows) > 0 {
		err = errors.Join(err, r.print(out, o.json))
	}
	if err == nil && !o.quick && r.missed() {
		err = errMissed
	}
	return err
}

func choose(names []string) ([]benchmark, error) {
	if len(names) == 0 {
		return benchmarks, nil
	}
	var chosen []benchmark
	for _, name := range names {
		i := slices.IndexFunc(benchmarks, func(m benchmark) bool { return m.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no benchmark %q; there are:\n%s", name, listed())
		}
		chosen = append(chosen, benchmarks[i])
	}
	return chosen, nil
}
