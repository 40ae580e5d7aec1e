package main

import (
	"context"
	"errors"
	"fmt"

	"paddock/internal/proc"
)

// memorySteps is how often the memory is looked at.
const memorySteps = 10

// memory looks at paddock's own resident memory, without the engine's, while
// a session serves 100,000 requests and reloads 200 times. There are no
// rounds: what matters is where it goes in one long session.
func memory(ctx context.Context, l *lab, r *report) (err error) {
	requests, reloads := 100_000/memorySteps, 200/memorySteps
	if l.quick {
		requests, reloads = 200, 1
	}
	s, err := l.session(ctx, l.paddockDev())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.server.stop()) }()
	var samples []float64
	for range memorySteps {
		if _, err := s.server.loadCount(ctx, "/increment?name=A", requests); err != nil {
			return err
		}
		for range reloads {
			if _, err := s.reload(ctx); err != nil {
				return err
			}
		}
		mb, err := residentMB(ctx, s.server.child.PID())
		if err != nil {
			return err
		}
		samples = append(samples, mb)
		fmt.Fprint(l.log, ".")
	}
	half := memorySteps / 2
	r.add(fmt.Sprintf("dev, %d samples", memorySteps), "MB", samples, nil)
	r.add("dev, at the end", "MB", samples[memorySteps-1:], atMost(60))
	r.add("second half / first half", "x", []float64{median(samples[half:]) / median(samples[:half])}, atMost(flat))
	return nil
}

// flat is how much more memory the second half of a session may need. The
// collector of Go lets the heap breathe by more than this from one moment to
// the next, but not the medians of many.
const flat = 1.1

func residentMB(ctx context.Context, pid int) (float64, error) {
	bytes, err := proc.Resident(ctx, pid)
	return float64(bytes) / (1 << 20), err
}
