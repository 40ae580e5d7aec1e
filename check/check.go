// Package check looks at projects as a CI sees them: the configuration of every
// environment, the bundle, the story that the migrations tell, and what a git
// revision had of it. Nothing runs, and nothing but git is asked.
//
// Start with [Run]. Config and bundle find most of what it reports; here are
// the checks that need more than one of them, or more than one environment. A
// check of this package is a warning unless a deployment is certain to fail:
// a list of migrations may rightly begin in the middle of a story.
//
// A problem is reported once, however many environments have it.
package check

import (
	"context"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"paddock/internal/diag"
)

// Options is what is checked, and how.
type Options struct {
	// Dir is the folder to which paths are relative, and file names in
	// diagnostics as well. "" is the current one.
	Dir string
	// Paths are configurations, or folders that have one. Without any, one is
	// looked for in Dir and the folders above it.
	Paths []string
	// Env is the environment to check, "" for the top level. Nil means the top
	// level and all environments.
	Env *string
	// NoBundle leaves out the bundle, and what it shows.
	NoBundle bool
	// Against is a git revision with whose migrations the list is compared.
	// "" compares nothing.
	Against string
	// Now is the time for which dates are judged; the zero value is the
	// present.
	Now time.Time
}

// Result is what there is to say.
type Result struct {
	Files       int       // how many configurations were looked at
	Diagnostics diag.List // in source order
}

// Run checks all paths, several at a time. What is wrong with a project or a
// path comes as a diagnostic; an error means that the check could not be done,
// as when ctx is canceled.
func Run(ctx context.Context, o Options) (*Result, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	if o.Dir = dir; o.Now.IsZero() {
		o.Now = time.Now()
	}
	targets, problems := find(o.Dir, o.Paths)
	found := make([]diag.List, len(targets))
	var next atomic.Int64
	var workers sync.WaitGroup
	work := func() {
		for ctx.Err() == nil {
			i := int(next.Add(1)) - 1
			if i >= len(targets) {
				return
			}
			found[i] = newProject(o).check(ctx, targets[i])
		}
	}
	for range min(runtime.GOMAXPROCS(0), len(targets)) - 1 {
		workers.Go(work)
	}
	work() // this goroutine is one of them: for one project no other is started
	workers.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	all := collector{list: problems}
	for _, list := range found {
		all.add(list...)
	}
	return &Result{Files: len(targets), Diagnostics: all.list.Sorted()}, nil
}

// collector gathers diagnostics, each once: what holds for several
// environments keeps the one in which it was found first.
type collector struct {
	list diag.List
	seen map[finding]bool
	// The limit bounds the list, if it is not 0. What is left out is counted.
	limit, dropped int
	failed         bool // an error was left out
}

// maxProblems is how many problems of a project are reported: one with more of
// them has one problem.
const maxProblems = 1000

type finding struct {
	code, message string
	at            place
}

// place is a location without the text of its line, which can be long, to look
// things up by.
type place struct {
	file                             string
	line, column, endLine, endColumn int
}

func placeOf(l diag.Location) place { return place{l.File, l.Line, l.Column, l.EndLine, l.EndColumn} }

func (c *collector) add(list ...diag.Diagnostic) {
	if c.seen == nil {
		c.seen = make(map[finding]bool)
	}
	for _, d := range list {
		key := finding{d.Code, d.Message, placeOf(d.Location)}
		switch {
		case c.seen[key]:
		case c.limit > 0 && len(c.list) >= c.limit:
			c.dropped++
			c.failed = c.failed || d.Severity == diag.Error
		default:
			c.seen[key] = true
			c.list = append(c.list, d)
		}
	}
}

// rest says how many problems were left out.
func (c *collector) rest(file string) {
	if c.dropped == 0 {
		return
	}
	d := diag.Warningf("more-problems", diag.Location{File: file}, "and %d more problems", c.dropped)
	if c.failed {
		d.Severity = diag.Error
	}
	c.list = append(c.list, d)
}
