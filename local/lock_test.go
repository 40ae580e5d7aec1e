package local_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"paddock/local"
	"paddock/local/store"
)

// roleVariable makes the test binary play another process, see TestMain.
const roleVariable = "PADDOCK_LOCAL_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "":
		os.Exit(m.Run())
	case "orphan":
		io.Copy(io.Discard, os.Stdin) // ends with its parent
	case "runtime":
		if err := serve(os.Args[1], os.Args[2]); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
	case "victim":
		err := dieAt(os.Args[1], os.Args[2], os.Args[3], os.Args[4])
		fmt.Println("the point was not reached:", err)
		os.Exit(1)
	}
}

// serve is a runtime on dir that says where it serves, and goes on until it
// is killed or its parent ends.
func serve(dir, engine string) error {
	rt := local.New(local.Options{Dir: dir, Engine: engine, Version: "test"})
	if err := rt.Open(context.Background()); err != nil {
		return err
	}
	fmt.Println(httptest.NewServer(rt).URL)
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// play starts the test binary in a role. Its stdin ends with the test.
func play(t *testing.T, role string, files []*os.File, args ...string) (*exec.Cmd, io.Reader) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	cmd.ExtraFiles, cmd.Stderr = files, os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		cmd.Wait() // a second time after a test that killed it
	})
	return cmd, stdout
}

// deadPID returns the process id of a process that has ended.
func deadPID(t *testing.T) int {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}

func writeLockFile(t *testing.T, dir string, info local.Info) string {
	t.Helper()
	text, err := json.Marshal(info)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "runtime.lock")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// wantLocked expects that no runtime can be opened on dir.
func wantLocked(t *testing.T, dir string) *local.LockedError {
	t.Helper()
	err := local.New(options(t, dir)).Open(t.Context())
	locked, ok := errors.AsType[*local.LockedError](err)
	if !ok {
		t.Fatalf("open: %v, want a LockedError", err)
	}
	return locked
}

func TestSecondRuntimeIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	// What a killed runtime has left behind must mislead nobody: neither the
	// first runtime, nor, when that has nothing to run yet, the second.
	writeLockFile(t, dir, local.Info{PID: deadPID(t), Public: "http://old", API: "http://old"})
	first := open(t, dir)
	start := time.Now()
	locked := wantLocked(t, dir)
	if locked.Orphan || locked.Info.PID != os.Getpid() || time.Since(start) > 4*time.Second {
		t.Errorf("after %v: %+v", time.Since(start), locked)
	}
	if _, _, err := local.Running(dir); !errors.Is(err, local.ErrNotRunning) {
		t.Errorf("running, before it says where: %v", err)
	}

	said, err := first.Announce("http://public", "http://api")
	if err != nil {
		t.Fatal(err)
	}
	found, token, err := local.Running(dir)
	if err != nil || found.API != "http://api" || found.PID != said.PID || token != first.Token() {
		t.Errorf("running: %+v, %v", found, err)
	}
	locked = wantLocked(t, dir)
	if text := locked.Error(); !strings.Contains(text, "http://public") || !strings.Contains(text, dir) || !strings.Contains(text, "paddock runtime stop") {
		t.Errorf("the error says %q", text)
	}

	first.publish(counter("counter"))
	if found, _, err = local.Running(dir); err != nil || len(found.Engines) != 1 || found.Engines[0] != first.pid("counter") {
		t.Errorf("running: %+v, %v", found, err)
	}
	first.close()
	if _, _, err := local.Running(dir); !errors.Is(err, local.ErrNotRunning) {
		t.Errorf("running, after its end: %v", err)
	}
	if err := local.AwaitEnd(t.Context(), dir); err != nil {
		t.Errorf("await end: %v", err)
	}
	open(t, dir).wantBody("counter", "/", "0")
}

func TestOrphanKeepsTheFolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no files can be handed to a process there")
	}
	t.Parallel()
	dir := t.TempDir()
	path := writeLockFile(t, dir, local.Info{PID: deadPID(t), Engines: []int{4711}})
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := local.LockExclusive(file); err != nil {
		t.Fatal(err)
	}
	if !local.ProcessAlive(os.Getpid()) {
		t.Error("this very process counts as dead")
	}
	orphan, _ := play(t, "orphan", []*os.File{file})
	file.Close() // now only the orphan has it

	locked := wantLocked(t, dir)
	if !locked.Orphan || !strings.Contains(locked.Error(), "4711") {
		t.Errorf("%+v: %v", locked, locked)
	}
	kill(t, orphan.Process.Pid)
	open(t, dir) // waits for what is left of it
}

// A runtime that waits for an orphan does not outlast its own caller.
func TestOpenIsCancelled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := open(t, dir)
	writeLockFile(t, dir, local.Info{PID: deadPID(t)}) // as if first were an orphan
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, errors.New("called off"))
	defer cancel()
	if err := local.New(options(t, dir)).Open(ctx); err == nil || err.Error() != "called off" {
		t.Errorf("open: %v", err)
	}
	first.close()
}

func TestRuntimeThatIsKilledLosesNothing(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends the engines of a runtime that is killed")
	}
	t.Parallel()
	dir := t.TempDir()
	first := open(t, dir)
	first.publish(counter("counter"))
	first.publish(counter("other"))
	engine := options(t, dir).Engine
	first.close()

	child, stdout := play(t, "runtime", nil, dir, engine)
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || !strings.HasPrefix(url, "http://") {
		t.Fatalf("the runtime says %q, %v", url, err)
	}
	client := &rig{t: t, url: strings.TrimSpace(url), client: &http.Client{Timeout: patience}}
	client.count("counter", 20)
	kill(t, child.Process.Pid)
	// Nobody has waited for it yet, so it is a zombie. It counts as dead, or
	// the next runtime would not come up while its engines die.
	eventually(t, "the runtime is dead", func() bool { return !local.ProcessAlive(child.Process.Pid) })
	second := open(t, dir)
	second.wantBody("counter", "/", "20")
	second.wantBody("other", "/", "0")
	second.close()
	wantNoEngines(t, dir)
}

func TestStateOfANewerPaddock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := open(t, dir)
	first.publish(counter("counter"))
	first.close()
	was := setUserVersion(t, dir, 99)
	rt := local.New(options(t, dir))
	err := rt.Open(t.Context())
	newer, ok := errors.AsType[*store.NewerError](err)
	if !ok || newer.Have != 99 || !strings.Contains(err.Error(), "upgrade paddock") {
		t.Errorf("open: %v, want a NewerError", err)
	}
	if err := rt.Close(t.Context()); err != nil {
		t.Errorf("close after a failed open: %v", err)
	}
	// The lock is free, so this is no LockedError.
	setUserVersion(t, dir, was)
	open(t, dir).wantBody("counter", "/", "0")
}

// setUserVersion writes the number where SQLite keeps its user_version, and
// returns what stood there.
func setUserVersion(t *testing.T, dir string, version byte) (was byte) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, "state.db"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	number := make([]byte, 4) // big-endian
	_, err = f.ReadAt(number, 60)
	if err == nil {
		_, err = f.WriteAt([]byte{0, 0, 0, version}, 60)
	}
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	return number[3]
}
