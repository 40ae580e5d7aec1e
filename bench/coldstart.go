package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// coldstart measures from the exec of a program to its first answer from an
// object of the counter. Each start has a fresh copy of the project, so that
// nobody profits from what it left there.
func coldstart(ctx context.Context, l *lab, r *report) error {
	programs := []program{l.bareEngine(), l.paddockDev()}
	// The first start of each fills the system's caches and is not counted.
	for _, p := range programs {
		if _, err := l.timeStart(ctx, p); err != nil {
			return err
		}
	}
	wrangler, missing := l.wranglerDev(ctx)
	if missing == nil {
		_, missing = l.timeStart(ctx, wrangler)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if missing == nil {
		programs = append(programs, wrangler)
	}
	samples, err := l.interleave(ctx, len(programs), func(i int) (float64, error) {
		took, err := l.timeStart(ctx, programs[i])
		return milliseconds(took), err
	})
	if err != nil {
		return err
	}
	for i, p := range programs {
		r.add(p.name, "ms", samples[i], nil)
	}
	r.add("dev / workerd", "x", ratios(samples[1], samples[0]), atMost(2.5))
	if missing != nil {
		r.miss("wrangler dev / dev", missing)
		return nil
	}
	r.add("wrangler dev / dev", "x", ratios(samples[2], samples[1]), atLeast(20))
	return nil
}

func (l *lab) timeStart(ctx context.Context, p program) (_ time.Duration, err error) {
	files, err := l.counterProject()
	if err != nil {
		return 0, err
	}
	s, err := p.start(ctx, files)
	if err != nil {
		return 0, fmt.Errorf("start %s: %w", p.name, err)
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	if err := s.await(ctx, "/increment?name=A", "count: 1"); err != nil {
		return 0, fmt.Errorf("start %s: %w", p.name, err)
	}
	return time.Since(s.started), nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
