package control

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"paddock/internal/cfapi"
)

// counting is a script with a class whose objects count; %s is the class.
const counting = `
import { DurableObject } from "cloudflare:workers";
export class %[1]s extends DurableObject {
	async fetch() {
		const n = (await this.ctx.storage.get("n") ?? 0) + 1;
		await this.ctx.storage.put("n", n);
		return new Response("%[1]s " + n);
	}
}
export default { fetch: (request, env) => env.C.get(env.C.idFromName("a")).fetch(request) };`

func (h *house) deployments(script string) []cfapi.Deployment {
	h.t.Helper()
	var list cfapi.Deployments
	a := h.call("GET", account+"/workers/scripts/"+script+"/deployments", "").want(h.t, 200, 0)
	if err := json.Unmarshal(a.result, &list); err != nil {
		h.t.Fatal(err)
	}
	return list.Deployments
}

// tag returns the applied migration tag of a script that exists.
func (h *house) tag(script string) string {
	h.t.Helper()
	service, err := h.client.Service(h.t.Context(), script)
	if err != nil {
		h.t.Fatal(err)
	}
	if service.DefaultEnvironment.Script == nil {
		h.t.Fatal("default_environment.script is missing")
	}
	return service.DefaultEnvironment.Script.MigrationTag
}

// The seed's counter: nothing is there, it is shipped, it counts.
func TestPublishCounter(t *testing.T) {
	h := newHouse(t)
	h.call("GET", account+"/workers/services/counter", "").want(t, 404, cfapi.CodeServiceNotFound)
	h.call("GET", account+"/workers/scripts/counter/deployments", "").want(t, 404, cfapi.CodeScriptNotFound)
	if a := h.call("GET", account+"/workers/scripts", "").want(t, 200, 0); string(a.result) != "[]" {
		t.Errorf("list of no scripts: %s", a.result)
	}
	code, err := os.ReadFile("../../testdata/counter/src/index.mjs")
	if err != nil {
		t.Fatal(err)
	}
	f := form(string(code), binds("COUNTER", "Counter", ""), migrations("", "v1", `[{"new_classes":["Counter"]}]`))
	up := h.publish("counter", f)
	if up.ID != "counter" || up.MigrationTag != "v1" || up.StartupTimeMS <= 0 || len(up.DeploymentID) != 36 {
		t.Errorf("upload: %+v", up)
	}
	for n := range 3 {
		h.says("counter", "/increment?name=A", fmt.Sprintf("Durable Object 'A' count: %d", n+1))
	}

	service, err := h.client.Service(t.Context(), "counter")
	if err != nil {
		t.Fatal(err)
	}
	s := service.DefaultEnvironment.Script
	if service.ID != "counter" || service.DefaultEnvironment.Environment != "production" || len(service.Environments) != 1 || s == nil {
		t.Fatalf("service: %+v", service)
	}
	if s.MigrationTag != "v1" || len(s.Tag) != 32 || len(s.ETag) != 64 || s.LastDeployedFrom != "wrangler" || s.CompatibilityDate != "2024-09-01" ||
		!slices.Equal(s.Handlers, []string{"fetch"}) || !wellFormed(s.CreatedOn) || !wellFormed(s.ModifiedOn) ||
		len(s.NamedHandlers) != 1 || s.NamedHandlers[0].Name != "Counter" || !slices.Equal(s.NamedHandlers[0].Handlers, []string{"class"}) {
		t.Errorf("script: %+v", s)
	}
	var list []cfapi.Script
	a := h.call("GET", account+"/workers/scripts", "").want(t, 200, 0)
	if err := json.Unmarshal(a.result, &list); err != nil || len(list) != 1 || list[0].ID != "counter" || list[0].Tag != s.Tag {
		t.Errorf("list: %v %s", err, a.result)
	}
	if bytes.Contains(a.result, []byte("null")) {
		t.Errorf("a list is null: %s", a.result)
	}

	// Once more, with the steps that are done left out: the objects stay.
	f.Metadata.Migrations = nil
	f.Metadata.Annotations = map[string]string{cfapi.AnnotationMessage: "again"}
	again := h.publish("counter", f)
	if again.DeploymentID == up.DeploymentID || again.MigrationTag != "v1" || again.Tag != s.Tag || again.CreatedOn != s.CreatedOn {
		t.Errorf("second upload %+v, after %+v", again, s)
	}
	h.says("counter", "/increment?name=A", "Durable Object 'A' count: 4")

	deployments := h.deployments("counter")
	if len(deployments) != 2 {
		t.Fatalf("deployments: %+v", deployments)
	}
	for i, version := range []string{again.DeploymentID, up.DeploymentID} { // the newest first
		d := deployments[i]
		if len(d.Versions) != 1 || d.Versions[0].VersionID != version || d.Versions[0].Percentage != 100 ||
			d.Strategy != "percentage" || d.Source != "wrangler" || d.ID == "" || !wellFormed(d.CreatedOn) {
			t.Errorf("deployment %d: %+v, want version %s", i, d, version)
		}
	}
	if deployments[0].Annotations[cfapi.AnnotationMessage] != "again" || deployments[1].Annotations[cfapi.AnnotationTriggeredBy] != "upload" || deployments[0].CreatedOn <= deployments[1].CreatedOn {
		t.Errorf("deployments: %+v", deployments)
	}
}

