package devserver

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"paddock/internal/diag"
)

// publishFirst publishes for the first time whatever can be: projects whose
// code is good, each after those that it binds to. A project that waits for one
// whose code is not goes on waiting. Of projects that call each other in a
// circle one must begin; until the others are there its bindings lead nowhere.
func (s *session) publishFirst(ctx context.Context) error {
	for {
		waiting := slices.DeleteFunc(slices.Clone(s.projects), func(p *project) bool {
			return p.running != nil || len(p.problems) > 0 || s.blocked(p, nil)
		})
		if len(waiting) == 0 {
			return nil
		}
		i := slices.IndexFunc(waiting, func(p *project) bool { return len(s.missing(p)) == 0 })
		if i < 0 {
			i = slices.IndexFunc(waiting, s.mayBegin)
		}
		if i < 0 {
			return s.unresolved(waiting)
		}
		if err := s.publish(ctx, waiting[i]); err != nil && !errors.Is(err, ErrReported) {
			return err
		}
	}
}

// standing says where the session answers, or that it waits for a fix.
func (s *session) standing() {
	if slices.ContainsFunc(s.projects, func(p *project) bool { return p.running == nil }) {
		s.out.waiting(s.url)
	} else {
		s.out.ready(s.url)
	}
}

func (s *session) project(name string) *project {
	i := slices.IndexFunc(s.projects, func(p *project) bool { return p.worker.Name == name })
	if i < 0 {
		return nil
	}
	return s.projects[i]
}

// A need is a binding of a project to another script.
type need struct {
	binding, script string
	service         bool // or else to a class
	location        diag.Location
}

// blocked reports whether a project waits, maybe through others, for one whose
// code cannot run. through are those on the way, which may be a circle.
func (s *session) blocked(p *project, through []*project) bool {
	through = append(slices.Clip(through), p)
	return slices.ContainsFunc(s.missing(p), func(n need) bool {
		q := s.project(n.script)
		return q != nil && !slices.Contains(through, q) && (len(q.problems) > 0 || s.blocked(q, through))
	})
}

// mayBegin reports whether a project lacks nothing but services of this session.
func (s *session) mayBegin(p *project) bool {
	return !slices.ContainsFunc(s.missing(p), func(n need) bool { return !n.service || s.project(n.script) == nil })
}

// missing returns what a project binds of scripts that do not run.
func (s *session) missing(p *project) []need {
	var all []need
	for _, d := range p.worker.DurableObjects {
		all = append(all, need{d.Name, d.Script, false, d.Location})
	}
	for _, b := range p.worker.Services {
		all = append(all, need{b.Name, b.Service, true, b.Location})
	}
	return slices.DeleteFunc(all, func(n need) bool {
		if n.script == "" || n.script == p.worker.Name {
			return true
		}
		q := s.project(n.script)
		return q != nil && q.running != nil
	})
}

// unresolved reports the bindings that keep projects from being published.
func (s *session) unresolved(waiting []*project) error {
	var err error
	for _, p := range waiting {
		var list diag.List
		for _, n := range s.missing(p) {
			e := diag.Errorf("unknown-script", n.location, "binding %q names the script %q, which is not part of this session", n.binding, n.script)
			if slices.Contains(waiting, s.project(n.script)) {
				e.Message = fmt.Sprintf("binding %q names the script %q, which in turn waits for this one", n.binding, n.script)
				list = append(list, e.WithHint("Scripts that bind to each other's classes in a circle cannot be started by one session yet."))
				continue
			}
			list = append(list, e.WithHint("Run it beside this one: paddock dev -c %s -c PATH/OF/%s/wrangler.toml", n.location.File, n.script))
		}
		err = errors.Join(err, s.report(p, list))
	}
	return err
}
