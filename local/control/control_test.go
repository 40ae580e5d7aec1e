package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"paddock/engine/enginetest"
	"paddock/internal/cfapi"
	"paddock/local"
)

const account = Prefix + "/accounts/0123456789abcdef"

// house is a runtime with the real engine and its two doors.
type house struct {
	t       *testing.T
	rt      *local.Runtime
	api     *API
	door    *httptest.Server // of the API
	public  *httptest.Server // of the scripts
	client  *cfapi.Client
	stopped chan struct{} // gets an element when somebody asks for the end
	// left gets an element when a tail's handler is through, and with it all
	// that the tail had.
	left chan struct{}
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, stopped: make(chan struct{}, 10), left: make(chan struct{}, 100)}
	h.rt = local.New(local.Options{
		Dir: t.TempDir(), Engine: enginetest.Binary(t), Version: "test", Throwaway: true, DrainDeadline: time.Second,
		KeyFile: filepath.Join(t.TempDir(), "secrets.key"),
		Log:     slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err := h.rt.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.api = New(h.rt, Options{Log: slog.New(slog.DiscardHandler), Stop: func() { h.stopped <- struct{}{} }})
	h.public = httptest.NewServer(h.rt)
	h.door = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.api.ServeHTTP(w, r)
		if strings.HasPrefix(r.URL.Path, "/tail/") {
			h.left <- struct{}{}
		}
	}))
	t.Cleanup(func() { h.close(context.Background()) })
	h.client = &cfapi.Client{BaseURL: h.door.URL + Prefix, Token: h.rt.Token(), AccountID: "abc", UserAgent: "wrangler/4.164.0"}
	return h
}

// close ends the house in the order in which the program does it.
func (h *house) close(ctx context.Context) {
	if err := h.rt.Close(ctx); err != nil {
		h.t.Errorf("close the runtime: %v", err)
	}
	h.public.Close()
	h.door.Close()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	h.api.Close(ctx)
	if ctx.Err() != nil {
		h.t.Error("the tails had to be cut")
	}
}

// answer is an answer of the API whose envelope has been checked.
type answer struct {
	status int
	result json.RawMessage
	info   json.RawMessage // result_info of a list
	errors []cfapi.Error
}

func (a answer) String() string { return fmt.Sprintf("%d %v %s", a.status, a.errors, a.result) }

// code returns the only error's code, 0 for a success.
func (a answer) code() int {
	if len(a.errors) == 0 {
		return 0
	}
	return a.errors[0].Code
}

// want compares status and code.
func (a answer) want(t *testing.T, status, code int) answer {
	t.Helper()
	if a.status != status || a.code() != code {
		t.Errorf("got %v; want status %d, code %d", a, status, code)
	}
	return a
}

// request makes a request to the API with the right token. path begins with a
// slash.
func (h *house) request(method, path string, body io.Reader) *http.Request {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), method, h.door.URL+path, body)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+h.rt.Token())
	return r
}

func (h *house) call(method, path, body string) answer {
	h.t.Helper()
	return h.do(h.request(method, path, strings.NewReader(body)))
}

func (h *house) do(r *http.Request) answer {
	h.t.Helper()
	resp, err := h.door.Client().Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	return checkEnvelope(h.t, resp)
}