func TestSource(t *testing.T) {
	for agent, want := range map[string]string{
		"wrangler/4.164.0": "wrangler", "paddock/0.1": "paddock", "Terraform/1.9 x": "terraform", "curl/8": "api", "": "api",
	} {
		if got := source(&http.Request{Header: http.Header{"User-Agent": {agent}}}); got != want {
			t.Errorf("source of %q = %q, want %q", agent, got, want)
		}
	}
}

// The refusals of migrations and bindings come through with Cloudflare's codes,
// and none of them changes anything.
func TestPublishRefusals(t *testing.T) {
	h := newHouse(t)
	c := fmt.Sprintf(counting, "C")
	h.publish("s", form(c, binds("C", "C", ""), migrations("", "v1", `[{"new_classes":["C"]}]`)))
	h.says("s", "/", "C 1")
	before := h.deployments("s")

	both := strings.Replace(c, "export default", "export class D extends DurableObject {}\nexport default", 1)
	for _, tt := range []struct {
		name   string
		script string // "s" if it is empty
		form   cfapi.Form
		status int // 400 if it is 0
		code   int
		text   string
	}{
		{name: "tag of another state", form: form(both, binds("C", "C", ""), migrations("v0", "v2", `[{"new_classes":["D"]}]`)), status: 412, code: 10079, text: "v1"},
		{name: "sent again", form: form(c, binds("C", "C", ""), migrations("", "v1", `[{"new_classes":["C"]}]`)), status: 412, code: 10079},
		{name: "no new tag", form: form(both, migrations("v1", "", `[{"new_classes":["D"]}]`)), status: 412, code: 10079},
		{name: "new class that exists", form: form(c, binds("C", "C", ""), migrations("v1", "v2", `[{"new_classes":["C"]}]`)), code: 10074, text: "'C'"},
		{name: "delete of an unknown class", form: form(c, binds("C", "C", ""), migrations("v1", "v2", `[{"deleted_classes":["X"]}]`)), code: 10074, text: "'X'"},
		{name: "second step fails", form: form(both, binds("C", "C", ""), migrations("v1", "v2", `[{"new_classes":["D"]},{"renamed_classes":[{"from":"X","to":"Y"}]}]`)), code: 10074, text: "'X'"},
		{name: "delete of a bound class", form: form(c, binds("C", "C", ""), migrations("v1", "v2", `[{"deleted_classes":["C"]}]`)), code: 10061,
			text: "Cannot apply --delete-class migration to class C without also removing the binding that references it"},
		{name: "binding without namespace", form: form(both, binds("D", "D", "")), code: 10061, text: "'D'"},
		{name: "binding without export", form: form(c, binds("D", "D", "")), code: 10061, text: `"D"`},
		{name: "binding to no script", form: form(c, binds("D", "D", "nowhere")), code: 10061, text: `"nowhere"`},
		{name: "binding to no class of a script", script: "other", form: form(c, binds("D", "D", "s")), code: 10061, text: `"D"`},
		{name: "new class not exported", form: form(c, binds("C", "C", ""), migrations("v1", "v2", `[{"new_classes":["D"]}]`)), code: 10070, text: "'D'"},
		{name: "export lost", form: form(`export default { fetch: () => new Response("x") };`), code: 10064, text: "'C'"},
		{name: "directive of the wrong type", form: form(c, migrations("v1", "v2", `[{"new_classes":"D"}]`)), code: 10026},
		{name: "syntax error", form: form("export default {};\nlet = 3 3;"), code: 10021, text: "SyntaxError"},
		{name: "throw at top level", form: form("\nthrow new Error('at the top');"), code: 10021, text: "index.js:2:7"},
		{name: "nothing to do", form: form("export default {};"), code: 10021, text: "No event handlers were registered. This script does nothing."},
		{name: "bad name", script: "Bad Name!", form: form(c), code: 10016, text: `"Bad Name!"`},
		{name: "unknown binding type", form: form(c, func(m *cfapi.Metadata) { m.Bindings = []cfapi.Binding{{Name: "K", Type: "r2_bucket"}} }), code: 10026, text: "r2_bucket"},
		{name: "service worker", form: form(c, func(m *cfapi.Metadata) { m.MainModule, m.BodyPart = "", "index.js" }), code: 10021, text: "service-worker"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := h.client.PutScript(t.Context(), cmp.Or(tt.script, "s"), tt.form)
			if !cfapi.HasCode(err, tt.code) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got %v; want code %d and %q", err, tt.code, tt.text)
			}
			if api, ok := err.(*cfapi.APIError); ok && api.Status != cmp.Or(tt.status, 400) {
				t.Errorf("status %d, want %d", api.Status, cmp.Or(tt.status, 400))
			}
			// With this word in a 10021 Wrangler goes off and profiles the worker.
			if err != nil && strings.Contains(err.Error(), "startup") {
				t.Errorf("%v has the word \"startup\"", err)
			}
		})
	}
	if got := h.tag("s"); got != "v1" {
		t.Errorf("the tag has become %q", got)
	}
	if after := h.deployments("s"); len(after) != len(before) {
		t.Errorf("a refused upload was deployed: %+v", after)
	}
	h.call("GET", account+"/workers/services/other", "").want(t, 404, cfapi.CodeServiceNotFound)
	h.says("s", "/", "C 2")
}

