package local_test

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"paddock/internal/cfapi"
	"paddock/local"
)

func TestPublishedObjectsOutliveTheRuntime(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	first := open(t, dir)
	published := first.publish(counter("counter"))
	if got := first.count("counter", 3); got != "3" {
		t.Errorf("the third increment answers %q", got)
	}
	first.close()
	checkModes(t, dir)

	second := open(t, dir)
	second.wantBody("counter", "/", "3")
	if got := second.status().Scripts[0]; got.Version.ID != published.Version.ID || got.Script.MigrationTag != "v1" {
		t.Errorf("after a restart: version %s, tag %q", got.Version.ID, got.Script.MigrationTag)
	}
	if second.Token() != first.Token() {
		t.Error("the token of the control API has changed")
	}
}

// checkModes expects that nobody but the owner can read the state. The engine
// makes the objects' files by its own rules, in a folder of ours.
func checkModes(t *testing.T, dir string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		return
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("mode of %s is %v, want %v", path, got, want)
		}
		if d.Name() == "objects" {
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestPublishTellsWhatItFound(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	p := r.publish(counter("counter"))
	if !slices.Equal(p.Version.Handlers, []string{"fetch"}) || !slices.Equal(p.Version.Classes, []string{"Counter"}) {
		t.Errorf("handlers %v, classes %v", p.Version.Handlers, p.Version.Classes)
	}
	if p.Version.StartupTime <= 0 {
		t.Error("no startup time")
	}
	if len(p.Effects) != 1 || p.Effects[0].Kind != "create" || p.Effects[0].Key != r.namespace("counter", "Counter") {
		t.Errorf("effects %+v", p.Effects)
	}
	if p.Version.Bindings[0].Namespace != p.Effects[0].Key {
		t.Errorf("the binding is tied to namespace %q", p.Version.Bindings[0].Namespace)
	}
}

// The engine has services of its own beside the scripts, whose names must not
// be in the scripts' way: publishing "objects" once took the script down.
func TestScriptsMayHaveTheNamesOfServices(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	for _, name := range []string{"objects", "_", "9"} {
		r.publish(counter(name))
		r.wantBody(name, "/increment", "1")
	}
}

func TestModulesReachTheScript(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(upload("parts", `
import text from "./a.txt"; import data from "./b.bin"; import { deep } from "./lib/deep.js";
export default { fetch() { return new Response([text, data.byteLength, deep].join()); } };`,
		module("./a.txt", cfapi.TypeText, "text"), module("b.bin", cfapi.TypeData, "\x00\x01\x02"),
		module("lib/deep.js", cfapi.TypeESModule, `export const deep = "deep";`)))
	r.wantBody("parts", "/", "text,3,deep")
}

func TestScriptWithoutFetchHandlerIsAnswered(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(upload("classes", `export class Counter {}`, creates("Counter")))
	status, body, err := r.request(http.MethodGet, "classes", "/")
	if err != nil || status != http.StatusInternalServerError || !strings.Contains(body, "does not export a fetch() function") {
		t.Errorf("%d %q, %v", status, body, err)
	}
}

// looping is a script whose top level does not end.
const looping = `for (;;) {} export default { fetch() {} };`

func TestRefusals(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(counter("counter"))
	r.count("counter", 2)
	const hello = `export default { fetch() { return new Response("hello"); } };`
	tests := []struct {
		name   string
		upload local.Upload
		code   int
		want   string // within the message
	}{
		{"syntax error", upload("counter", "export default {};\nlet x = ;"), 10021, "SyntaxError: Unexpected token ';'\n  at index.js:2:"},
		{"throw", upload("counter", "\nthrow new Error('top-level trouble');"), 10021, "Error: top-level trouble\n  at index.js:2:7"},
		{"unknown import", upload("counter", `import "./nowhere.js"; `+hello), 10021, "nowhere.js"},
		{"unknown flag", upload("counter", hello, func(up *local.Upload) {
			up.Form.Metadata.CompatibilityFlags = []string{"no_such_flag"}
		}), 10021, "no_such_flag"},
		{"malformed date", upload("counter", hello, func(up *local.Upload) { up.Form.Metadata.CompatibilityDate = "yesterday" }), 10021, "yesterday"},
		{"nothing exported", upload("counter", "1;"), 10021, "No event handlers were registered. This script does nothing."},
		{"class not exported", upload("counter", hello, binds("Counter", "")), 10061, `"Counter", which the script does not export`},
		{"class lost", upload("counter", hello), 10064, "does not export class 'Counter'"},
		{"class without namespace", upload("counter", counterJS+"export class Other {}", binds("Other", "")), 10061, "'Other'"},
		{"foreign script", upload("counter", counterJS, binds("Counter", "nowhere")), 10061, `"nowhere"`},
		{"foreign class", upload("other", counterJS, binds("Wrong", "counter")), 10061, `"Wrong"`},
		{"binding type", upload("counter", counterJS, func(up *local.Upload) {
			up.Form.Metadata.Bindings = []cfapi.Binding{{Name: "KV", Type: "r2_bucket"}}
		}), 10026, `"r2_bucket"`},
		{"binding twice", upload("counter", counterJS, text("A", "1"), text("A", "2")), 10026, `"A"`},
		{"class name", upload("counter", counterJS, binds("no class", "")), 10026, `"no class"`},
		{"script name", upload("No.Name", hello), 10016, `"No.Name"`},
		{"name of the network", upload("internet", hello), 10016, `"internet" is taken`},
		{"long script name", upload(strings.Repeat("a", 64), hello), 10016, "at most 63"},
		{"migration tag", upload("counter", counterJS, binds("Counter", ""), migrates("v0", "v2")), 10079, "current tag is v1"},
		{"migration steps", upload("counter", counterJS, migrates("v1", "v2"), func(up *local.Upload) {
			up.Form.Metadata.Migrations.Steps = []byte(`[{"new_classes":7}]`)
		}), 10026, "wrong type"},
		{"service worker", upload("counter", "", func(up *local.Upload) {
			up.Form.Metadata.MainModule, up.Form.Metadata.BodyPart = "", "script"
		}), 10021, "service-worker"},
		{"no main module", upload("counter", counterJS, func(up *local.Upload) { up.Form.Metadata.MainModule = "main.js" }), 10026, `"main.js"`},
		{"main module unnamed", upload("counter", counterJS, func(up *local.Upload) { up.Form.Metadata.MainModule = "" }), 10026, "main module"},
		{"main module is text", upload("counter", counterJS, func(up *local.Upload) {
			up.Form.Parts[0].ContentType = cfapi.TypeText
		}), 10026, "not an ES module"},
		{"module type", upload("counter", counterJS, module("x", "image/png", "")), 10026, `"image/png"`},
		{"module twice", upload("counter", counterJS, module("./index.js", cfapi.TypeText, "")), 10026, `"index.js"`},
	}
	for _, name := range []string{"../x", "..", "/etc/x", "./../x", "a/../../x", ".", "", "nul\x00"} {
		tests = append(tests, struct {
			name   string
			upload local.Upload
			code   int
			want   string
		}{"module " + name, upload("counter", counterJS, module(name, cfapi.TypeText, "")), 10026, "module name"})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &rig{Runtime: r.Runtime, t: t, url: r.url, client: r.client}
			if got := r.refused(tt.upload, tt.code); !strings.Contains(got, tt.want) {
				t.Errorf("refused with %q, want %q", got, tt.want)
			}
			r.wantBody("counter", "/", "2")
		})
	}
	if files, err := os.ReadDir(filepath.Join(r.dir, "objects")); err != nil || len(files) != 1 {
		t.Errorf("objects holds %v, %v: want the namespace of counter alone", files, err)
	}
}

