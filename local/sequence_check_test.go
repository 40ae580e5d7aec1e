package local_test

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/go-cmp/cmp"

	"paddock/local"
)

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
