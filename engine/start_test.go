//go:build unix

package engine_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"paddock/engine"
	"paddock/engine/enginetest"
)

func TestRequestCFComesFromTheHeaderOnly(t *testing.T) {
	p := start(t, engine.Options{}, answering(
		`return new Response(JSON.stringify(request.cf) + " " + request.headers.get("`+engine.CFHeader+`"));`))
	req, err := http.NewRequest(http.MethodGet, "http://example.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "without header", send(t, p, "main", req.Clone(context.Background())), "undefined null")
	req.Header.Set(engine.CFHeader, `{"colo":"LOCAL"}`)
	want(t, "with header", send(t, p, "main", req), `{"colo":"LOCAL"} null`)
}

// The engine takes the time zone of its environment; the platform has UTC.
func TestScriptsRunInUTC(t *testing.T) {
	t.Setenv("TZ", "America/New_York")
	p := start(t, engine.Options{}, answering(`return new Response(String(new Date(0).getTimezoneOffset()));`))
	want(t, "offset", get(t, p, "main"), "0")
}

// The engine by itself refuses to connect to its own machine.
func TestScriptsReachLocalServers(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte("local"))
	}))
	defer server.Close()
	p := start(t, engine.Options{}, answering(`return fetch("`+server.URL+`");`))
	want(t, "answer", get(t, p, "main"), "local")
}

func TestWorkersAnswerAtSocketsOfTheirOwn(t *testing.T) {
	a := script("a=1", `export default { fetch() { return new Response("a"); } };`)
	b := script("b", `export default { fetch() { return new Response("b"); } };`)
	silent := script("c", `export default {};`)
	silent.Socket = false
	p := start(t, engine.Options{}, a, b, silent)
	want(t, "a", get(t, p, "a=1"), "a")
	want(t, "b", get(t, p, "b"), "b")
	want(t, "socket of c", p.SocketPath("c"), "")
	info, err := os.Stat(filepath.Dir(p.SocketPath("b")))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the sockets' folder has mode %v, %v; anybody who can connect is trusted", info.Mode(), err)
	}
}

// A worker without a default export would send its requests to the host in
// their Host header.
func TestClassesWithoutHandlersDoNotForwardRequests(t *testing.T) {
	hit := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hit = true }))
	defer server.Close()
	p := start(t, engine.Options{}, script("main", `export class Room {}`))
	req, err := http.NewRequest(http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	send(t, p, "main", req)
	if hit {
		t.Error("the request went to the server that its Host header names")
	}
}

func TestStartEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	_, err := engine.Start(ctx, engine.Options{Binary: enginetest.Binary(t),
		Config: engine.Config{Workers: []engine.Worker{script("main", `while (true);`)}}})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error = %v", err)
	}
}

func TestStartNeedsABinary(t *testing.T) {
	_, err := engine.Start(context.Background(), engine.Options{Binary: "/nonexistent/workerd",
		Config: engine.Config{Workers: []engine.Worker{answering("")}}})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error = %v", err)
	}
}

// A child whose parent-death signal belonged to a passing thread died with it.
func TestEngineOutlivesTheThreadThatStartedIt(t *testing.T) {
	var p *engine.Process
	threadGone := make(chan struct{})
	go func() {
		runtime.LockOSThread() // not unlocked: the thread ends with the goroutine
		defer close(threadGone)
		p, _ = try(t, engine.Options{}, answering(`return new Response("alive");`))
	}()
	<-threadGone
	if p == nil {
		t.Fatal("the engine did not start")
	}
	select {
	case <-p.Done():
		t.Fatalf("the engine ended with the thread: %v", p.Exit().Err)
	case <-time.After(200 * time.Millisecond):
	}
	want(t, "answer", get(t, p, "main"), "alive")
}

