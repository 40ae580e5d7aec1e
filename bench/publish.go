package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// publish measures the whole command, from exec to exit, each time with other
// code, on a runtime that has the counter already.
func publish(ctx context.Context, l *lab, r *report) (err error) {
	s, p, err := l.publishedCounter(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.server.stop()) }()
	samples, err := l.interleave(ctx, 1, func(int) (float64, error) {
		answer, err := s.edit.save()
		if err != nil {
			return 0, err
		}
		took, err := l.publish(ctx, p)
		if err != nil {
			return 0, err
		}
		// The command's end promises that the new version answers.
		body, err := s.server.get(ctx, "/")
		if err == nil && !strings.Contains(body, answer) {
			err = fmt.Errorf("after publishing %q the answer is %.100q", answer, body)
		}
		return milliseconds(took), err
	})
	if err != nil {
		return err
	}
	r.add("paddock publish", "ms", samples[0], atMost(250))
	return nil
}

func (l *lab) publishedCounter(ctx context.Context) (*session, project, error) {
	p, err := l.counterProject()
	if err != nil {
		return nil, p, err
	}
	e, err := p.edit()
	if err != nil {
		return nil, p, err
	}
	s, err := l.published().start(ctx, p)
	if err != nil {
		return nil, p, err
	}
	return &session{server: s, edit: e}, p, nil
}
