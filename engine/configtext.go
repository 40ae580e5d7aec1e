package engine

import (
	"cmp"
	"strings"
)

// text returns the configuration in the engine's language. reportToken starts
// the line on stdout with which a generated main module reports; healthDir is
// the folder behind the health socket.
func (c Config) text(reportToken, healthDir string) string {
	var services, sockets []string
	for i, w := range c.Workers {
		services = append(services, workerService(w, reportToken))
		if w.Socket {
			sockets = append(sockets, serviceSocket(socketName(i), Tail{Service: cmp.Or(w.Front, w.Name), Props: w.SocketProps}, CFHeader))
		}
	}
	for _, d := range c.Disks {
		services = append(services, diskService(d.Name, d.Path, true))
	}
	for _, a := range c.Assets {
		services = append(services, assetsService(a))
	}
	services = append(services, internetService(c.Offline), diskService(healthService, healthDir, false))
	sockets = append(sockets, serviceSocket(healthSocket, Tail{Service: healthService}, ""))
	var config capnpStruct
	config.setList("services", services)
	config.setList("sockets", sockets)
	var b strings.Builder
	b.WriteString("using Workerd = import \"/workerd/workerd.capnp\";\n")
	b.WriteString("const config :Workerd.Config = " + config.String() + ";\n")
	return b.String()
}

// internetService is where the global fetch() leads. Private addresses are
// allowed, which they are not by default, as a script in development talks to
// services on its own machine. Offline it leads nowhere; the service is there
// all the same, as the engine would add one of its own and, for that, read some
// hundred certificates.
func internetService(offline bool) string {
	if offline {
		return `(name = "internet", network = (allow = []))`
	}
	return `(name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true)))`
}

func diskService(name, path string, writable bool) string {
	var disk, service capnpStruct
	disk.setString("path", path)
	if writable {
		disk.set("writable", "true")
	}
	service.setString("name", name)
	service.set("disk", disk.String())
	return service.String()
}

func assetsService(a Assets) string {
	var assets, service capnpStruct
	assets.setString("path", a.Path)
	assets.setOptional("config", string(a.Config))
	assets.setOptional("userWorker", a.Worker)
	if a.Worker == "" {
		assets.setString("compatibilityDate", UsableDate(a.CompatibilityDate))
		assets.setList("compatibilityFlags", capnpStrings(a.CompatibilityFlags))
	}
	service.setString("name", a.Name)
	service.set("assets", assets.String())
	return service.String()
}

// serviceSocket has no address: the socket is inherited, see listenSockets.
func serviceSocket(name string, service Tail, cfHeader string) string {
	var http, socket capnpStruct
	http.setOptional("cfBlobHeader", cfHeader)
	socket.setString("name", name)
	socket.set("http", http.String())
	socket.set("service", designatorText(service))
	return socket.String()
}

func workerService(w Worker, reportToken string) string {
	var worker, service capnpStruct
	modules := w.Modules
	if w.Generated {
		modules = append(generatedModules(w, reportToken), modules...)
	} else {
		modules = mainFirst(modules, w.mainName())
	}
	worker.setList("modules", mapped(modules, moduleText))
	worker.setString("compatibilityDate", UsableDate(w.CompatibilityDate))
	worker.setList("compatibilityFlags", capnpStrings(w.CompatibilityFlags))
	worker.setList("bindings", mapped(w.Bindings, bindingText))
	worker.setList("durableObjectNamespaces", mapped(w.Namespaces, namespaceText))
	if len(w.Namespaces) > 0 {
		worker.set("durableObjectStorage", storageText(w.Storage))
	}
	if w.Tail != nil {
		worker.setList("streamingTails", []string{designatorText(*w.Tail)})
	}
	service.setString("name", w.Name)
	service.set("worker", worker.String())
	return service.String()
}

// mainFirst moves the main module to the front, where the engine expects it.
func mainFirst(modules []Module, name string) []Module {
	first := make([]Module, 0, len(modules))
	var rest []Module
	for _, m := range modules {
		if m.Name == name {
			first = append(first, m)
		} else {
			rest = append(rest, m)
		}
	}
	return append(first, rest...)
}

// moduleText writes contents that are given inline as literals. For a module
// of 1 MB they cost the start 10 to 15 ms over an embedded file.
func moduleText(m Module) string {
	content := capnpEmbed(m.Path)
	if m.Path == "" {
		content = capnpString(string(m.Content))
	}
	var s capnpStruct
	s.setString("name", m.Name)
	s.set(string(m.Kind), content)
	return s.String()
}

func namespaceText(n Namespace) string {
	var s capnpStruct
	s.setString("className", n.Class)
	s.setString("uniqueKey", n.Key)
	if n.SQL {
		s.set("enableSql", "true")
	}
	return s.String()
}

func storageText(disk string) string {
	if disk == "" {
		return "(inMemory = void)"
	}
	return "(localDisk = " + capnpString(disk) + ")"
}

func bindingText(b Binding) string {
	var s capnpStruct
	s.setString("name", b.name)
	switch b.kind {
	case "service", "kvNamespace", "queue":
		s.set(b.kind, designatorText(b.dest))
	case "wrapped":
		s.set(b.kind, wrappedText(b))
	case "durableObjectNamespace":
		var ns capnpStruct
		ns.setString("className", b.class)
		ns.setOptional("serviceName", b.dest.Service)
		s.set(b.kind, ns.String())
	default:
		s.setString(b.kind, b.text)
	}
	return s.String()
}

// wrappedText has a module of the engine's own make an object of the service.
func wrappedText(b Binding) string {
	var inner, wrapped capnpStruct
	inner.setString("name", "fetcher")
	inner.set("service", designatorText(b.dest))
	wrapped.setString("moduleName", b.text)
	wrapped.setList("innerBindings", []string{inner.String()})
	return wrapped.String()
}

func designatorText(t Tail) string {
	var s capnpStruct
	s.setString("name", t.Service)
	s.setOptional("entrypoint", t.Entrypoint)
	if len(t.Props) > 0 {
		var props capnpStruct
		props.setString("json", string(t.Props))
		s.set("props", props.String())
	}
	return s.String()
}

func mapped[T any](list []T, text func(T) string) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = text(v)
	}
	return out
}
