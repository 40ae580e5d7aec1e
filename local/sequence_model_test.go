package local_test

import (
	"maps"
	"slices"

	"paddock/migrate"
)

// A model is what a runtime should hold after some moves, by the rules as the
// documentation has them. It knows nothing of how the runtime keeps them.
type model struct {
	scripts map[string]*modelScript
	classes []*modelClass // the deleted ones, too
}

// modelClass is a namespace with its objects.
type modelClass struct {
	label
	key     string // "" until the runtime has told it
	sql     bool
	deleted bool
	counts  map[string]int // acknowledged increments by the object's name
}

type label struct{ script, class string }

type modelScript struct {
	tag      string
	versions []*modelVersion
	inForce  *modelVersion
	deletes  []modelDelete
}

type modelVersion struct {
	id       string
	number   int
	exports  []string
	bindings map[string]*modelClass // by the binding's name
}

// modelDelete is what the migration of a version has deleted.
type modelDelete struct {
	version int
	classes []string
}

// A proposal is an upload in the making.
type proposal struct {
	script      string
	exports     []string
	bindings    map[string]label // script "" is this one
	migration   *migrate.Upload
	deleteBound bool
}

// An outcome is what the model makes of a proposal: if codes holds any, the
// runtime must refuse it with one of them, and must not otherwise. Plan does
// not look at who else binds what is deleted.
type outcome struct {
	codes, planCodes []int
	labels           map[label]*modelClass
	touched          map[*modelClass]bool
	deleted, created []*modelClass
}

func (o *outcome) refuse(code int) {
	o.codes = append(o.codes, code)
	o.planCodes = append(o.planCodes, code)
}

// live returns the namespaces in use by their labels.
func (m *model) live() map[label]*modelClass {
	labels := map[label]*modelClass{}
	for _, c := range m.classes {
		if !c.deleted {
			labels[c.label] = c
		}
	}
	return labels
}

func (m *model) trash() []*modelClass {
	return slices.DeleteFunc(slices.Clone(m.classes), func(c *modelClass) bool { return !c.deleted })
}

// owned returns the class names of a script, in order.
func (m *model) owned(script string) []string { return ownedIn(m.live(), script) }

func ownedIn(labels map[label]*modelClass, script string) []string {
	var names []string
	for l := range labels {
		if l.script == script {
			names = append(names, l.class)
		}
	}
	slices.Sort(names)
	return names
}

// judge works out what comes of a proposal, and changes nothing.
func (m *model) judge(p proposal) *outcome {
	o := &outcome{labels: m.live(), touched: map[*modelClass]bool{}}
	for _, b := range p.bindings {
		switch {
		case b.script == "" && !slices.Contains(p.exports, b.class):
			o.refuse(10061)
		case b.script != "" && m.scripts[b.script] == nil:
			o.refuse(10061)
		}
	}
	if p.migration != nil && !m.migrated(p, o) {
		return o
	}
	for _, name := range ownedIn(o.labels, p.script) {
		switch c := o.labels[label{p.script, name}]; {
		case slices.Contains(p.exports, name):
		case o.touched[c]:
			o.refuse(10070)
		default:
			o.refuse(10064)
		}
	}
	for _, b := range p.bindings {
		if o.labels[p.resolved(b)] == nil {
			o.refuse(10061)
		}
	}
	for _, c := range o.deleted {
		if len(m.binders(c, p.script)) > 0 && !p.deleteBound {
			o.codes = append(o.codes, 10061)
		}
	}
	return o
}

func (p proposal) resolved(b label) label {
	if b.script == "" {
		b.script = p.script
	}
	return b
}

// migrated does the steps of a proposal, and reports whether all can be done.
func (m *model) migrated(p proposal, o *outcome) bool {
	tag := ""
	if s := m.scripts[p.script]; s != nil {
		tag = s.tag
	}
	if p.migration.OldTag != tag || tag != "" && p.migration.NewTag == "" {
		o.refuse(10079)
		return false
	}
	for _, s := range p.migration.Steps {
		ok := true
		for _, name := range s.DeletedClasses {
			ok = ok && o.remove(label{p.script, name})
		}
		for _, r := range s.RenamedClasses {
			ok = ok && o.move(label{p.script, r.From}, label{p.script, r.To})
		}
		for _, name := range s.NewClasses {
			ok = ok && o.create(label{p.script, name}, false)
		}
		for _, name := range s.NewSQLiteClasses {
			ok = ok && o.create(label{p.script, name}, true)
		}
		for _, t := range s.TransferredClasses {
			ok = ok && t.FromScript != p.script && o.move(label{t.FromScript, t.From}, label{p.script, t.To})
		}
		if !ok {
			o.refuse(10074)
			return false
		}
	}
	return true
}

