package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed project
var embedded embed.FS

// A project is a fresh copy of a Wrangler project, which a program may litter.
// The same sources run under all programs.
type project struct {
	name string
	dir  string
}

// counterProject is the counter of the Durable Objects documentation.
func (l *lab) counterProject() (project, error) {
	return l.copyProject("counter", os.DirFS(filepath.Join(l.root, "testdata", "counter")))
}

// throughputProject has a path for each kind of work.
func (l *lab) throughputProject() (project, error) {
	files, err := fs.Sub(embedded, "project")
	if err != nil {
		return project{}, err
	}
	return l.copyProject("bench", files)
}

func (l *lab) copyProject(name string, files fs.FS) (project, error) {
	dir, err := os.MkdirTemp(l.dir, name+"-")
	if err == nil {
		err = os.CopyFS(dir, files)
	}
	if err != nil {
		return project{}, fmt.Errorf("copy the project %s: %w", name, err)
	}
	return project{name: name, dir: dir}, nil
}

func (p project) main() string { return filepath.Join(p.dir, "src", "index.mjs") }

// counterText is in the answer of the counter's Worker to a request that
// names no object.
const counterText = "Select a Durable Object"

// An edit is the source of the counter, to be saved again and again with
// another version in its answer.
type edit struct {
	path    string
	source  string
	version int
}

func (p project) edit() (*edit, error) {
	source, err := os.ReadFile(p.main())
	if err != nil {
		return nil, err
	}
	if !strings.Contains(string(source), counterText) {
		return nil, errors.New("the counter's source has changed: it no longer answers " + strconv.Quote(counterText))
	}
	return &edit{path: p.main(), source: string(source)}, nil
}

// save writes the next version and returns what its answer begins with.
func (e *edit) save() (answer string, err error) {
	e.version++
	answer = fmt.Sprintf("Version %d: %s", e.version, counterText)
	return answer, os.WriteFile(e.path, []byte(strings.Replace(e.source, counterText, answer, 1)), 0o600)
}

// A renaming is the counter with one more rename of its class at each save.
type renaming struct {
	project
	source, config string
	names          int
}

func (p project) renaming() (*renaming, error) {
	source, err := os.ReadFile(p.main())
	if err != nil {
		return nil, err
	}
	config, err := os.ReadFile(p.config())
	if err == nil && (!strings.Contains(string(source), "class Counter") || !strings.Contains(string(config), `class_name = "Counter"`)) {
		err = errors.New("the counter's source or configuration has changed: its class is not called Counter")
	}
	return &renaming{project: p, source: string(source), config: string(config)}, err
}

func (p project) config() string { return filepath.Join(p.dir, "wrangler.toml") }

// save gives the class its next name.
func (n *renaming) save() error {
	from, to := "Counter", fmt.Sprintf("Counter%d", n.names+1)
	if n.names > 0 {
		from = fmt.Sprintf("Counter%d", n.names)
	}
	n.names++
	n.config += fmt.Sprintf("\n[[migrations]]\ntag = \"to-%s\"\nrenamed_classes = [{ from = %q, to = %q }]\n", to, from, to)
	config := strings.Replace(n.config, `class_name = "Counter"`, fmt.Sprintf("class_name = %q", to), 1)
	source := strings.Replace(n.source, "class Counter", "class "+to, 1)
	return errors.Join(os.WriteFile(n.project.config(), []byte(config), 0o600), os.WriteFile(n.main(), []byte(source), 0o600))
}

// engineConfig is what one writes by hand to run either project without
// paddock. Both call their class and binding the same.
const engineConfig = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "app", worker = .app), (name = "disk", disk = (path = %s, writable = true)) ],
  sockets = [ (name = "http", address = %s, http = (), service = "app") ],
);
const app :Workerd.Worker = (
  modules = [ (name = "index.mjs", esModule = embed "src/index.mjs") ],
  compatibilityDate = "2022-09-01",
  durableObjectNamespaces = [ (className = "Counter", uniqueKey = "bench-Counter") ],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [ (name = "COUNTER", durableObjectNamespace = "Counter") ],
);
`

// engineConfig writes the configuration for the bare engine and returns its
// path. The objects lie beside it.
func (p project) engineConfig(addr string) (string, error) {
	state := filepath.Join(p.dir, "state")
	if err := os.MkdirAll(state, 0o700); err != nil {
		return "", err
	}
	path := filepath.Join(p.dir, "workerd.capnp")
	text := fmt.Sprintf(engineConfig, strconv.Quote(state), strconv.Quote(addr))
	return path, os.WriteFile(path, []byte(text), 0o600)
}
