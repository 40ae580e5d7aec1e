package engine_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"paddock/engine"
	"paddock/engine/enginetest"
)

// binaryVariable makes the test binary play a paddock with a running engine.
const binaryVariable = "PADDOCK_ENGINE_TEST_BINARY"

func init() {
	if binary := os.Getenv(binaryVariable); binary != "" {
		playParent(binary)
	}
}

// playParent starts an engine, says where it is, and stays until it is killed.
// Descriptor 3 is passed on, so that its other end shows when both are gone.
func playParent(binary string) {
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt) // not Ignore, which a child inherits
	p, err := engine.Start(context.Background(), engine.Options{
		Binary: binary, Lock: os.NewFile(3, "alive"),
		Config: engine.Config{Workers: []engine.Worker{answering(`return new Response("alive");`)}},
	})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(p.PID(), p.SocketPath("main"))
	for range interrupted {
		fmt.Println("interrupted")
	}
}

func TestEngineOfAnInterruptedAndAKilledParent(t *testing.T) {
	alive, theirs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer alive.Close()
	parent := exec.Command("/bin/sh", "-c", `ulimit -Sn 256 && exec "$0"`, os.Args[0])
	parent.Env = append(os.Environ(), binaryVariable+"="+enginetest.Binary(t))
	parent.ExtraFiles = []*os.File{theirs}
	parent.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	stdout, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	defer func() { _ = parent.Process.Kill(); _ = parent.Wait() }()
	said := bufio.NewScanner(stdout)
	said.Scan()
	pid, socket, _ := strings.Cut(said.Text(), " ")
	t.Cleanup(func() { os.RemoveAll(filepath.Dir(socket)) }) // a killed parent leaves it

	// At the usual limit the engine fails at some 330 live objects.
	limits, err := os.ReadFile("/proc/" + pid + "/limits")
	if err != nil {
		t.Fatalf("the parent said %q: %v", said.Text(), err)
	}
	open := regexp.MustCompile(`Max open files +(\d+) +(\d+)`).FindStringSubmatch(string(limits))
	if open == nil || open[1] == "256" || open[1] != open[2] {
		t.Errorf("limit of open files: %q", open)
	}

	// Ctrl-C goes to the whole process group and would kill the engine at once.
	if err := syscall.Kill(-parent.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	said.Scan()
	want(t, "parent", said.Text(), "interrupted")
	resp, err := client(t, socket).Get("http://x/")
	if err != nil {
		t.Fatalf("the engine does not answer after SIGINT: %v", err)
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	want(t, "answer", string(body), "alive")

	// A parent that is killed takes the engine along.
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := alive.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := alive.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the engine is an orphan: %v", err)
	}
}

// A blocking listening socket hangs the engine in accept.
func TestEngineGetsNonBlockingSockets(t *testing.T) {
	p := start(t, engine.Options{}, answering(""))
	table, err := os.ReadFile("/proc/net/unix")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`(\d+) ` + regexp.QuoteMeta(p.SocketPath("main")) + "\n").FindSubmatch(table)
	if row == nil {
		t.Fatal("nothing listens at the socket's path")
	}
	proc := "/proc/" + strconv.Itoa(p.PID())
	links, err := filepath.Glob(proc + "/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, link := range links {
		if target, _ := os.Readlink(link); target != "socket:["+string(row[1])+"]" {
			continue
		}
		info, err := os.ReadFile(proc + "/fdinfo/" + filepath.Base(link))
		if err != nil {
			t.Fatal(err)
		}
		var pos, flags int
		if _, err := fmt.Sscanf(string(info), "pos:\t%d\nflags:\t%o", &pos, &flags); err != nil {
			t.Fatalf("%v in %q", err, info)
		}
		found++
		if flags&syscall.O_NONBLOCK == 0 {
			t.Errorf("flags of the socket: %o", flags)
		}
	}
	if found == 0 {
		t.Error("the engine does not hold the socket")
	}
}

// Secrets must not touch a disk.
func TestConfigurationStaysInMemory(t *testing.T) {
	p := start(t, engine.Options{}, answering(""))
	cmdline, err := os.ReadFile("/proc/" + strconv.Itoa(p.PID()) + "/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	args := strings.Split(strings.TrimSuffix(string(cmdline), "\x00"), "\x00")
	config := strings.Replace(args[len(args)-1], "self", strconv.Itoa(p.PID()), 1)
	if target, err := os.Readlink(config); err != nil || !strings.HasPrefix(target, "/memfd:") {
		t.Errorf("the configuration is %s -> %s, %v", config, target, err)
	}
	files, err := os.ReadDir(filepath.Dir(p.SocketPath("main")))
	if err != nil || len(files) != 2 {
		t.Errorf("in the private folder lie %v, %v, want two sockets", files, err)
	}
	for _, f := range files {
		if f.Type() != os.ModeSocket {
			t.Errorf("in the private folder lies something else: %v", f)
		}
	}
}

func TestStartsLeaveNothingBehind(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	binary := enginetest.Binary(t)
	run := func(source string, timeout time.Duration) {
		p, err := engine.Start(context.Background(), engine.Options{Binary: binary, StartTimeout: timeout,
			Config: engine.Config{Workers: []engine.Worker{script("main", source)}}})
		if err != nil {
			return
		}
		if err := p.Stop(5 * time.Second); err != nil {
			t.Error(err)
		}
	}
	run("export default {}", 0) // the launcher and the runtime's own descriptors
	before := descriptors(t)
	goroutines := runtime.NumGoroutine()
	for range 20 {
		run("export default {}", 0)
	}
	run("throw 1", 0)
	run("while (true);", 100*time.Millisecond)
	binary = "/nonexistent"
	run("", 0)
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors became %d", before, after)
	}
	// Done comes from a goroutine that has still to return.
	deadline := time.Now().Add(5 * time.Second)
	for runtime.NumGoroutine() > goroutines && time.Now().Before(deadline) {
		runtime.Gosched()
	}
	if now := runtime.NumGoroutine(); now > goroutines {
		t.Errorf("%d goroutines became %d", goroutines, now)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}
