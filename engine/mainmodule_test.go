//go:build unix

package engine_test

import (
	"slices"
	"strings"
	"testing"

	"paddock/engine"
)

func TestReportNamesHandlersAndClasses(t *testing.T) {
	w := script("main", `
import { DurableObject, WorkerEntrypoint, WorkflowEntrypoint } from "cloudflare:workers";
console.log = () => {}; // the report must come through all the same
class Base extends DurableObject {}
export class Room extends Base {}
export class Api extends WorkerEntrypoint {}
export class Flow extends WorkflowEntrypoint {}
export class Plain { fetch() {} }
export const Wrapped = new Proxy(class extends Base {}, {});
export function Old() {}
Old.prototype.fetch = function () {};
export function helper() {}
export const arrow = () => {};
export const sub = { fetch() {} };
class Hidden extends DurableObject {} // declared, not exported
class App { fetch() {} async scheduled() {} get email() { throw new Error("touched"); } queue = async () => {}; helper() {} }
export default new App();
`)
	w.Namespaces = []engine.Namespace{{Class: "Hidden", Key: "k"}}
	w.CompatibilityDate = "2021-11-02"
	p := start(t, engine.Options{}, w)
	r := p.Report("main")
	if want := []string{"fetch", "scheduled", "queue"}; !slices.Equal(r.Handlers, want) {
		t.Errorf("handlers %q, want %q", r.Handlers, want)
	}
	wantClasses := []engine.Export{
		{Name: "Api", Kind: engine.KindEntrypoint}, {Name: "Flow", Kind: engine.KindWorkflow},
		{Name: "Old", Kind: engine.KindClass}, {Name: "Plain", Kind: engine.KindClass},
		{Name: "Room", Kind: engine.KindDurableObject}, {Name: "Wrapped", Kind: engine.KindDurableObject},
	}
	if !slices.Equal(r.Classes, wantClasses) {
		t.Errorf("classes %v, want %v", r.Classes, wantClasses)
	}
	wantOthers := []engine.Export{{Name: "arrow", Kind: "function"}, {Name: "helper", Kind: "function"}, {Name: "sub", Kind: "object"}}
	if !slices.Equal(r.Others, wantOthers) {
		t.Errorf("others %v, want %v", r.Others, wantOthers)
	}
	if !r.HasDefault {
		t.Error("the default export is missing")
	}
	// The engine only warns of a class that is declared but not exported.
	for class, want := range map[string]bool{"Hidden": false, "Api": false, "Room": true, "Plain": true} {
		if r.HasClass(class) != want {
			t.Errorf("HasClass(%q) = %v", class, !want)
		}
	}
}

func TestReportOfDefaultClassAndOfNone(t *testing.T) {
	class := script("class", `
import { WorkerEntrypoint } from "cloudflare:workers";
export default class extends WorkerEntrypoint { fetch() { return new Response("by class"); } scheduled() {} rpc() {} }`)
	none := script("none", `export class A {}`)
	p := start(t, engine.Options{}, class, none)
	if r := p.Report("class"); !r.HasDefault || !slices.Equal(r.Handlers, []string{"fetch", "scheduled"}) {
		t.Errorf("report of a class: %+v", r)
	}
	if r := p.Report("none"); r.HasDefault || len(r.Handlers) > 0 || !r.HasClass("A") {
		t.Errorf("report without default: %+v", r)
	}
	want(t, "answer", get(t, p, "class"), "by class")
}

// The generated main module must find the user's, wherever it lies, and must
// not stand in its way.
func TestGeneratedMainFindsTheUsersModules(t *testing.T) {
	for _, main := range []string{"index.js", "src/deep/worker.mjs", "main.js", "paddock/main.js", "paddock", "./x.js", `a b/ü"\%20?#.js`, "no-extension"} {
		for _, flag := range []string{"", "new_module_registry"} {
			w := script("main", "")
			w.Main = main
			dir := main[:strings.LastIndex(main, "/")+1]
			w.Modules = []engine.Module{
				{Name: dir + "dep.js", Kind: engine.ESModule, Content: []byte(`export const answer = "found";`)},
				{Name: main, Kind: engine.ESModule, Content: []byte(`import { answer } from "./dep.js";
export default { fetch() { return new Response(answer); } };`)},
			}
			if flag != "" {
				if strings.Contains(main, `\`) {
					continue // no path in a URL
				}
				w.CompatibilityFlags = []string{flag}
			}
			t.Run(main+" "+flag, func(t *testing.T) {
				p := start(t, engine.Options{Config: engine.Config{Experimental: true}}, w)
				want(t, "answer", get(t, p, "main"), "found")
			})
		}
	}
}

func TestUserErrorsKeepTheirPositions(t *testing.T) {
	p := start(t, engine.Options{}, answering("\n"+`return new Response(new Error("x").stack);`))
	want(t, "stack", get(t, p, "main"), "Error: x\n    at Object.fetch (index.js:2:21)")
}
