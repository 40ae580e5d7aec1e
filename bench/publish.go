package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A crowd is what a runtime holds beside what is measured.
type crowd struct{ scripts, objects int }

func (l *lab) crowd() crowd {
	if l.quick {
		return crowd{scripts: 3, objects: 100}
	}
	return crowd{scripts: 200, objects: 10_000}
}

// publish measures the whole command, from exec to exit: with other code each
// time, on a runtime that has the counter already, and on one that has a crowd
// of scripts and objects, too; and with a rename of the class each time, of one
// object and of as many.
func publish(ctx context.Context, l *lab, r *report) (err error) {
	var servers []*server
	defer func() {
		for _, s := range servers {
			err = errors.Join(err, s.stop())
		}
	}()
	many := l.crowd()
	var measured []func(context.Context) (time.Duration, error)
	for _, c := range []crowd{{0, 1}, many} {
		s, p, err := l.publishedCounter(ctx)
		if err != nil {
			return err
		}
		servers = append(servers, s.server)
		if err := l.populate(ctx, s.server, p, c); err != nil {
			return err
		}
		measured = append(measured, func(ctx context.Context) (time.Duration, error) { return l.publishEdit(ctx, s, p) })
	}
	for _, c := range []crowd{{0, 1}, {0, many.objects}} {
		s, p, err := l.publishedCounter(ctx)
		if err != nil {
			return err
		}
		servers = append(servers, s.server)
		if err := l.populate(ctx, s.server, p, c); err != nil {
			return err
		}
		n, err := p.renaming()
		if err != nil {
			return err
		}
		measured = append(measured, func(ctx context.Context) (time.Duration, error) { return l.publishRename(ctx, s.server, p, n) })
	}
	samples, err := l.interleave(ctx, len(measured), func(i int) (float64, error) {
		took, err := measured[i](ctx)
		return milliseconds(took), err
	})
	if err != nil {
		return err
	}
	r.add("paddock publish", "ms", samples[0], atMost(250))
	r.add(fmt.Sprintf("among %d scripts, %d objects", many.scripts, many.objects), "ms", samples[1], nil)
	r.add("among them / alone", "x", ratios(samples[1], samples[0]), atMost(1.5))
	r.add("rename, 1 object", "ms", samples[2], nil)
	r.add(fmt.Sprintf("rename, %d objects", many.objects), "ms", samples[3], nil)
	r.add("rename of many / of one", "x", ratios(samples[3], samples[2]), atMost(1.1))
	return nil
}

// publishEdit publishes the next version.
func (l *lab) publishEdit(ctx context.Context, s *session, p project) (time.Duration, error) {
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
	return took, err
}

// publishRename publishes the next name of the class, under which its first
// object must have what it had.
func (l *lab) publishRename(ctx context.Context, s *server, p project, n *renaming) (time.Duration, error) {
	if err := n.save(); err != nil {
		return 0, err
	}
	took, err := l.publish(ctx, p)
	if err != nil {
		return 0, err
	}
	body, err := s.get(ctx, "/?name=0")
	if err == nil && !strings.Contains(body, "count: 1") {
		err = fmt.Errorf("after a rename an object answers %.100q", body)
	}
	return took, err
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

// populate publishes the project under other names, too, and stores objects in
// its class: one for each number, that has counted to 1.
func (l *lab) populate(ctx context.Context, s *server, p project, c crowd) error {
	for n := range c.scripts {
		if _, err := l.publish(ctx, p, "--name", fmt.Sprintf("crowd-%d", n)); err != nil {
			return err
		}
	}
	return s.askEach(ctx, c.objects, func(n int) string { return fmt.Sprintf("/increment?name=%d", n) })
}