// checkEnvelope holds an answer against the shape that every one must have.
// Wrangler iterates over errors and messages, so neither may be null.
func checkEnvelope(t *testing.T, resp *http.Response) answer {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: resp.StatusCode}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		t.Fatalf("status %d, and the body is no JSON object: %q", resp.StatusCode, body)
	}
	var names []string
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	a.info = fields["result_info"]
	if a.info != nil {
		names = slices.DeleteFunc(names, func(name string) bool { return name == "result_info" })
	}
	if !slices.Equal(names, []string{"errors", "messages", "result", "success"}) {
		t.Errorf("the envelope has the fields %q: %s", names, body)
	}
	if err := json.Unmarshal(fields["errors"], &a.errors); err != nil || string(fields["messages"]) != "[]" {
		t.Errorf("errors or messages are wrong: %s", body)
	}
	a.result = fields["result"]
	success := resp.StatusCode == http.StatusOK
	if !success && a.info != nil {
		t.Errorf("a failure has result_info: %s", body)
	}
	if string(fields["success"]) != fmt.Sprint(success) || a.errors == nil || (len(a.errors) == 0) != success {
		t.Errorf("status %d does not fit the envelope: %s", resp.StatusCode, body)
	}
	if !success && (string(a.result) != "null" || len(a.errors) != 1 || a.errors[0].Message == "") {
		t.Errorf("a failure must have one error with a text, and no result: %s", body)
	}
	if got := resp.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("content type %q: %s", got, body)
	}
	return a
}

// fetch asks a script, as curl does with a Host header.
func (h *house) fetch(method, script, path string) (int, string) {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), method, h.public.URL+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Host = script + ".localhost"
	resp, err := h.public.Client().Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// says wants a script to answer with a text.
func (h *house) says(script, path, want string) {
	h.t.Helper()
	if status, body := h.fetch(http.MethodGet, script, path); status != http.StatusOK || body != want {
		h.t.Errorf("%s%s answers %d %q, want 200 %q", script, path, status, body, want)
	}
}

// form is an upload of one module.
func form(code string, adjust ...func(*cfapi.Metadata)) cfapi.Form {
	f := cfapi.Form{
		Metadata: cfapi.Metadata{MainModule: "index.js", CompatibilityDate: "2024-09-01"},
		Parts:    []cfapi.Part{{Name: "index.js", ContentType: cfapi.TypeESModule, Content: []byte(code)}},
	}
	for _, fn := range adjust {
		fn(&f.Metadata)
	}
	return f
}

func migrations(oldTag, newTag, steps string) func(*cfapi.Metadata) {
	return func(m *cfapi.Metadata) {
		m.Migrations = &cfapi.Migrations{OldTag: oldTag, NewTag: newTag, Steps: json.RawMessage(steps)}
	}
}

func binds(name, class, script string) func(*cfapi.Metadata) {
	return func(m *cfapi.Metadata) {
		m.Bindings = append(m.Bindings, cfapi.Binding{Name: name, Type: cfapi.BindingDurableObject, ClassName: class, ScriptName: script})
	}
}

func (h *house) publish(script string, f cfapi.Form) *cfapi.ScriptUpload {
	h.t.Helper()
	up, err := h.client.PutScript(h.t.Context(), script, f)
	if err != nil {
		h.t.Fatal(err)
	}
	return up
}

