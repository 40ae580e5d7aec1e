package local_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"paddock/engine/enginetest"
	"paddock/internal/cfapi"
	"paddock/internal/soak"
	"paddock/local"
	"paddock/local/store"
	"paddock/migrate"
)

// counterJS is a worker that counts in objects bound as COUNTER.
//
//go:embed testdata/counter.js
var counterJS string

// patience bounds every wait for something that has to happen.
const patience = 20 * time.Second

// A rig is an open runtime with a server in front of it.
type rig struct {
	*local.Runtime
	t       *testing.T
	dir     string
	url     string
	client  *http.Client
	crashes chan local.Crash
}

// open opens a runtime on dir. The changes are made to its options.
func open(t *testing.T, dir string, changes ...func(*local.Options)) *rig {
	t.Helper()
	r := &rig{t: t, dir: dir, crashes: make(chan local.Crash, 100)}
	opts := options(t, dir)
	opts.OnCrash = func(c local.Crash) { r.crashes <- c }
	for _, change := range changes {
		change(&opts)
	}
	r.Runtime = local.New(opts)
	if err := r.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(r.Runtime)
	r.url = server.URL
	r.client = &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	t.Cleanup(func() {
		r.close()
		server.CloseClientConnections()
		server.Close()
	})
	return r
}

func options(t testing.TB, dir string) local.Options {
	return local.Options{Dir: dir, Engine: enginetest.Binary(t), Version: "test", DrainDeadline: 5 * time.Second}
}

// close closes the runtime; it may be called before the end of the test.
func (r *rig) close() {
	r.t.Helper()
	if err := r.Close(context.Background()); err != nil {
		r.t.Errorf("close: %v", err)
	}
}

// publish publishes and expects success.
func (r *rig) publish(up local.Upload) local.Published {
	r.t.Helper()
	p, err := r.Publish(r.t.Context(), up)
	if err != nil {
		r.t.Fatalf("publish %s: %v", up.Script, err)
	}
	return p
}

// request sends one request and returns the status and the body.
func (r *rig) request(method, script, path string) (int, string, error) {
	return r.requestFrom(r.client, method, script, path)
}

func (r *rig) requestFrom(client *http.Client, method, script, path string) (int, string, error) {
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader("a body")
	}
	req, err := http.NewRequest(method, r.url+path, body)
	if err != nil {
		return 0, "", err
	}
	req.Host = script + ".localhost"
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

// begin sends a request whose answer may be waited for later.
func (r *rig) begin(script, path string) <-chan answer {
	done := make(chan answer, 1)
	go func() {
		status, body, err := r.request(http.MethodGet, script, path)
		done <- answer{status, body, err}
	}()
	return done
}

// get expects an answer with status 200 and returns its body.
func (r *rig) get(script, path string) string {
	r.t.Helper()
	status, body, err := r.request(http.MethodGet, script, path)
	if err != nil || status != http.StatusOK {
		r.t.Fatalf("GET %s of %s: %d %q, %v", path, script, status, body, err)
	}
	return body
}

// count sends n increments to a script's counter A and returns the last answer.
func (r *rig) count(script string, n int) string {
	r.t.Helper()
	var last string
	for range n {
		last = r.get(script, "/increment")
	}
	return last
}

func (r *rig) wantBody(script, path, want string) {
	r.t.Helper()
	if got := r.get(script, path); got != want {
		r.t.Errorf("GET %s of %s = %q, want %q", path, script, got, want)
	}
}

func (r *rig) status() local.Status {
	r.t.Helper()
	s, err := r.Status(context.Background())
	if err != nil {
		r.t.Fatalf("status: %v", err)
	}
	return s
}

// group returns the status of the group that a script is in.
func (r *rig) group(script string) local.GroupStatus {
	r.t.Helper()
	groups := r.status().Groups
	i := slices.IndexFunc(groups, func(g local.GroupStatus) bool { return slices.Contains(g.Scripts, script) })
	if i < 0 {
		r.t.Fatalf("script %s is in no group: %+v", script, groups)
	}
	return groups[i]
}

