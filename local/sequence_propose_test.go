package local_test

import (
	"fmt"
	"slices"

	"paddock/internal/cfapi"
	"paddock/local"
	"paddock/migrate"
)

var (
	scriptNames = []string{"one", "two", "three"}
	classNames  = []string{"A", "B", "C", "D", "E"}
)

func (s *sequence) chance(p float64) bool { return s.random.Float64() < p }

// propose makes an upload that most often can be done, and else is wrong in
// one or two ways.
func (s *sequence) propose() proposal {
	script, _ := pick(s.random, scriptNames)
	p := proposal{script: script, bindings: map[string]label{}, deleteBound: s.chance(0.4)}
	if s.model.scripts[script] == nil || s.chance(0.7) {
		p.migration = s.proposeMigration(script)
	}
	after := s.model.judge(proposal{script: script, exports: classNames, migration: p.migration, deleteBound: true})
	owned := ownedIn(after.labels, script)
	for _, name := range owned {
		if s.chance(0.98) {
			p.exports = append(p.exports, name)
		}
		if s.chance(0.7) {
			p.bindings["B_"+name] = label{"", name}
		}
	}
	if name, _ := pick(s.random, classNames); s.chance(0.3) && !slices.Contains(p.exports, name) {
		p.exports = append(p.exports, name)
	}
	if s.chance(0.02) {
		name, _ := pick(s.random, classNames)
		p.bindings["B_"+name] = label{"", name}
	}
	if s.chance(0.35) {
		s.bindForeign(p, after.labels)
	}
	return p
}

// bindForeign adds a binding to another script's class, which most often
// exists.
func (s *sequence) bindForeign(p proposal, labels map[label]*modelClass) {
	other, _ := pick(s.random, scriptNames)
	if other == p.script {
		return
	}
	name, ok := pick(s.random, ownedIn(labels, other))
	if !ok || s.chance(0.1) {
		name, _ = pick(s.random, classNames)
	}
	if ok || s.chance(0.2) {
		p.bindings["OTHER"] = label{other, name}
	}
}

// proposeMigration makes one or two steps of one or two directives. Names of
// classes that are there, and of those that are not, are right most often.
func (s *sequence) proposeMigration(script string) *migrate.Upload {
	s.tags++
	up := &migrate.Upload{NewTag: fmt.Sprintf("t%d", s.tags)}
	if have := s.model.scripts[script]; have != nil {
		up.OldTag = have.tag
	}
	if s.chance(0.03) {
		up.OldTag = "wrong"
	}
	if s.chance(0.03) {
		up.NewTag = ""
	}
	for range 1 + s.random.IntN(2) {
		var step migrate.Step
		for range 1 + s.random.IntN(2) {
			s.addDirective(script, up, &step)
		}
		up.Steps = append(up.Steps, step)
	}
	return up
}

// addDirective adds a directive to a step that comes after those of the
// upload, and may already hold some itself.
func (s *sequence) addDirective(script string, up *migrate.Upload, step *migrate.Step) {
	so := *up
	so.Steps = append(slices.Clone(up.Steps), *step)
	labels := s.model.judge(proposal{script: script, migration: &so}).labels
	from, _ := pick(s.random, scriptNames)
	own, others := s.named(script, labels), s.named(from, labels)
	free := s.unnamed(script, labels)
	switch kind := s.random.IntN(10); {
	case kind < 2 && own != "":
		step.RenamedClasses = append(step.RenamedClasses, migrate.Rename{From: own, To: free})
	case kind < 4 && own != "":
		step.DeletedClasses = append(step.DeletedClasses, own)
	case kind < 7 && others != "" && (from != script || s.chance(0.05)):
		step.TransferredClasses = append(step.TransferredClasses, migrate.Transfer{From: others, FromScript: from, To: free})
	case kind < 8:
		step.NewClasses = append(step.NewClasses, free)
	default:
		step.NewSQLiteClasses = append(step.NewSQLiteClasses, free)
	}
}

// named returns a class that a script has, as a rule, or "".
func (s *sequence) named(script string, labels map[label]*modelClass) string {
	name, _ := pick(s.random, ownedIn(labels, script))
	if s.chance(0.04) {
		name, _ = pick(s.random, classNames)
	}
	return name
}

// unnamed returns a class that a script does not have, as a rule.
func (s *sequence) unnamed(script string, labels map[label]*modelClass) string {
	owned := ownedIn(labels, script)
	for {
		name, _ := pick(s.random, classNames)
		if len(owned) == len(classNames) || !slices.Contains(owned, name) || s.chance(0.03) {
			return name
		}
	}
}

// String is short, for the list of moves.
func (p proposal) String() string {
	text := fmt.Sprintf("%s exports %v binds %v", p.script, p.exports, p.bindings)
	if p.migration != nil {
		text += fmt.Sprintf(" %q -> %q %+v", p.migration.OldTag, p.migration.NewTag, p.migration.Steps)
	}
	if p.deleteBound {
		text += " --yes"
	}
	return text
}

// upload is the proposal as a client would send it.
func (p proposal) upload() local.Upload {
	source := sequenceJS
	for _, name := range p.exports {
		source += fmt.Sprintf("export class %s extends Base {}\n", name)
	}
	up := upload(p.script, source)
	for _, name := range sortedKeys(p.bindings) {
		bindsAs(name, p.bindings[name].class, p.bindings[name].script)(&up)
	}
	if m := p.migration; m != nil {
		migrates(m.OldTag, m.NewTag, m.Steps...)(&up)
	}
	if p.deleteBound {
		up.Form.Metadata.Paddock = &cfapi.UploadExtras{DeleteBound: true}
	}
	return up
}

// sequenceJS increments the object of /BINDING/NAME, and reads all of them at /.
const sequenceJS = `
const at = (ns, name) => ns.get(ns.idFromName(name));
export default {
	async fetch(request, env) {
		const [, binding, name] = new URL(request.url).pathname.split("/");
		if (binding) return env[binding] ? at(env[binding], name).fetch(request) : new Response("no class", { status: 410 });
		const all = {};
		for (const [binding, ns] of Object.entries(env)) {
			all[binding] = ns && await Promise.all(["x", "y", "z"].map(async (name) => (await at(ns, name).fetch("http://object/")).json()));
		}
		return Response.json(all);
	},
};
class Base {
	constructor(state) { this.storage = state.storage; }
	async fetch(request) {
		let count = (await this.storage.get("count")) ?? 0;
		if (request.method === "POST") await this.storage.put("count", ++count);
		return Response.json({ Count: count, SQL: this.sql() });
	}
	sql() {
		try {
			return this.storage.sql.exec("SELECT 1 AS one").one().one === 1;
		} catch {
			return false;
		}
	}
}
`

var objectNames = []string{"x", "y", "z"}
