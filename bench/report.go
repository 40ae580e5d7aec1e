package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"text/tabwriter"
	"time"

	"paddock/engine"
)

// A report is what all benchmarks have found.
type report struct {
	Date   time.Time `json:"date"`
	System string    `json:"system"`
	CPUs   int       `json:"cpus"`
	Engine string    `json:"engine"`
	Rounds int       `json:"rounds"`
	Quick  bool      `json:"quick"`
	Rows   []row     `json:"rows"`

	current string // name of the benchmark that runs
}

// A row is one line: a measured figure or a ratio of two.
type row struct {
	Benchmark string    `json:"benchmark"`
	Name      string    `json:"name"`
	Unit      string    `json:"unit"` // "ms", "req/s", "MB", "x"
	Median    float64   `json:"median"`
	Q1        float64   `json:"q1"`
	Q3        float64   `json:"q3"`
	Samples   []float64 `json:"samples"`
	Bound     *bound    `json:"bound,omitempty"`
	Met       *bool     `json:"met,omitempty"`
	Missing   string    `json:"missing,omitempty"` // why there are no samples
}

func newReport(o options) *report {
	return &report{
		Date: time.Now().UTC().Truncate(time.Second), System: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.NumCPU(),
		Engine: engine.Version, Rounds: o.rounds, Quick: o.quick, Rows: []row{},
	}
}

// add puts a row into the report. A nil bound is one that nobody has set.
func (r *report) add(name, unit string, samples []float64, b *bound) {
	v := row{Benchmark: r.current, Name: name, Unit: unit, Samples: samples, Bound: b,
		Median: median(samples), Q1: quantile(samples, 0.25), Q3: quantile(samples, 0.75)}
	if b != nil {
		met := b.keeps(v.Median)
		v.Met = &met
	}
	r.Rows = append(r.Rows, v)
}

// miss notes a figure that could not be had.
func (r *report) miss(name string, why error) {
	r.Rows = append(r.Rows, row{Benchmark: r.current, Name: name, Missing: why.Error()})
}

func (r *report) missed() bool {
	for _, v := range r.Rows {
		if v.Met != nil && !*v.Met {
			return true
		}
	}
	return false
}

func (r *report) print(w io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(r)
	}
	fmt.Fprintf(w, "\n%s, %d CPUs, workerd %s, %s, %d rounds", r.System, r.CPUs, r.Engine, r.Date.Format(time.DateOnly), r.Rounds)
	if r.Quick {
		fmt.Fprint(w, " (quick: these figures mean nothing)")
	}
	fmt.Fprint(w, "\n\n")
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "BENCHMARK\tCASE\tMEDIAN\tQUARTILES\tBOUND\t")
	for _, v := range r.Rows {
		fmt.Fprintln(tw, v.line())
	}
	return tw.Flush()
}

func (v row) line() string {
	if v.Missing != "" {
		// Without tabs after it, the text does not widen the columns.
		return fmt.Sprintf("%s\t%s\tnot measured: %s", v.Benchmark, v.Name, v.Missing)
	}
	line := fmt.Sprintf("%s\t%s\t%s %s\t%s - %s", v.Benchmark, v.Name, figure(v.Median), v.Unit, figure(v.Q1), figure(v.Q3))
	if v.Bound == nil {
		return line + "\t\t"
	}
	verdict := "met"
	if !*v.Met {
		verdict = "MISSED"
	}
	return fmt.Sprintf("%s\t%s %v\t%s", line, v.Bound.Op, v.Bound.Value, verdict)
}

// figure prints three digits, and whole numbers as they are.
func figure(v float64) string {
	decimals := 0
	switch {
	case v < 10:
		decimals = 2
	case v < 100:
		decimals = 1
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}
