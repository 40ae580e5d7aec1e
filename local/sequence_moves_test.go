package local_test

import (
	"errors"
	"net/http"
	"slices"

	"paddock/local"
	"paddock/migrate"
)

// publish plans and publishes a proposal, and expects both to end as the model
// has it.
func (s *sequence) publish(p proposal) {
	s.t.Helper()
	o := s.model.judge(p)
	s.noted("publish %+v: %v", p.String(), o.codes)
	up := p.upload()
	_, err := s.Plan(s.t.Context(), up, p.exports)
	s.wantCode("plan", err, o.planCodes)
	before := s.snapshotBefore(o.codes)
	published, err := s.Publish(s.t.Context(), up)
	if s.wantCode("publish", err, o.codes); len(o.codes) > 0 {
		s.same(*before)
		return
	}
	s.model.publish(p, o, &modelVersion{id: published.Version.ID, number: published.Version.Number})
}

// snapshotBefore is what a refusal must leave as it was.
func (s *sequence) snapshotBefore(codes []int) *snapshot {
	if len(codes) == 0 {
		return nil
	}
	before := s.snapshot()
	return &before
}

// write increments some objects.
func (s *sequence) write() {
	s.t.Helper()
	for range 1 + s.random.IntN(3) {
		script, ok := pick(s.random, sortedKeys(s.model.scripts))
		if !ok {
			return
		}
		bindings := s.model.scripts[script].inForce.bindings
		binding, ok := pick(s.random, sortedKeys(bindings))
		if !ok {
			continue
		}
		name, _ := pick(s.random, objectNames)
		class := bindings[binding]
		s.noted("increment %s of %s of %s", name, binding, script)
		status, body, err := s.request(http.MethodPost, script, "/"+binding+"/"+name)
		switch {
		case err != nil:
			s.t.Fatal(err)
		case class.deleted && status == http.StatusGone:
		case status != http.StatusOK:
			s.t.Fatalf("increment %s of %s of %s: %d %s", name, binding, script, status, body)
		default:
			class.counts[name]++
			s.total.add("increment")
		}
	}
}

// rollback puts any version of a script in force.
func (s *sequence) rollback() {
	s.t.Helper()
	script, ok := pick(s.random, sortedKeys(s.model.scripts))
	if !ok {
		return
	}
	v, _ := pick(s.random, s.model.scripts[script].versions)
	codes := s.model.judgeRollback(script, v)
	s.noted("roll %s back to %d: %v", script, v.number, codes)
	before := s.snapshotBefore(codes)
	_, err := s.Deploy(s.t.Context(), local.DeployRequest{Script: script, Shares: []local.Share{{Version: v.id, Percentage: 100}}, Source: "test"})
	if s.wantCode("rollback", err, codes); len(codes) > 0 {
		s.same(*before)
		return
	}
	s.model.scripts[script].inForce = v
}

// restore brings something back from the trash.
func (s *sequence) restore() {
	s.t.Helper()
	c, ok := pick(s.random, s.model.trash())
	if !ok {
		return
	}
	as := c.class
	if s.chance(0.3) {
		as, _ = pick(s.random, classNames)
	}
	replace := s.chance(0.4)
	codes, instead := s.model.judgeRestore(c, as, replace)
	s.noted("restore %v as %s, replace %t: %v", c.label, as, replace, codes)
	before := s.snapshotBefore(codes)
	_, err := s.Restore(s.t.Context(), local.RestoreRequest{Key: c.key, Class: as, Replace: replace})
	if s.wantCode("restore", err, codes); len(codes) > 0 {
		s.same(*before)
		return
	}
	s.model.restore(c, as, instead)
}

// deleteSome deletes a script, sometimes although others need it.
func (s *sequence) deleteSome() {
	s.t.Helper()
	script, ok := pick(s.random, sortedKeys(s.model.scripts))
	if !ok {
		return
	}
	force := s.chance(0.3)
	var codes []int
	for _, name := range s.model.owned(script) {
		if len(s.model.binders(s.model.live()[label{script, name}], script)) > 0 && !force {
			codes = []int{10064}
		}
	}
	s.noted("delete %s, force %t: %v", script, force, codes)
	before := s.snapshotBefore(codes)
	err := s.DeleteScript(s.t.Context(), script, force)
	if s.wantCode("delete", err, codes); len(codes) > 0 {
		s.same(*before)
		return
	}
	s.model.deleteScript(script)
}

func (s *sequence) restart() {
	s.t.Helper()
	s.noted("restart")
	s.total.add("restart")
	s.close()
	s.rig = open(s.t, s.dir)
}

// bindAll has every script bind all its classes, so that all objects are read.
func (s *sequence) bindAll() {
	s.t.Helper()
	for _, script := range sortedKeys(s.model.scripts) {
		p := proposal{script: script, exports: s.model.owned(script), bindings: map[string]label{}}
		for _, name := range p.exports {
			p.bindings["B_"+name] = label{"", name}
		}
		s.publish(p)
	}
}

// wantCode expects an error to be a refusal with one of the codes, or nil.
func (s *sequence) wantCode(what string, err error, codes []int) {
	s.t.Helper()
	s.total.add(what)
	if err != nil {
		s.total.add(what + " refused")
	}
	got := 0
	if r, ok := errors.AsType[*local.Refusal](err); ok {
		got = r.Code
	}
	if r, ok := errors.AsType[*migrate.Refusal](err); ok {
		got = r.Code
	}
	if (got == 0) != (err == nil) || (err == nil) != (len(codes) == 0) || err != nil && !slices.Contains(codes, got) {
		s.t.Fatalf("%s: %v (code %d); the model has %v", what, err, got, codes)
	}
}
