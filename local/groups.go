package local

import (
	"cmp"
	"slices"
	"strings"

	"paddock/gateway"
	"paddock/local/store"
)

// world is what the runtime serves, read from the store at one moment.
type world struct {
	scripts    map[string]store.Deployed
	namespaces map[string]store.Namespace // by key
	resources  map[string]Resource        // by key
	consumed   map[string][]Resource      // the queues whose messages a script gets, by script
	handovers  []store.Handover           // transfers that wait for their other side
}

func newWorld(scripts []store.Deployed, namespaces []store.Namespace, resources []Resource) world {
	w := world{scripts: map[string]store.Deployed{}, namespaces: map[string]store.Namespace{}, resources: map[string]Resource{}, consumed: map[string][]Resource{}}
	for _, d := range scripts {
		w.scripts[d.Script.Name] = d
	}
	for _, n := range namespaces {
		w.namespaces[n.Key] = n
	}
	for _, res := range resources {
		w.resources[res.Key] = res
		if c := res.Consumer; c != nil {
			w.consumed[c.Script] = append(w.consumed[c.Script], res)
		}
	}
	return w
}

// with returns the world as it is with other namespaces.
func (w world) with(namespaces []store.Namespace) world {
	w.namespaces = newWorld(nil, namespaces, nil).namespaces
	return w
}

// owned returns the namespaces of a script, by class.
func (w world) owned(script string) []store.Namespace {
	var list []store.Namespace
	for _, n := range w.namespaces {
		if n.Script == script {
			list = append(list, n)
		}
	}
	slices.SortFunc(list, func(a, b store.Namespace) int { return strings.Compare(a.Class, b.Class) })
	return list
}

// bindings returns the bindings of all versions of a script that serve
// requests.
func (w world) bindings(script string) []store.Binding {
	var list []store.Binding
	for _, v := range w.scripts[script].Versions() {
		list = append(list, v.Bindings...)
	}
	return list
}

// splits returns how the requests to scripts with two versions are divided.
func (w world) splits() map[string]*gateway.Split {
	splits := map[string]*gateway.Split{}
	for name, d := range w.scripts {
		if d.Other == nil {
			continue
		}
		s := &gateway.Split{Percentage: d.Deployment.Percentage}
		for i, v := range d.Versions() {
			s.Versions[i] = gateway.SplitVersion{ID: v.ID, Endpoint: serviceName(v, i == 0)}
		}
		if d.Other.Number > d.Version.Number { // a newer one that gets no requests
			s.Versions[0], s.Versions[1] = s.Versions[1], s.Versions[0]
			s.Percentage = 100 - s.Percentage
		}
		splits[name] = s
	}
	return splits
}

// groups parts the scripts into those that must share an engine: the
// connected components of "binds to" and "uses the same resource as". The names
// in a group and the groups themselves are sorted.
func (w world) groups() [][]string {
	parent := map[string]string{}
	var find func(string) string
	find = func(s string) string {
		if p := parent[s]; p != s {
			parent[s] = find(p)
		}
		return parent[s]
	}
	for name := range w.scripts {
		parent[name] = name
	}
	user := map[string]string{} // of each resource, one that was met before
	for name := range w.scripts {
		for _, b := range w.bindings(name) {
			if other := w.neighbour(b); parent[other] != "" {
				parent[find(name)] = find(other)
			}
		}
		for _, key := range w.uses(name) {
			user[key] = cmp.Or(user[key], name)
			parent[find(name)] = find(user[key])
		}
	}
	members := map[string][]string{}
	for name := range w.scripts {
		root := find(name)
		members[root] = append(members[root], name)
	}
	var list [][]string
	for _, m := range members {
		slices.Sort(m)
		list = append(list, m)
	}
	slices.SortFunc(list, slices.Compare)
	return list
}

// neighbour returns the script that a binding leads to, "" if it leads to none.
func (w world) neighbour(b store.Binding) string {
	if b.Service != "" {
		return b.Service
	}
	return w.namespaces[b.Namespace].Script
}

// groupKey names a group by its members.
func groupKey(scripts []string) string { return strings.Join(scripts, ",") }
