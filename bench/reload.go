package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// reload measures from saving the counter's source to the first answer that
// the new code gives. The bare engine can watch files too, but waits half a
// second for them to settle; it shows what the engine alone would offer.
func reload(ctx context.Context, l *lab, r *report) (err error) {
	var sessions []*session
	defer func() {
		for _, s := range sessions {
			err = errors.Join(err, s.server.stop())
		}
	}()
	programs := []program{l.paddockDev(), l.bareEngine("--watch")}
	for _, p := range programs {
		s, err := l.session(ctx, p)
		if err != nil {
			return err
		}
		sessions = append(sessions, s)
	}
	measure := func(i int) (float64, error) {
		took, err := sessions[i].reload(ctx)
		return milliseconds(took), err
	}
	for i := range sessions { // the first reload fills caches and is not counted
		if _, err := measure(i); err != nil {
			return err
		}
	}
	samples, err := l.interleave(ctx, len(sessions), measure)
	if err != nil {
		return err
	}
	r.add("dev", "ms", samples[0], atMost(120))
	r.add("workerd --watch", "ms", samples[1], nil)
	return nil
}

// A session serves the counter while its source is edited.
type session struct {
	server *server
	edit   *edit
}

func (l *lab) session(ctx context.Context, p program) (*session, error) {
	files, err := l.counterProject()
	if err != nil {
		return nil, err
	}
	e, err := files.edit()
	if err != nil {
		return nil, err
	}
	s, err := p.start(ctx, files)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	if err := s.await(ctx, "/", counterText); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", p.name, err), s.stop())
	}
	return &session{server: s, edit: e}, nil
}

// reload saves the next version and waits until it answers.
func (s *session) reload(ctx context.Context) (time.Duration, error) {
	start := time.Now()
	answer, err := s.edit.save()
	if err != nil {
		return 0, err
	}
	if err := s.server.await(ctx, "/", answer); err != nil {
		return 0, fmt.Errorf("reload: %w", err)
	}
	return time.Since(start), nil
}