// A rename moves the label, not the data.
func TestPublishRename(t *testing.T) {
	h := newHouse(t)
	h.publish("s", form(fmt.Sprintf(counting, "Old"), binds("C", "Old", ""), migrations("", "v1", `[{"new_sqlite_classes":["Old"]}]`)))
	h.says("s", "/", "Old 1")
	h.publish("s", form(fmt.Sprintf(counting, "New"), binds("C", "New", ""), migrations("v1", "v3", `[{},{"renamed_classes":[{"from":"Old","to":"New"}]}]`)))
	h.says("s", "/", "New 2")
	if got := h.tag("s"); got != "v3" {
		t.Errorf("tag %q, want v3", got)
	}
}

// Bodies that are no upload are the client's fault, whatever is wrong.
func TestMalformedForms(t *testing.T) {
	h := newHouse(t)
	const boundary = "multipart/form-data; boundary=b"
	part := func(head, body string) string {
		return "--b\r\nContent-Disposition: form-data; " + head + "\r\n\r\n" + body + "\r\n"
	}
	module := part(`name="m.js"; filename="m.js"`, "export default {}")
	for _, tt := range []struct{ name, contentType, body string }{
		{"no content type", "", "x"},
		{"JSON", "application/json", "{}"},
		{"no boundary", "multipart/form-data", module + "--b--"},
		{"empty", boundary, ""},
		{"no metadata", boundary, module + "--b--"},
		{"metadata is no JSON", boundary, part(`name="metadata"`, "{") + module + "--b--"},
		{"metadata is null", boundary, part(`name="metadata"`, "null") + module + "--b--"},
		{"no main module", boundary, part(`name="metadata"`, `{}`) + module + "--b--"},
		{"main module is not there", boundary, part(`name="metadata"`, `{"main_module":"x.js"}`) + module + "--b--"},
		{"two of a name", boundary, part(`name="metadata"`, `{"main_module":"m.js"}`) + module + module + "--b--"},
		{"cut off", boundary, part(`name="metadata"`, `{"main_module":"m.js"}`) + module},
		{"untyped module", boundary, part(`name="metadata"`, `{"main_module":"m.js"}`) + module + "--b--"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := h.request("PUT", account+"/workers/scripts/s", strings.NewReader(tt.body))
			if tt.contentType != "" {
				r.Header.Set("Content-Type", tt.contentType)
			}
			h.do(r).want(t, 400, cfapi.CodeMalformedBody)
		})
	}
}

