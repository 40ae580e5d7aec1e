package local_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"paddock/internal/cfapi"
	"paddock/local"
	"paddock/migrate"
)

// How much [TestRandomSequences] does.
var (
	sequences    = flag.Int("sequences", 8, "random sequences of changes")
	sequenceSeed = flag.Uint64("sequence-seed", rand.Uint64(), "of the random sequences of changes")
)

// movesOf is how long a sequence is.
const movesOf = 25

// Random sequences of migrations, publishes, writes, rollbacks, restores,
// deletions and restarts, against a model. After each move the table of
// namespaces, the trash and the groups are the model's, and every increment
// that was acknowledged is read through every binding that should reach it. A
// move is refused if, and with a code for which, the model refuses it. Ten
// minutes of it, for a person:
//
//	go test ./local -run RandomSequences -timeout 0 -sequences 1000
func TestRandomSequences(t *testing.T) {
	t.Parallel()
	t.Logf("-sequence-seed %d", *sequenceSeed)
	total := &tally{}
	t.Cleanup(func() { t.Logf("%d sequences: %s", *sequences, total) })
	for n := range *sequences {
		t.Run(fmt.Sprintf("%04d", n), func(t *testing.T) {
			t.Parallel()
			s := &sequence{
				rig: open(t, t.TempDir()), total: total, random: rand.New(rand.NewPCG(*sequenceSeed, uint64(n))),
				model: model{scripts: map[string]*modelScript{}},
			}
			defer func() {
				if t.Failed() {
					t.Logf("-sequence-seed %d, after:\n%s", *sequenceSeed, strings.Join(s.moves, "\n"))
				}
			}()
			for n := range movesOf {
				if n < 2 {
					s.publish(s.propose())
				} else {
					s.move()
				}
				s.check()
			}
			s.bindAll()
			s.check()
		})
	}
}

// A sequence is a runtime and the model of it.
type sequence struct {
	*rig
	total  *tally
	random *rand.Rand
	model  model
	moves  []string // that were made, for whoever has to look into a failure
	tags   int
}

// A tally counts what all sequences have done.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
}

func (t *tally) add(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = map[string]int{}
	}
	t.counts[what]++
}

func (t *tally) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []string
	for _, what := range sortedKeys(t.counts) {
		list = append(list, fmt.Sprintf("%s %d", what, t.counts[what]))
	}
	return strings.Join(list, ", ")
}

// move makes one random move.
func (s *sequence) move() {
	s.t.Helper()
	moves := []struct {
		weight int
		do     func()
	}{
		{10, func() { s.publish(s.propose()) }}, {8, s.write}, {3, s.rollback}, {4, s.restore}, {1, s.deleteSome}, {1, s.restart},
	}
	at := s.random.IntN(27)
	for _, m := range moves {
		if at -= m.weight; at < 0 {
			m.do()
			return
		}
	}
}

func (s *sequence) noted(format string, args ...any) {
	s.moves = append(s.moves, fmt.Sprintf(format, args...))
}

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

// check holds what the runtime says and serves against the model.
func (s *sequence) check() {
	s.t.Helper()
	status := s.status()
	s.learnKeys(status)
	classes, scripts := map[label]string{}, []string{}
	for _, script := range status.Scripts {
		scripts = append(scripts, fmt.Sprintf("%s at %q, version %d", script.Script.Name, script.Script.MigrationTag, script.Version.Number))
		for _, n := range script.Classes {
			classes[label{n.Script, n.Class}] = fmt.Sprint(n.Key, n.SQLite)
		}
	}
	var groups [][]string
	for _, g := range status.Groups {
		groups = append(groups, g.Scripts)
	}
	trash, err := s.Trash(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	var trashed []string
	for _, n := range trash {
		trashed = append(trashed, n.Key)
	}
	slices.Sort(trashed)
	s.wantSame("scripts", s.model.describeScripts(), scripts)
	s.wantSame("classes", s.model.describeClasses(), classes)
	s.wantSame("groups", s.model.groups(), groups)
	s.wantSame("trash", s.model.trashedKeys(), trashed)
	s.wantFolders()
	for _, script := range sortedKeys(s.model.scripts) {
		var got map[string][]reading
		if err := json.Unmarshal([]byte(s.get(script, "/")), &got); err != nil {
			s.t.Fatal(err)
		}
		s.wantSame("what "+script+" reads", s.model.readings(script), got)
	}
	if s.t.Failed() {
		s.t.FailNow()
	}
}

func (s *sequence) wantSame(what string, want, got any) {
	s.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Errorf("%s (-model +runtime):\n%s", what, diff)
	}
}

// learnKeys takes over the keys of namespaces that were just made.
func (s *sequence) learnKeys(status local.Status) {
	s.t.Helper()
	labels, known := s.model.live(), map[string]bool{}
	for _, c := range s.model.classes {
		known[c.key] = true
	}
	for _, script := range status.Scripts {
		for _, n := range script.Classes {
			c := labels[label{n.Script, n.Class}]
			if c == nil || c.key != "" {
				continue
			}
			if c.key = n.Key; known[n.Key] {
				s.t.Errorf("%v has the key of another namespace", c.label)
			}
		}
	}
}

// A reading is what an object says of itself.
type reading struct {
	Count int
	SQL   bool
}

// readings is what a script should read through each of its bindings, nil
// where the class is deleted.
func (m *model) readings(script string) map[string][]reading {
	all := map[string][]reading{}
	for binding, c := range m.scripts[script].inForce.bindings {
		all[binding] = nil
		for _, name := range objectNames {
			if !c.deleted {
				all[binding] = append(all[binding], reading{c.counts[name], c.sql})
			}
		}
	}
	return all
}

func (m *model) describeScripts() []string {
	list := []string{}
	for _, name := range sortedKeys(m.scripts) {
		s := m.scripts[name]
		list = append(list, fmt.Sprintf("%s at %q, version %d", name, s.tag, s.inForce.number))
	}
	return list
}

func (m *model) describeClasses() map[label]string {
	classes := map[label]string{}
	for l, c := range m.live() {
		classes[l] = fmt.Sprint(c.key, c.sql)
	}
	return classes
}

func (m *model) trashedKeys() []string {
	var keys []string
	for _, c := range m.trash() {
		keys = append(keys, c.key)
	}
	slices.Sort(keys)
	return keys
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

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// pick returns one of a list, if there is any.
func pick[T any](random *rand.Rand, list []T) (one T, ok bool) {
	if len(list) == 0 {
		return one, false
	}
	return list[random.IntN(len(list))], true
}
