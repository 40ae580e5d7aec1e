package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// throughputCase is one kind of request and what each program must reach of
// the bare engine, and the traced session of Wrangler's.
type throughputCase struct {
	name, path              string
	untraced, dev, wrangler float64
}

var throughputCases = []throughputCase{
	{"hello", "/hello", 0.55, 0.3, 5},
	{"read", "/read", 0.85, 0.25, 2.5},
	{"increment", "/increment", 0.85, 0.4, 2},
}

// A contestant is a program that runs during the whole benchmark.
type contestant struct {
	name       string
	server     *server
	increments int // that were acknowledged
}

// throughput has all programs serve at once and loads one of them at a time.
func throughput(ctx context.Context, l *lab, r *report) (err error) {
	var all []*contestant
	defer func() {
		for _, c := range all {
			err = errors.Join(err, c.server.stop())
		}
	}()
	for _, p := range []program{l.bareEngine(), l.published(), l.paddockDev("--no-trace"), l.paddockDev()} {
		c, err := l.contestant(ctx, p)
		if err != nil {
			return err
		}
		all = append(all, c)
	}
	missing := func() error {
		p, err := l.wranglerDev(ctx)
		if err != nil {
			return err
		}
		c, err := l.contestant(ctx, p)
		if err == nil {
			all = append(all, c)
		}
		return err
	}()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for _, k := range throughputCases {
		if err := l.loadAll(ctx, r, k, all); err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
	}
	if missing != nil {
		r.miss("wrangler dev", missing)
	}
	return checkIncrements(ctx, all)
}

func (l *lab) contestant(ctx context.Context, p program) (*contestant, error) {
	files, err := l.throughputProject()
	if err != nil {
		return nil, err
	}
	s, err := p.start(ctx, files)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	if err := s.await(ctx, "/hello", "hello"); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", p.name, err), s.stop())
	}
	return &contestant{name: p.name, server: s}, nil
}

// loadAll measures one case. all begins with workerd, published,
// dev --no-trace, dev; Wrangler may follow.
func (l *lab) loadAll(ctx context.Context, r *report, k throughputCase, all []*contestant) error {
	window := time.Second
	if l.quick {
		window = 100 * time.Millisecond
	}
	load := func(i int) (float64, error) {
		done, err := all[i].server.loadFor(ctx, k.path, window)
		if k.path == "/increment" {
			all[i].increments += done.requests
		}
		return done.rate(), err
	}
	for i := range all { // compiles what is hot, and is not counted
		if _, err := load(i); err != nil {
			return err
		}
	}
	samples, err := l.interleave(ctx, len(all), load)
	if err != nil {
		return err
	}
	for i, c := range all {
		r.add(k.name+": "+c.name, "req/s", samples[i], nil)
	}
	for i, b := range []float64{1: k.untraced, 2: k.untraced, 3: k.dev} {
		if i > 0 {
			r.add(k.name+": "+all[i].name+" / workerd", "x", ratios(samples[i], samples[0]), atLeast(b))
		}
	}
	if len(all) > 4 {
		r.add(k.name+": dev / wrangler dev", "x", ratios(samples[3], samples[4]), atLeast(k.wrangler))
	}
	return nil
}

// checkIncrements asks every object what it has counted: a program that is
// fast because it loses or repeats requests must not pass for fast.
func checkIncrements(ctx context.Context, all []*contestant) error {
	for _, c := range all {
		counted, err := c.server.get(ctx, "/read")
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		if counted != strconv.Itoa(c.increments) {
			return fmt.Errorf("%s acknowledged %d increments, but its object counted %s", c.name, c.increments, counted)
		}
	}
	return nil
}