// An orphaned engine must keep its state locked.
func TestEngineHoldsTheLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	open := func() *os.File {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	lock := func(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
	ours := open()
	if err := lock(ours); err != nil {
		t.Fatal(err)
	}
	p := start(t, engine.Options{Lock: ours}, answering(""))
	ours.Close()
	if err := lock(open()); !errors.Is(err, syscall.EWOULDBLOCK) {
		t.Errorf("lock while the engine runs: %v, want it taken", err)
	}
	if err := p.Stop(0); err != nil {
		t.Fatal(err)
	}
	if err := lock(open()); err != nil {
		t.Errorf("lock after the engine's end: %v", err)
	}
}

func TestLongTemporaryFolderIsNotUsedForSockets(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("x", 108))
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", long)
	p := start(t, engine.Options{}, answering(`return new Response("short");`))
	want(t, "answer", get(t, p, "main"), "short")
	if left, err := os.ReadDir(long); err != nil || len(left) > 0 {
		t.Errorf("left in the long folder: %v, %v", left, err)
	}
}

func TestConfigurationIsCheckedBeforeTheStart(t *testing.T) {
	room := func(key string) engine.Worker {
		w := script("w"+key, "")
		w.Namespaces = []engine.Namespace{{Class: "Room", Key: key}}
		return w
	}
	other := room("k1")
	other.Name = "other"
	twice := script("twice", "")
	twice.Modules = append(twice.Modules, engine.Module{Name: "./index.js", Kind: engine.Text})
	bad := script("bad", "")
	bad.Main = "nope.js"
	bad.Storage = "nowhere"
	bad.Bindings = []engine.Binding{engine.JSONBinding("A", []byte("{")), engine.TextBinding("A", "")}
	bad.Modules[0].Name = "../up.js"
	bad.Modules[0].Kind = "pythonModule"
	kv := script("kv", "/workerd/kv.js")
	kv.Modules[0].Kind, kv.Modules[0].Path = engine.BuiltIn, "/kv.js"
	cfg := engine.Config{
		Workers: []engine.Worker{room("k1"), other, room("a/b"), room(".."), room(""), twice, bad, kv, script("internet", ""), script("paddock:health", "")},
		Disks:   []engine.Disk{{Name: "d", Path: "relative"}},
	}
	_, err := engine.Start(context.Background(), engine.Options{Binary: "unused", Config: cfg})
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range []string{
		`"other", class "Room": namespace key "k1" belongs to worker "wk1", class "Room" already`,
		`key "a/b" is not a plain file name`, `key ".." is not`, `key "" is not`,
		`two modules are named "./index.js"`, `main module "nope.js" is not among`, `there is no disk "nowhere"`,
		`binding "A" is not JSON`, `binding name "A" is empty or used twice`,
		`module name "../up.js" is not a relative path`, `unknown kind "pythonModule"`,
		`"index.js" is built into the engine, which needs its experimental features`, `"index.js" is built into the engine and cannot be a file`,
		`two services are named "internet"`, `two services are named "paddock:health"`, `path "relative" is not absolute`,
	} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error lacks %q:\n%v", part, err)
		}
	}
}

func TestSomeWorkerMustHaveASocket(t *testing.T) {
	w := script("main", "")
	w.Socket = false
	_, err := engine.Start(context.Background(), engine.Options{Config: engine.Config{Workers: []engine.Worker{w}}})
	if err == nil || !strings.Contains(err.Error(), "socket") {
		t.Errorf("error = %v", err)
	}
}

func TestEventsAreKeptApartFromOutput(t *testing.T) {
	var events []string
	out := newLines()
	opts := engine.Options{Token: "secret", OnLine: out.add,
		OnEvent: func(kind byte, payload []byte) { events = append(events, string(kind)+" "+string(payload)) }}
	p := start(t, opts, script("main", `
console.log('secret I {"a":1}'); console.log("secret P"); console.log(" secret I {}"); console.log("secretive I x"); console.log("");
export default {};`))
	if err := p.Stop(time.Second); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(events, []string{`I {"a":1}`}) {
		t.Errorf("events = %q", events)
	}
	if got := out.texts(false); !slices.Equal(got, []string{"secret P", " secret I {}", "secretive I x", ""}) {
		t.Errorf("lines = %q", got)
	}
	want(t, "token", p.Token(), "secret")
}