// routes is one request to everything that needs the token.
var routes = []struct {
	method, path string
	status, code int // of the refusal
}{
	{"GET", Prefix + "/user/tokens/verify", 401, 1000},
	{"GET", Prefix + "/user", 403, 9109},
	{"GET", Prefix + "/accounts", 403, 9109},
	{"GET", Prefix + "/memberships?page=1", 403, 9109},
	{"GET", account + "/workers/services/s", 403, 10000},
	{"GET", account + "/workers/scripts", 403, 10000},
	{"PUT", account + "/workers/scripts/s", 403, 10000},
	{"GET", account + "/workers/scripts/s/deployments", 403, 10000},
	{"POST", account + "/workers/scripts/s/deployments", 403, 10000},
	{"GET", account + "/workers/scripts/s/versions", 403, 10000},
	{"POST", account + "/workers/scripts/s/versions", 403, 10000},
	{"GET", account + "/workers/scripts/s/versions/1", 403, 10000},
	{"DELETE", account + "/workers/services/s?force=true", 403, 10000},
	{"DELETE", account + "/workers/scripts/s", 403, 10000},
	{"GET", account + "/workers/scripts/s/references", 403, 10000},
	{"GET", account + "/workers/scripts/s/settings", 403, 10000},
	{"GET", account + "/workers/scripts/s/secrets", 403, 10000},
	{"PUT", account + "/workers/scripts/s/secrets", 403, 10000},
	{"DELETE", account + "/workers/scripts/s/secrets/A", 403, 10000},
	{"PATCH", account + "/workers/scripts/s/secrets-bulk", 403, 10000},
	{"PATCH", account + "/workers/workers/s/versions/latest", 403, 10000},
	{"GET", account + "/workers/scripts/s/script-settings", 403, 10000},
	{"PATCH", account + "/workers/scripts/s/script-settings", 403, 10000},
	{"POST", account + "/workers/scripts/s/tails", 403, 10000},
	{"DELETE", account + "/workers/scripts/s/tails/1", 403, 10000},
	{"GET", account + "/workers/subdomain", 403, 10000},
	{"GET", account + "/workers/workers/s", 403, 10000},
	{"GET", account + "/workers/scripts/s", 403, 10000},
	{"GET", account + "/workers/scripts/s/content/v2", 403, 10000},
	{"GET", account + "/workers/scripts/s/bindings", 403, 10000},
	{"GET", account + "/workers/scripts/s/subdomain", 403, 10000},
	{"POST", account + "/workers/scripts/s/subdomain", 403, 10000},
	{"GET", account + "/workers/scripts/s/routes", 403, 10000},
	{"PUT", account + "/workers/scripts/s/routes", 403, 10000},
	{"POST", account + "/workers/scripts/s/domains/changeset", 403, 10000},
	{"PUT", account + "/workers/scripts/s/domains/records", 403, 10000},
	{"GET", account + "/workers/durable_objects/namespaces", 403, 10000},
	{"GET", account + "/workers/durable_objects/namespaces/n/objects", 403, 10000},
	{"GET", account + "/containers/applications", 403, 10000},
	{"GET", Prefix + "/zones?name=a", 403, 9109},
	{"POST", Prefix + "/zones/z/workers/routes", 403, 9109},
	{"GET", account + "/storage/kv/namespaces", 403, 10000},
	{"POST", account + "/storage/kv/namespaces", 403, 10000},
	{"GET", account + "/storage/kv/namespaces/1", 403, 10000},
	{"PUT", account + "/storage/kv/namespaces/1", 403, 10000},
	{"DELETE", account + "/storage/kv/namespaces/1", 403, 10000},
	{"GET", account + "/storage/kv/namespaces/1/keys", 403, 10000},
	{"GET", account + "/storage/kv/namespaces/1/values/k", 403, 10000},
	{"PUT", account + "/storage/kv/namespaces/1/values/k", 403, 10000},
	{"DELETE", account + "/storage/kv/namespaces/1/values/k", 403, 10000},
	{"GET", account + "/storage/kv/namespaces/1/metadata/k", 403, 10000},
	{"PUT", account + "/storage/kv/namespaces/1/bulk", 403, 10000},
	{"DELETE", account + "/storage/kv/namespaces/1/bulk", 403, 10000},
	{"POST", account + "/storage/kv/namespaces/1/bulk/delete", 403, 10000},
	{"POST", account + "/storage/kv/namespaces/1/bulk/get", 403, 10000},
	{"POST", account + "/d1/database/1/query", 403, 10000},
	{"POST", account + "/d1/database/1/raw", 403, 10000},
	{"GET", account + "/d1/database", 403, 10000},
	{"POST", account + "/d1/database", 403, 10000},
	{"GET", account + "/d1/database/1", 403, 10000},
	{"DELETE", account + "/d1/database/1", 403, 10000},
	{"GET", account + "/paddock/status", 403, 10000},
	{"POST", account + "/paddock/stop", 403, 10000},
	{"GET", account + "/no/such/thing", 403, 10000},
	{"GET", account + "//workers/scripts", 403, 10000},
	{"GET", "/", 403, 9109},
}