// A base URL with a slash at its end is a small mistake that works.
func TestDoubleSlash(t *testing.T) {
	h := newHouse(t)
	h.client.BaseURL += "//"
	h.publish("s", form(`export default { fetch: () => new Response("hello") };`))
	h.says("s", "/", "hello")
}

// Lists that a client leaves out come back empty, not as null.
func TestSparseForm(t *testing.T) {
	h := newHouse(t)
	r := h.request("PUT", account+"/workers/scripts/s", strings.NewReader(
		"--b\r\nContent-Disposition: form-data; name=\"m.js\"; filename=\"m.js\"\r\nContent-Type: application/javascript+module\r\n\r\n"+
			"export class Room {};\r\n"+
			"--b\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n{\"main_module\":\"m.js\"}\r\n--b--"))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	a := h.do(r).want(t, 200, 0)
	for _, field := range []string{`"tags":[]`, `"handlers":[]`, `"compatibility_flags":[]`} {
		if !bytes.Contains(a.result, []byte(field)) {
			t.Errorf("%s is missing: %s", field, a.result)
		}
	}
	if status := h.call("GET", account+"/paddock/status", "").want(t, 200, 0).result; bytes.Contains(status, []byte("null")) {
		t.Errorf("a list is null: %s", status)
	}
}

// What is too large by its own account is refused before it is sent.
func TestBodyLimits(t *testing.T) {
	h := newHouse(t)
	conn, err := net.Dial("tcp", h.door.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "PUT %s/workers/scripts/s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"+
		"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n", account, h.rt.Token(), cfapi.DefaultLimits.Total+1)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	checkEnvelope(t, resp).want(t, 413, cfapi.CodeTooLarge)

	h.publish("s", form(`export default { fetch: () => new Response("hello") };`))
	tails := account + "/workers/scripts/s/tails"
	filler := strings.Repeat(" ", maxTailBody-2)
	h.call("POST", tails, "{}"+filler).want(t, 200, 0)
	h.call("POST", tails, "{}"+filler+" ").want(t, 413, cfapi.CodeTooLarge)
}

// Variables and further modules arrive, and names with a slash in front or in
// them are names, not paths of the API.
func TestPublishModulesAndVariables(t *testing.T) {
	h := newHouse(t)
	f := form(`import text from "./assets/t.txt";
import { twice } from "./lib/twice.js";
export default { fetch: (request, env) => Response.json([text, twice(2), env.TEXT, env.DATA]) };`)
	f.Parts = append([]cfapi.Part{
		{Name: "./assets/t.txt", ContentType: cfapi.TypeText, Content: []byte("from a file")},
		{Name: "lib/twice.js", ContentType: cfapi.TypeESModule, Content: []byte("export const twice = (n) => 2 * n;")},
	}, f.Parts...)
	f.Metadata.Bindings = []cfapi.Binding{
		{Name: "TEXT", Type: cfapi.BindingPlainText, Text: `quo"te`},
		{Name: "DATA", Type: cfapi.BindingJSON, JSON: json.RawMessage(`{"a":[1,null]}`)},
	}
	h.publish("s", f)
	h.says("s", "/", `["from a file",4,"quo\"te",{"a":[1,null]}]`)
	h.call("GET", account+"/workers/services/a%2Fs", "").want(t, 404, cfapi.CodeServiceNotFound)
	h.call("PUT", account+"/workers/scripts/..%2Fs", "").want(t, 400, cfapi.CodeMalformedBody)
}

// A client that goes away in the middle of its upload leaves nothing behind.
func TestUploadCutOff(t *testing.T) {
	h := newHouse(t)
	body, feed := io.Pipe()
	r := h.request("PUT", account+"/workers/scripts/s", body)
	r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	go func() {
		fmt.Fprint(feed, "--b\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n{")
		feed.CloseWithError(io.ErrClosedPipe)
	}()
	if resp, err := h.door.Client().Do(r); err == nil {
		resp.Body.Close()
		t.Errorf("got %s for half a request", resp.Status)
	}
	h.call("GET", account+"/workers/services/s", "").want(t, 404, cfapi.CodeServiceNotFound)
}
