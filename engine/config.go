package engine

import (
	"encoding/json"
	"strconv"
)

// CFHeader is the request header whose JSON becomes request.cf. Whoever
// forwards requests to the engine must set it, or remove what a client sent:
// otherwise clients forge request.cf.
const CFHeader = "X-Paddock-CF"

// Config is what one engine process runs.
type Config struct {
	Workers      []Worker // at least one with a socket
	Disks        []Disk
	Assets       []Assets
	Experimental bool // allow the engine's experimental features
	Offline      bool // no worker reaches the network, which makes the start a tenth shorter
}

// A Worker is one script with everything it may use.
type Worker struct {
	Name               string // the service's name in this process
	Modules            []Module
	Main               string // the module with the handlers; "" is the first
	CompatibilityDate  string // one that is ahead of the engine runs as [UsableDate] says
	CompatibilityFlags []string
	Bindings           []Binding
	Namespaces         []Namespace // Durable Object classes that it implements
	Storage            string      // the disk that keeps their objects; "" is in memory
	Tail               *Tail
	Socket             bool            // gets a Unix socket of its own
	Front              string          // the service behind the socket, "" is the worker itself
	SocketProps        json.RawMessage // what its requests bring as ctx.props; nil for nothing
	Generated          bool            // is wrapped with the generated main module, and reports its exports
}

// mainName returns the name of the main module.
func (w Worker) mainName() string {
	if w.Main == "" && len(w.Modules) > 0 {
		return w.Modules[0].Name
	}
	return w.Main
}

// A Module is one file of a script.
type Module struct {
	Name    string // a relative path; imports between modules go by it
	Kind    ModuleKind
	Path    string // absolute path of the file with its content, or "":
	Content []byte // the content itself
}

// ModuleKind says what importing a module gives. The values are the engine's.
type ModuleKind string

// The kinds of modules.
const (
	ESModule       ModuleKind = "esModule"
	CommonJSModule ModuleKind = "commonJsModule"
	Text           ModuleKind = "text" // a string
	Data           ModuleKind = "data" // an ArrayBuffer
	Wasm           ModuleKind = "wasm" // a WebAssembly.Module
	JSON           ModuleKind = "json" // the parsed value

	// BuiltIn is a module of the engine's own, which Content names. It needs
	// Config.Experimental.
	BuiltIn ModuleKind = "bundled"
)

// known reports whether k is one of the kinds above.
func (k ModuleKind) known() bool {
	switch k {
	case ESModule, CommonJSModule, Text, Data, Wasm, JSON, BuiltIn:
		return true
	}
	return false
}

// A Namespace is a Durable Object class with the identity of its objects.
type Namespace struct {
	Class string
	Key   string // the name of the objects' folder, and part of every object's id
	SQL   bool   // whether storage.sql may be used
}

// Tail names the entrypoint of another worker that sees a worker's events as
// they happen. Props arrive there as ctx.props.
type Tail struct {
	Service    string
	Entrypoint string
	Props      json.RawMessage
}

// A Disk is a folder in which workers may keep their objects. A worker that
// binds it as a service reads and writes its files by GET, PUT and DELETE.
type Disk struct {
	Name string
	Path string // absolute; the folder must exist
}

// Assets is a folder of static files, served as the platform serves those of a
// script: a request gets a file, or goes to the worker behind. Files are looked
// for as requests arrive. It needs Config.Experimental.
type Assets struct {
	Name   string
	Path   string // absolute; the folder must exist
	Worker string // gets what no file answers, and all that is no request; "" if there is none

	// Config is an object with any of html_handling, not_found_handling,
	// base_path and run_worker_first, as in Wrangler's configuration, and of
	// headers, redirects and ignore, the texts of the files _headers,
	// _redirects and .assetsignore. The engine skips rules that it cannot read
	// and refuses everything else that is wrong.
	Config json.RawMessage

	// Without a worker these decide what depends on them.
	CompatibilityDate  string
	CompatibilityFlags []string
}

// AssetFiles is the entrypoint of a service of static files that serves files
// only, and never asks the worker.
const AssetFiles = "AssetWorker"

// socketName is the engine's name for the socket of the i-th worker. Workers'
// own names could hold the "=" that ends a name on the command line.
func socketName(i int) string { return "s" + strconv.Itoa(i) }