// The codes are those of which Wrangler makes one clear message, see
// authorized.
func TestEveryRouteNeedsTheToken(t *testing.T) {
	h := newHouse(t)
	token := h.rt.Token()
	for name, header := range map[string][]string{
		"none":      nil,
		"empty":     {"Bearer "},
		"wrong":     {"Bearer " + strings.Repeat("0", len(token))},
		"longer":    {"Bearer " + token + "0"},
		"shorter":   {"Bearer " + token[:len(token)-1]},
		"no bearer": {token},
		"basic":     {"Basic " + token},
	} {
		t.Run(name, func(t *testing.T) {
			for _, route := range routes {
				r := h.request(route.method, route.path, nil)
				r.Header["Authorization"] = header
				a := h.do(r).want(t, route.status, route.code)
				if len(a.errors) == 1 && strings.Contains(a.errors[0].Message, token) {
					t.Errorf("%s %s gives the token away: %v", route.method, route.path, a)
				}
			}
		})
	}
	if len(h.stopped) > 0 {
		t.Error("the runtime was asked to stop")
	}
}

func TestVerifyToken(t *testing.T) {
	h := newHouse(t)
	a := h.call("GET", Prefix+"/user/tokens/verify", "").want(t, 200, 0)
	if !strings.Contains(string(a.result), `"status":"active"`) {
		t.Errorf("result %s", a.result)
	}
}

func TestUnknownEndpoint(t *testing.T) {
	h := newHouse(t)
	for _, route := range []struct{ method, path string }{
		{"GET", "/"},
		{"GET", Prefix},
		{"GET", Prefix + "/zones/z/dns_records"},
		{"PATCH", account + "/workers/scripts/s/schedules"},
		{"POST", account + "/workers/scripts/s"}, // the path is known, the method is not
		{"PUT", account + "/workers/scripts/s/"},
	} {
		a := h.call(route.method, route.path, "").want(t, 404, 7003)
		if want := route.method + " " + route.path; len(a.errors) == 1 && !strings.HasSuffix(a.errors[0].Message, want) {
			t.Errorf("%q does not name %q", a.errors[0].Message, want)
		}
	}
}

// A page whose name was made to point at this machine must not get through,
// whatever it knows.
func TestHostHeader(t *testing.T) {
	h := newHouse(t)
	port := h.door.URL[strings.LastIndex(h.door.URL, ":"):]
	for host, status := range map[string]int{
		"127.0.0.1" + port: 200, "127.0.0.1": 200, "localhost" + port: 200, "LOCALHOST": 200, "api.localhost" + port: 200,
		"[::1]" + port: 200, "[::1]": 200, "192.168.0.7": 200,
		"evil.example": 403, "evil.example" + port: 403, "localhost.evil.example": 403, "notlocalhost": 403, "127.0.0.1.evil.example": 403,
	} {
		r := h.request("GET", Prefix+"/user/tokens/verify", nil)
		r.Host = host
		if a := h.do(r); a.status != status || status == 403 && a.code() != cfapi.CodeUnauthorized {
			t.Errorf("host %q: %v, want %d", host, a, status)
		}
	}
	r := h.request("GET", "/tail/x", nil)
	r.Host = "evil.example"
	h.do(r).want(t, 403, cfapi.CodeUnauthorized)
}

