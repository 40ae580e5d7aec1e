package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// background is a paddock in the background.
type background struct {
	name     string
	cmd      *exec.Cmd
	out, err string        // files
	done     chan struct{} // closed at its end
}

func cmdPaddock(ts *testscript.TestScript, neg bool, args []string) {
	want := 0
	if neg {
		want = 1
	}
	kitOf(ts).run(ts, want, args)
}

func cmdInput(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: input FILE")
	}
	kitOf(ts).input = []byte(ts.ReadFile(args[0]))
}

func cmdMisused(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("unsupported: ! misused")
	}
	kitOf(ts).run(ts, 2, args)
}

// run runs paddock to its end.
func (k *kit) run(ts *testscript.TestScript, want int, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := k.command(ctx, ts, args)
	var out, errOut bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(k.input), &out, &errOut
	k.input = nil
	err := c.Run()
	k.ended(ts, c, err, want, out.Bytes(), errOut.Bytes())
}

// progress are the lines that only appear on a slow machine.
var progress = regexp.MustCompile(`(?m)^(Fetching|Starting|Publishing|Uploading|Deploying|Deleting|Stopping)( .*)?…\n`)

// ended checks how a program has ended and makes its output that of the
// script's last command.
func (k *kit) ended(ts *testscript.TestScript, c *exec.Cmd, err error, want int, out, errOut []byte) {
	errOut = progress.ReplaceAll(errOut, nil)
	ts.Stdout().Write(out)
	ts.Stderr().Write(errOut)
	if err != nil && !errors.As(err, new(*exec.ExitError)) {
		ts.Fatalf("run %s: %v", c.Path, err)
	}
	if got := c.ProcessState.ExitCode(); got != want {
		ts.Fatalf("%s ended with %v, want exit code %d\nstdout:\n%s\nstderr:\n%s", filepath.Base(c.Path), c.ProcessState, want, out, errOut)
	}
	if escapes := bytes.ContainsRune(out, '\x1b') || bytes.ContainsRune(errOut, '\x1b'); escapes && c.Path == k.program {
		ts.Fatalf("paddock drives a terminal where there is none: %q %q", out, errOut)
	}
}

func cmdStart(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: start NAME ARG...")
	}
	k := kitOf(ts)
	k.start(ts, args[0], k.command(context.Background(), ts, args[1:]))
}

// start runs a program in the background.
func (k *kit) start(ts *testscript.TestScript, name string, c *exec.Cmd) {
	p := &background{
		name: name, cmd: c, done: make(chan struct{}),
		out: filepath.Join(k.workDir, name+".out"), err: filepath.Join(k.workDir, name+".err"),
	}
	out, err := os.Create(p.out)
	ts.Check(err)
	defer out.Close()
	errOut, err := os.Create(p.err)
	ts.Check(err)
	defer errOut.Close()
	p.cmd.Stdout, p.cmd.Stderr = out, errOut
	ts.Check(p.cmd.Start())
	go func() {
		defer close(p.done)
		p.cmd.Wait()
	}()
	k.programs = append(k.programs, p)
}

// find returns the latest program of a name.
func (k *kit) find(ts *testscript.TestScript, name string) *background {
	for i := len(k.programs) - 1; i >= 0; i-- {
		if k.programs[i].name == name {
			return k.programs[i]
		}
	}
	ts.Fatalf("no program %q was started", name)
	return nil
}

func cmdInterrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: interrupt NAME [hup|term]")
	}
	s, ok := map[string]os.Signal{"": os.Interrupt, "hup": syscall.SIGHUP, "term": syscall.SIGTERM}[append(args, "")[1]]
	if !ok {
		ts.Fatalf("unknown signal %q", args[1])
	}
	ts.Check(kitOf(ts).find(ts, args[0]).cmd.Process.Signal(s))
}

func cmdAwait(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: [!] await NAME")
	}
	k := kitOf(ts)
	p := k.find(ts, args[0])
	select {
	case <-p.done:
	case <-time.After(patience):
		ts.Fatalf("%s does not end", p.name)
	}
	want := 0
	if neg {
		want = 1
	}
	out, err := os.ReadFile(p.out)
	ts.Check(err)
	errOut, err := os.ReadFile(p.err)
	ts.Check(err)
	k.ended(ts, p.cmd, nil, want, out, errOut)
}

func cmdKill9(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: kill9 PID")
	}
	ts.Check(kill(atoi(ts, args[0])))
}

func kill(pid int) error {
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return p.Kill()
}

func cmdEnded(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ended PID")
	}
	pid := atoi(ts, args[0])
	until(ts, func() error {
		if p, err := os.FindProcess(pid); err != nil || p.Signal(syscall.Signal(0)) != nil || zombie(pid) {
			return nil
		}
		return fmt.Errorf("process %d is still there", pid)
	})
}

func cmdNobody(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: nobody")
	}
	until(ts, func() error { return kitOf(ts).nobody() })
}

// nobody returns an error if a process has the script's environment.
func (k *kit) nobody() error {
	if pids := processesWith("WORK=" + k.workDir); len(pids) > 0 {
		return fmt.Errorf("processes %v are still there", pids)
	}
	return nil
}

// processesWith returns the processes with a variable in their environment,
// where the system tells.
func processesWith(pair string) []int {
	environs, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		return nil
	}
	var pids []int
	for _, path := range environs {
		content, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(append([]byte{0}, content...), []byte("\x00"+pair+"\x00")) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// zombie reports whether a process has ended, but its parent does not know.
func zombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, ok := strings.Cut(string(stat), ") ")
	return err == nil && ok && strings.HasPrefix(state, "Z")
}
