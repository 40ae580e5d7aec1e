//go:build unix

package proc

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// roleVariable makes the test binary play a child, see [TestMain].
const roleVariable = "PADDOCK_PROC_TEST_ROLE"

// The main thread never ends, so no test goroutine may run on it by chance:
// [TestChildOutlivesTheThreadThatAskedForIt] would prove nothing.
func init() { runtime.LockOSThread() }

func TestMain(m *testing.M) {
	switch role := os.Getenv(roleVariable); role {
	case "":
		os.Exit(m.Run())
	case "polite", "stubborn":
		playChild(role)
	case "limit-parent":
		startLimitChild()
	}
}

// playChild says which group it is in, waits for a SIGTERM and, if it is
// stubborn, stays.
func playChild(role string) {
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	fmt.Println("group", syscall.Getpgrp())
	for range term {
		if role == "polite" {
			os.Exit(7)
		}
	}
}

// startLimitChild starts a child that prints its limit. It is no Go program,
// as each of those raises its own.
func startLimitChild() {
	c, err := Start(Spec{Path: "/bin/sh", Args: []string{"-c", "ulimit -Sn; ulimit -Hn"}, Stdout: os.Stdout})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	<-c.Done()
}

// startRole starts the test binary in a role and returns it with the first
// line that it printed.
func startRole(t *testing.T, role string) (*Child, string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	c, err := Start(Spec{Path: os.Args[0], Env: append(os.Environ(), roleVariable+"="+role), Stdout: w})
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(0); err != nil {
			t.Error(err)
		}
	})
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("read from child: %v", err)
	}
	return c, strings.TrimSpace(line)
}

func TestStopLetsAPoliteChildEnd(t *testing.T) {
	c, line := startRole(t, "polite")
	if want := fmt.Sprint("group ", c.PID()); line != want {
		t.Errorf("child says %q, want %q: it must lead its own process group", line, want)
	}
	if c.Err() != nil {
		t.Errorf("Err of a running child = %v", c.Err())
	}
	if err := c.Stop(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if !errors.As(c.Err(), &exit) || exit.ExitCode() != 7 {
		t.Errorf("Err = %v, want exit status 7", c.Err())
	}
	if err := c.Stop(time.Second); err != nil {
		t.Errorf("second Stop: %v", err)
	}
}

func TestStopKillsAStubbornChild(t *testing.T) {
	const grace = 100 * time.Millisecond
	c, _ := startRole(t, "stubborn")
	start := time.Now()
	if err := c.Stop(grace); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < grace {
		t.Errorf("killed after %v, before the grace of %v was over", took, grace)
	}
	var exit *exec.ExitError
	if !errors.As(c.Err(), &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("Err = %v, want killed", c.Err())
	}
}

func TestImpatientStopCutsPatientOneShort(t *testing.T) {
	c, _ := startRole(t, "stubborn")
	var wg sync.WaitGroup
	start := time.Now()
	for _, grace := range []time.Duration{time.Minute, time.Minute, 50 * time.Millisecond, 0} {
		wg.Go(func() {
			if err := c.Stop(grace); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("all stops together took %v", took)
	}
}

// A child died when the goroutine that had asked for it returned while locked
// to its thread: the parent-death signal is the thread's.
func TestChildOutlivesTheThreadThatAskedForIt(t *testing.T) {
	var c *Child
	threadGone := make(chan struct{})
	go func() {
		runtime.LockOSThread() // not unlocked: the thread ends with the goroutine
		defer close(threadGone)
		c, _ = startRole(t, "polite")
	}()
	<-threadGone
	if c == nil {
		t.FailNow()
	}
	select {
	case <-c.Done():
		t.Fatalf("the child ended with the thread: %v", c.Err())
	case <-time.After(300 * time.Millisecond):
	}
}

func TestChildGetsTheHighestFileLimit(t *testing.T) {
	parent := exec.Command("/bin/sh", "-c", `ulimit -Sn 256 && exec "$0"`, os.Args[0])
	parent.Env = append(os.Environ(), roleVariable+"=limit-parent")
	out, err := parent.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	limits := strings.Fields(string(out))
	if len(limits) != 2 || limits[0] == "256" || runtime.GOOS == "linux" && limits[0] != limits[1] {
		t.Errorf("child's soft and hard limit of open files are %q, want the same number twice", limits)
	}
}

func TestFilesBecomeDescriptorsFromThreeOn(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	c, err := Start(Spec{Path: "/bin/sh", Args: []string{"-c", "echo four >&4"}, Files: []*os.File{null, w}})
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(r).ReadString('\n'); line != "four\n" {
		t.Errorf("descriptor 4 brought %q, %v", line, err)
	}
	<-c.Done()
	if c.Err() != nil {
		t.Error(c.Err())
	}
}

func TestStartSaysWhatItCouldNotStart(t *testing.T) {
	_, err := Start(Spec{Path: "/nonexistent/program"})
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "/nonexistent/program") {
		t.Errorf("error = %v", err)
	}
}