func TestStatusAndStop(t *testing.T) {
	h := newHouse(t)
	status, err := h.client.RuntimeStatus(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if status.Version != "test" || status.PID == 0 || status.StateDir == "" || status.Scripts == nil || status.Groups == nil {
		t.Errorf("status of an empty runtime: %+v", status)
	}
	if _, err := h.rt.Announce(h.public.URL, h.door.URL); err != nil {
		t.Fatal(err)
	}
	// A script with classes and without a handler.
	h.publish("rooms", form(`export class Room { }`, migrations("", "v1", `[{"new_sqlite_classes":["Room"]}]`)))
	up := h.publish("hello", form(`export default { fetch: () => new Response("hello") };`))
	raw := h.call("GET", account+"/paddock/status", "").want(t, 200, 0).result
	if bytes.Contains(raw, []byte("null")) {
		t.Errorf("a list is null: %s", raw)
	}
	if err := json.Unmarshal(raw, &status); err != nil {
		t.Fatal(err)
	}
	if status.Public != h.public.URL || status.API != h.door.URL || len(status.Groups) != 2 || len(status.Scripts) != 2 {
		t.Fatalf("status %s", raw)
	}
	for i, g := range status.Groups {
		if g.EnginePID == 0 || g.Error != "" || g.Traced || !wellFormed(g.Since) || !slices.Equal(g.Scripts, []string{status.Scripts[i].Name}) {
			t.Errorf("group %d: %+v", i, g)
		}
	}
	hello, rooms := status.Scripts[0], status.Scripts[1]
	port := h.public.URL[strings.LastIndex(h.public.URL, ":"):]
	if hello.VersionID != up.DeploymentID || hello.VersionNumber != 1 || hello.URL != "http://hello.localhost"+port+"/" ||
		!slices.Equal(hello.Handlers, []string{"fetch"}) || len(hello.Namespaces) != 0 {
		t.Errorf("hello: %+v", hello)
	}
	if rooms.MigrationTag != "v1" || len(rooms.Handlers) != 0 || len(rooms.Namespaces) != 1 ||
		rooms.Namespaces[0].Class != "Room" || !rooms.Namespaces[0].SQLite || len(rooms.Namespaces[0].ID) != 32 {
		t.Errorf("rooms: %+v", rooms)
	}

	if err := h.client.StopRuntime(t.Context()); err != nil {
		t.Fatal(err)
	}
	receive(t, h.stopped, "call of stop")
}

// Clients sort by these texts, so all must have one form.
func wellFormed(stamp string) bool {
	_, err := time.Parse(cfapi.TimeLayout, stamp)
	return err == nil && len(stamp) == len(cfapi.TimeLayout)
}

// What fails because the runtime has ended is a failure of ours, and the
// API goes on answering until its server is closed.
func TestStoppedRuntime(t *testing.T) {
	h := newHouse(t)
	if err := h.rt.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := h.client.PutScript(t.Context(), "s", form(`export default { fetch: () => new Response() };`))
	if !cfapi.HasCode(err, cfapi.CodeInternal) {
		t.Errorf("publish: %v, want code %d", err, cfapi.CodeInternal)
	}
	h.call("GET", account+"/workers/scripts", "").want(t, 500, cfapi.CodeInternal)
	h.call("POST", account+"/paddock/stop", "").want(t, 200, 0)
}

// Uploads, lists, tails and refusals at once; the race detector watches.
func TestHammer(t *testing.T) {
	h := newHouse(t)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			script := fmt.Sprintf("s%d", i%2)
			_, err := h.client.PutScript(t.Context(), script, form(fmt.Sprintf(`export default { fetch: () => new Response("%d") };`, i)))
			if err != nil {
				t.Errorf("publish: %v", err)
			}
			tail, err := h.client.CreateTail(t.Context(), script, cfapi.TailCreate{})
			if err != nil {
				t.Errorf("create tail: %v", err)
				return
			}
			if err := h.client.DeleteTail(t.Context(), script, tail.ID); err != nil {
				t.Errorf("delete tail: %v", err)
			}
		})
		all.Go(func() {
			for range 5 {
				if _, err := h.client.RuntimeStatus(t.Context()); err != nil {
					t.Errorf("status: %v", err)
				}
				if _, err := h.client.PutScript(t.Context(), "s0", form(`syntax error`)); !cfapi.HasCode(err, cfapi.CodeValidationFailed) {
					t.Errorf("publish: %v", err)
				}
			}
		})
	}
	all.Wait()
	for i := range 2 {
		list := h.deployments(fmt.Sprintf("s%d", i))
		if len(list) != 2 {
			t.Errorf("s%d has %d deployments, want 2", i, len(list))
		}
	}
}