func (r *rig) pid(script string) int {
	r.t.Helper()
	pid := r.group(script).PID
	if pid == 0 {
		r.t.Fatalf("script %s has no engine: %s", script, r.group(script).Error)
	}
	return pid
}

// namespace returns the key of a script's class.
func (r *rig) namespace(script, class string) string {
	r.t.Helper()
	for _, s := range r.status().Scripts {
		for _, n := range s.Classes {
			if n.Script == script && n.Class == class {
				return n.Key
			}
		}
	}
	r.t.Fatalf("script %s has no class %s", script, class)
	return ""
}

// snapshot is everything that a refused publish must leave as it was: what is
// stored, and which engines run it.
type snapshot struct {
	Scripts     []local.ScriptStatus
	Deployments map[string][]store.Deployment
	PIDs        map[string]int
	Resources   []local.Resource
}

func (r *rig) snapshot() snapshot {
	r.t.Helper()
	status := r.status()
	s := snapshot{Scripts: status.Scripts, Deployments: map[string][]store.Deployment{}, PIDs: map[string]int{}}
	for _, g := range status.Groups {
		s.PIDs[strings.Join(g.Scripts, ",")] = g.PID
	}
	for _, script := range status.Scripts {
		list, err := r.Deployments(r.t.Context(), script.Script.Name)
		if err != nil {
			r.t.Fatal(err)
		}
		s.Deployments[script.Script.Name] = list
	}
	for _, kind := range []string{cfapi.BindingKVNamespace, cfapi.BindingD1} {
		s.Resources = append(s.Resources, r.resources(kind)...)
	}
	return s
}

func (r *rig) resources(kind string) []local.Resource {
	r.t.Helper()
	list, err := r.Resources(r.t.Context(), kind)
	if err != nil {
		r.t.Fatal(err)
	}
	return list
}

// same expects that a refusal has changed nothing.
func (r *rig) same(before snapshot) {
	r.t.Helper()
	if diff := cmp.Diff(before, r.snapshot()); diff != "" {
		r.t.Errorf("a refusal changed something (-before +after):\n%s", diff)
	}
}

// refused publishes and expects a refusal with the code, and that nothing has
// changed. It returns the refusal's message.
func (r *rig) refused(up local.Upload, code int) string {
	r.t.Helper()
	before := r.snapshot()
	_, err := r.Publish(r.t.Context(), up)
	r.same(before)
	if refusal, ok := errors.AsType[*local.Refusal](err); ok {
		if refusal.Code != code {
			r.t.Errorf("refused with code %d, want %d: %v", refusal.Code, code, err)
		}
		return refusal.Message
	}
	if refusal, ok := errors.AsType[*migrate.Refusal](err); ok {
		if refusal.Code != code {
			r.t.Errorf("refused with code %d, want %d: %v", refusal.Code, code, err)
		}
		return refusal.Message
	}
	r.t.Fatalf("publish: %v, want a refusal", err)
	return ""
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
		<-tick.C
	}
}

// A part changes an upload in the making.
type part func(*local.Upload)

// upload makes an upload of a script with one module, index.js.
func upload(script, source string, parts ...part) local.Upload {
	up := local.Upload{Script: script, Source: "test", Form: cfapi.Form{
		Metadata: cfapi.Metadata{MainModule: "index.js", CompatibilityDate: "2026-01-01"},
		Parts:    []cfapi.Part{{Name: "index.js", ContentType: cfapi.TypeESModule, Content: []byte(source)}},
	}}
	for _, p := range parts {
		p(&up)
	}
	return up
}

// counter is the first upload of a script with the class Counter.
func counter(script string, parts ...part) local.Upload {
	return upload(script, counterJS, append([]part{binds("Counter", ""), creates("Counter")}, parts...)...)
}

// recount is a later upload of the same, that says its version at /version.
func recount(script, version string, parts ...part) local.Upload {
	return upload(script, counterJS, append([]part{binds("Counter", ""), text("VERSION", version)}, parts...)...)
}