func (o *outcome) remove(l label) bool {
	c := o.labels[l]
	if c == nil {
		return false
	}
	delete(o.labels, l)
	if i := slices.Index(o.created, c); i >= 0 {
		o.created = slices.Delete(o.created, i, i+1)
	} else {
		o.deleted = append(o.deleted, c)
	}
	return true
}

func (o *outcome) move(from, to label) bool {
	c := o.labels[from]
	if c == nil || o.labels[to] != nil {
		return false
	}
	delete(o.labels, from)
	o.labels[to] = c
	o.touched[c] = true
	return true
}

func (o *outcome) create(l label, sql bool) bool {
	if o.labels[l] != nil {
		return false
	}
	c := &modelClass{sql: sql, counts: map[string]int{}}
	o.labels[l], o.touched[c] = c, true
	o.created = append(o.created, c)
	return true
}

// publish does a proposal that was accepted. v has the runtime's id and number.
func (m *model) publish(p proposal, o *outcome, v *modelVersion) {
	for l, c := range o.labels {
		c.label = l
	}
	for _, c := range o.deleted {
		c.deleted = true
	}
	m.classes = append(m.classes, o.created...)
	s := m.scripts[p.script]
	if s == nil {
		s = &modelScript{}
		m.scripts[p.script] = s
	}
	v.exports, v.bindings = p.exports, map[string]*modelClass{}
	for name, b := range p.bindings {
		v.bindings[name] = o.labels[p.resolved(b)]
	}
	s.versions, s.inForce = append(s.versions, v), v
	if p.migration == nil {
		return
	}
	s.tag = p.migration.NewTag
	for _, step := range p.migration.Steps {
		s.deletes = append(s.deletes, modelDelete{v.number, step.DeletedClasses})
	}
}

// judgeRollback returns the codes with which a version must be refused.
func (m *model) judgeRollback(script string, v *modelVersion) (codes []int) {
	owned := m.owned(script)
	for _, name := range owned {
		if !slices.Contains(v.exports, name) {
			codes = append(codes, 10064)
		}
	}
	for _, c := range v.bindings {
		if c.deleted {
			codes = append(codes, 10061)
		}
	}
	for _, d := range m.scripts[script].deletes {
		for _, name := range d.classes {
			if d.version > v.number && slices.Contains(v.exports, name) && !slices.Contains(owned, name) {
				codes = append(codes, 10061)
			}
		}
	}
	return codes
}

// judgeRestore returns the codes with which a class must not come back, and
// what it comes in place of.
func (m *model) judgeRestore(c *modelClass, as string, replace bool) (codes []int, instead *modelClass) {
	s := m.scripts[c.script]
	if s == nil {
		return []int{10007}, nil
	}
	switch instead = m.live()[label{c.script, as}]; {
	case instead != nil && !replace:
		return []int{10074}, nil
	case instead == nil && !slices.Contains(s.inForce.exports, as):
		return []int{10070}, nil
	}
	return nil, instead
}

// restore does what judgeRestore had no objection to.
func (m *model) restore(c *modelClass, as string, instead *modelClass) {
	c.class, c.deleted = as, false
	if instead == nil {
		return
	}
	instead.deleted = true
	for _, s := range m.scripts {
		for _, v := range s.versions {
			for name, bound := range v.bindings {
				if bound == instead {
					v.bindings[name] = c
				}
			}
		}
	}
}

// deleteScript does what a script that nobody needs has no objection to.
func (m *model) deleteScript(name string) {
	for l, c := range m.live() {
		c.deleted = c.deleted || l.script == name
	}
	delete(m.scripts, name)
}

// binders returns the scripts in force that bind to a namespace, except one.
func (m *model) binders(c *modelClass, except string) []string {
	var users []string
	for name, s := range m.scripts {
		if name != except && slices.Contains(slices.Collect(maps.Values(s.inForce.bindings)), c) {
			users = append(users, name)
		}
	}
	return users
}

// groups parts the scripts into those that share an engine.
func (m *model) groups() [][]string {
	of := map[string][]string{}
	for name := range m.scripts {
		of[name] = []string{name}
	}
	for name, s := range m.scripts {
		for _, c := range s.inForce.bindings {
			if c.deleted || of[c.script] == nil || slices.Contains(of[name], c.script) {
				continue
			}
			joined := slices.Concat(of[name], of[c.script])
			for _, member := range joined {
				of[member] = joined
			}
		}
	}
	var list [][]string
	for name, members := range of {
		if slices.Sort(members); members[0] == name {
			list = append(list, members)
		}
	}
	slices.SortFunc(list, slices.Compare)
	return list
}
