package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// validate finds what the engine would take without a word and regret later,
// or refuse in terms that name none of our things. It returns all problems.
func (c Config) validate() error {
	v := validator{services: map[string]bool{"internet": true, healthService: true}, disks: map[string]bool{}, keys: map[string]string{}}
	for _, d := range c.Disks {
		v.service(d.Name)
		v.disks[d.Name] = true
		if !filepath.IsAbs(d.Path) {
			v.failf("disk %q: path %q is not absolute", d.Name, d.Path)
		}
	}
	for _, a := range c.Assets {
		v.service(a.Name)
		v.assets(a, c.Experimental)
	}
	sockets := 0
	for _, w := range c.Workers {
		v.service(w.Name)
		v.worker(w)
		v.builtIn(w, c.Experimental)
		if w.Socket {
			sockets++
		}
	}
	for _, w := range c.Workers {
		if w.Front != "" && !v.services[w.Front] {
			v.failf("worker %q: there is no service %q for its socket", w.Name, w.Front)
		}
	}
	if sockets == 0 {
		v.failf("no worker has a socket, so nobody could ask for anything")
	}
	return errors.Join(v.problems...)
}

type validator struct {
	services map[string]bool
	disks    map[string]bool
	keys     map[string]string // namespace key -> who has it
	problems []error
}

func (v *validator) failf(format string, args ...any) {
	v.problems = append(v.problems, fmt.Errorf(format, args...))
}

func (v *validator) service(name string) {
	if name == "" {
		v.failf("a worker or disk has no name")
	} else if v.services[name] {
		v.failf("two services are named %q", name)
	}
	v.services[name] = true
}

func (v *validator) worker(w Worker) {
	v.modules(w)
	bound := map[string]bool{}
	for _, b := range w.Bindings {
		if b.name == "" || bound[b.name] {
			v.failf("worker %q: binding name %q is empty or used twice", w.Name, b.name)
		}
		bound[b.name] = true
		if b.kind == "json" && !json.Valid([]byte(b.text)) {
			v.failf("worker %q: the value of binding %q is not JSON", w.Name, b.name)
		}
		v.props(w, b.dest)
	}
	if w.Tail != nil {
		v.props(w, *w.Tail)
	}
	v.props(w, Tail{Service: w.Name, Props: w.SocketProps})
	if w.Storage != "" && !v.disks[w.Storage] {
		v.failf("worker %q: there is no disk %q", w.Name, w.Storage)
	}
	classes := map[string]bool{}
	for _, n := range w.Namespaces {
		if classes[n.Class] {
			v.failf("worker %q: class %q has two namespaces", w.Name, n.Class)
		}
		classes[n.Class] = true
		v.namespace(fmt.Sprintf("worker %q, class %q", w.Name, n.Class), n.Key)
	}
}

// builtIn checks the modules that are the engine's own.
func (v *validator) builtIn(w Worker, experimental bool) {
	for _, m := range w.Modules {
		if m.Kind != BuiltIn {
			continue
		}
		if !experimental {
			v.failf("worker %q: module %q is built into the engine, which needs its experimental features", w.Name, m.Name)
		}
		if m.Path != "" {
			v.failf("worker %q: module %q is built into the engine and cannot be a file", w.Name, m.Name)
		}
	}
}

func (v *validator) assets(a Assets, experimental bool) {
	if !experimental {
		v.failf("assets %q: the engine has them among its experimental features", a.Name)
	}
	if !filepath.IsAbs(a.Path) {
		v.failf("assets %q: path %q is not absolute", a.Name, a.Path)
	}
	if object := map[string]any(nil); len(a.Config) > 0 && json.Unmarshal(a.Config, &object) != nil {
		v.failf("assets %q: the configuration is no JSON object", a.Name)
	}
}

func (v *validator) props(w Worker, t Tail) {
	if len(t.Props) > 0 && !json.Valid(t.Props) {
		v.failf("worker %q: the props for service %q are not JSON", w.Name, t.Service)
	}
}

// namespace checks a key. It is the name of a folder, and the engine aborts on
// one with a slash. A key that is used twice it does not notice at all: two
// classes would open the same files, lose acknowledged writes and run alarms
// twice.
func (v *validator) namespace(owner, key string) {
	const longest = 255 // bytes in a file name
	if key == "" || key == "." || key == ".." || len(key) > longest || strings.ContainsAny(key, "/\\\x00") {
		v.failf("%s: namespace key %q is not a plain file name", owner, key)
		return
	}
	// Some file systems take upper for lower case.
	folded := strings.ToLower(key)
	if other, ok := v.keys[folded]; ok {
		v.failf("%s: namespace key %q belongs to %s already", owner, key, other)
		return
	}
	v.keys[folded] = owner
}

func (v *validator) modules(w Worker) {
	names := map[string]bool{}
	for _, m := range w.Modules {
		clean := path.Clean(m.Name)
		if names[clean] {
			v.failf("worker %q: two modules are named %q", w.Name, m.Name)
		}
		names[clean] = true
		// The engine looks modules up under a folder that has nothing above.
		if m.Name == "" || path.IsAbs(m.Name) || clean == "." || clean == ".." ||
			strings.HasPrefix(clean, "../") || strings.ContainsRune(m.Name, 0) {
			v.failf("worker %q: module name %q is not a relative path within the script", w.Name, m.Name)
		}
		if !m.Kind.known() {
			v.failf("worker %q: module %q has the unknown kind %q", w.Name, m.Name, m.Kind)
		}
		if m.Path != "" && !filepath.IsAbs(m.Path) {
			v.failf("worker %q: the path %q of module %q is not absolute", w.Name, m.Path, m.Name)
		}
	}
	if !slices.ContainsFunc(w.Modules, func(m Module) bool { return m.Name == w.mainName() }) {
		v.failf("worker %q: the main module %q is not among its modules", w.Name, w.mainName())
	}
}