// underLoad is the worker of the load tests, which says its version.
func underLoad(t *testing.T, script string, version int, parts ...part) local.Upload {
	t.Helper()
	source, err := os.ReadFile("../testdata/soak/src/index.js")
	if err != nil {
		t.Fatal(err)
	}
	return upload(script, string(source),
		append([]part{module("version.js", cfapi.TypeESModule, fmt.Sprintf("export default %d;", version))}, parts...)...)
}

// ownCounters binds what that worker counts in to a class of its own.
var ownCounters = bindsAs("COUNTERS", "Counter", "")

// load puts a script with that worker under load.
func (r *rig) load(script string, o soak.Options) *soak.Load {
	o.URL, o.Host = r.url, script+".localhost"
	l := soak.Start(o)
	r.t.Cleanup(func() { l.Stop() })
	return l
}

// more waits until a load has made itself felt.
func more(t *testing.T, l *soak.Load, n int) {
	t.Helper()
	want := l.Acknowledged() + n
	eventually(t, "increments are acknowledged", func() bool { return l.Acknowledged() >= want })
}

// wantBalance ends a load and checks its books.
func wantBalance(t *testing.T, l *soak.Load) {
	t.Helper()
	report := l.Stop()
	t.Logf("%s", report)
	if err := report.Err(); err != nil {
		t.Error(err)
	}
}

// watchEngines watches that no two engines have objects of a folder open,
// until the function that it returns is called.
func watchEngines(t *testing.T, folder string) (stop func()) {
	w := soak.WatchEngines(enginetest.Binary(t), folder)
	return func() {
		if err := w.Stop(); err != nil {
			t.Error(err)
		}
	}
}

// wantNoEngines checks that no engine has files in a folder open.
func wantNoEngines(t *testing.T, folder string) {
	t.Helper()
	if pids := soak.EnginesOn(enginetest.Binary(t), folder); len(pids) > 0 {
		t.Errorf("engines %v still use the folder", pids)
	}
}

// second returns an error without the value that comes with it.
func second[T any](_ T, err error) error { return err }

// renamed is the source of the counter with its class under another name.
func renamed(class string) string {
	return strings.ReplaceAll(counterJS, "class Counter", "class "+class)
}

// binds gives a script the binding COUNTER to a class, of another script if
// that is not "".
func binds(class, script string) part { return bindsAs("COUNTER", class, script) }

func bindsAs(name, class, script string) part {
	return func(up *local.Upload) {
		up.Form.Metadata.Bindings = append(up.Form.Metadata.Bindings, cfapi.Binding{
			Name: name, Type: cfapi.BindingDurableObject, ClassName: class, ScriptName: script,
		})
	}
}

// has gives a script a binding.
func has(b cfapi.Binding) part {
	return func(up *local.Upload) { up.Form.Metadata.Bindings = append(up.Form.Metadata.Bindings, b) }
}

func text(name, value string) part {
	return func(up *local.Upload) {
		up.Form.Metadata.Bindings = append(up.Form.Metadata.Bindings, cfapi.Binding{Name: name, Type: cfapi.BindingPlainText, Text: value})
	}
}

func creates(class string) part {
	return migrates("", "v1", migrate.Step{NewSQLiteClasses: []string{class}})
}

func migrates(from, to string, steps ...migrate.Step) part {
	return func(up *local.Upload) {
		raw, err := json.Marshal(steps)
		if err != nil {
			panic(err) // plain lists of strings
		}
		up.Form.Metadata.Migrations = &cfapi.Migrations{OldTag: from, NewTag: to, Steps: raw}
	}
}

func observed(up *local.Upload) { up.Form.Metadata.Observability = &cfapi.Observability{Enabled: true} }

func module(name, contentType, content string) part {
	return func(up *local.Upload) {
		up.Form.Parts = append(up.Form.Parts, cfapi.Part{Name: name, ContentType: contentType, Content: []byte(content)})
	}
}
