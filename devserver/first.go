package devserver

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"paddock/config"
	"paddock/internal/diag"
)

// publishFirst publishes for the first time whatever can be: projects whose
// code is good, each after those whose classes it binds to. A project that
// waits for one whose code is not goes on waiting.
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

// blocked reports whether a project waits, maybe through others, for one whose
// code cannot run. through are those on the way, which may be a circle.
func (s *session) blocked(p *project, through []*project) bool {
	through = append(slices.Clip(through), p)
	return slices.ContainsFunc(s.missing(p), func(d config.DurableObject) bool {
		q := s.project(d.Script)
		return q != nil && !slices.Contains(through, q) && (len(q.problems) > 0 || s.blocked(q, through))
	})
}

// missing returns the bindings of a project to scripts that do not run.
func (s *session) missing(p *project) []config.DurableObject {
	return slices.DeleteFunc(slices.Clone(p.worker.DurableObjects), func(d config.DurableObject) bool {
		if d.Script == "" {
			return true
		}
		q := s.project(d.Script)
		return q != nil && q.running != nil
	})
}

// unresolved reports the bindings that keep projects from being published.
func (s *session) unresolved(waiting []*project) error {
	var err error
	for _, p := range waiting {
		var list diag.List
		for _, d := range s.missing(p) {
			e := diag.Errorf("unknown-script", d.Location, "binding %q names the script %q, which is not part of this session", d.Name, d.Script)
			if slices.Contains(waiting, s.project(d.Script)) {
				e.Message = fmt.Sprintf("binding %q names the script %q, which in turn waits for this one", d.Name, d.Script)
				list = append(list, e.WithHint("Scripts that bind to each other's classes in a circle cannot be started by one session yet."))
				continue
			}
			list = append(list, e.WithHint("Run it beside this one: paddock dev -c %s -c PATH/OF/%s/wrangler.toml", d.Location.File, d.Script))
		}
		err = errors.Join(err, s.report(p, list))
	}
	return err
}