func TestEndlessLoopAtTopLevelIsRefused(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir(), func(o *local.Options) { o.StartDeadline = 2 * time.Second })
	r.publish(counter("counter"))
	if got := r.refused(upload("counter", looping), 10021); !strings.Contains(got, "did not finish loading") {
		t.Errorf("refused with %q", got)
	}
	r.wantBody("counter", "/increment", "1")
}

// Of what throws at top level the person who wrote it wants to see the source.
func TestRefusalNamesThePlaceInTheSource(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	got := r.refused(upload("thrower", "// line 1\n// line 2\nthrow new Error('mapped');", module("index.js.map", cfapi.TypeSourceMap, thirdLineMap)), 10021)
	if want := "Error: mapped\n  at src/index.ts:11:1"; !strings.Contains(got, want) {
		t.Errorf("refused with %q, want %q", got, want)
	}
	_, err := r.Publish(t.Context(), upload("counter", "// line 1\n// line 2\nthrow new Error('mapped');", module("index.js.map", cfapi.TypeSourceMap, thirdLineMap)))
	if refusal, ok := errors.AsType[*local.Refusal](err); !ok || refusal.Thrown.String() != "src/index.ts:11:1" {
		t.Errorf("refused with %#v", err)
	}
}

// thirdLineMap is a source map that maps line 3 of index.js to line 11 of
// src/index.ts.
const thirdLineMap = `{"version":3,"file":"index.js","sources":["../src/index.ts"],"names":[],"mappings":";;AAUA"}`

func TestClosedRuntimeRefuses(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(counter("counter"))
	r.close()
	r.close() // a second time, which does nothing
	if _, err := r.Publish(t.Context(), recount("counter", "2")); err != local.ErrClosed {
		t.Errorf("publish: %v, want ErrClosed", err)
	}
	if _, err := r.Status(t.Context()); err != local.ErrClosed {
		t.Errorf("status: %v, want ErrClosed", err)
	}
	// A gate that stayed closed would let the request wait for half a minute.
	status, _, err := r.request(http.MethodGet, "counter", "/")
	if err != nil || status != http.StatusServiceUnavailable {
		t.Errorf("request: %d, %v, want 503", status, err)
	}
}

func TestScriptURL(t *testing.T) {
	t.Parallel()
	for public, want := range map[string]string{
		"http://127.0.0.1:8788":   "http://counter.localhost:8788/",
		"https://localhost:40000": "https://counter.localhost:40000/",
	} {
		if got := local.ScriptURL(public, "counter"); got != want {
			t.Errorf("%s on %s, want %s", got, public, want)
		}
	}
}

// An upload that loops at its top level must not hold up the end of the
// runtime for the whole start deadline.
func TestCloseInterruptsACandidate(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir(), func(o *local.Options) { o.StartDeadline = time.Hour })
	published := make(chan error, 1)
	go func() {
		_, err := r.Publish(t.Context(), upload("loop", looping))
		published <- err
	}()
	eventually(t, "the candidate to run", func() bool {
		sockets, err := filepath.Glob(filepath.Join(r.dir, "run", "*"))
		return err == nil && len(sockets) > 0
	})
	r.close()
	if err := <-published; !errors.Is(err, local.ErrClosed) {
		t.Errorf("the publish ended with %v", err)
	}
}
