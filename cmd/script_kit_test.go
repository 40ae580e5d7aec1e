package cmd

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/rogpeppe/go-internal/testscript"

	"paddock/local"
)

// commands are what scripts can do beyond testscript's own commands.
var commands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"paddock":   cmdPaddock,   // [!] paddock ARG...: runs to its end; exit code 0, with ! 1
	"misused":   cmdMisused,   // misused ARG...: paddock's exit code is 2
	"input":     cmdInput,     // input FILE: is what the next paddock reads from stdin
	"start":     cmdStart,     // start NAME ARG...: paddock in the background, with output to NAME.out and NAME.err
	"interrupt": cmdInterrupt, // interrupt NAME [hup|term]: as by Ctrl-C, by closing the terminal, or by kill
	"await":     cmdAwait,     // [!] await NAME: its end, with exit code 0, with ! 1; then stdout and stderr are its
	"kill9":     cmdKill9,     // kill9 PID
	"ended":     cmdEnded,     // ended PID: waits for the end of a process
	"nobody":    cmdNobody,    // nobody: waits until no process of the script is left, engines included
	"waitfor":   cmdWaitFor,   // waitfor [-count N] FILE REGEXP: waits until the file matches (N times)
	"edit":      cmdEdit,      // edit FILE OLD NEW: saves a file, in place
	"project":   cmdProject,   // project NAME...: copies sample projects into the current folder
	"status":    cmdStatus,    // status [-until REGEXP]: `runtime status --json` into variables, see there
	"session":   cmdSession,   // session NAME: the pids of a dev session as PID and ENGINE, its folder as STATE
	"occupy":    cmdOccupy,    // occupy PORT: listens there until the script ends
	"lock":      cmdLock,      // lock FILE: holds a lock on it until the script ends
	"unlock":    cmdUnlock,    // unlock FILE: lets go of it
	"sqlite":    cmdSQLite,    // sqlite FILE STATEMENT
	"http":      cmdHTTP,      // http [-host H] [-X METHOD] [-d BODY] [-accept TYPE] [-wait] URL STATUS REGEXP; the body is stdout
	"stuck":     cmdStuck,     // stuck HOST URL: makes a request there and waits until another one is not answered
	"ws":        cmdWS,        // ws open NAME URL [HOST] | send NAME TEXT | expect NAME REGEXP | closed NAME CODE
	"soak":      cmdSoak,      // soak start|more|reload|publish|kill|stop, see there
	"fds":       cmdFDs,       // fds note|same PID: a process has as many descriptors open as when they were noted
}

type kitKey struct{}

func kitOf(ts *testscript.TestScript) *kit { return ts.Value(kitKey{}).(*kit) }

// kit is what one script has going.
type kit struct {
	program   string // path of paddock
	engine    string // path of the engine
	samples   string // folder of the sample projects
	workDir   string
	variables []string // names of the environment variables that programs get

	input    []byte // stdin of the next run
	programs []*background
	sockets  map[string]*socket
	soak     *soakRun
	fds      int // that were noted
	locks    map[string]*flock.Flock
	closers  []func() error
}

// command prepares a run of paddock with the script's folder and variables.
func (k *kit) command(ctx context.Context, ts *testscript.TestScript, args []string) *exec.Cmd {
	c := exec.CommandContext(ctx, k.program, args...)
	c.Dir = ts.MkAbs(".")
	c.WaitDelay = time.Second // should a child of it hold the pipes
	for _, name := range k.variables {
		c.Env = append(c.Env, name+"="+ts.Getenv(name))
	}
	return c
}

// until tries again and again until there is no error.
func until(ts *testscript.TestScript, try func() error) {
	if err := poll(patience, try); err != nil {
		ts.Fatalf("%v", err)
	}
}

func poll(limit time.Duration, try func() error) error {
	deadline := time.After(limit)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-deadline:
			return err
		case <-tick.C:
		}
	}
}

func atoi(ts *testscript.TestScript, s string) int {
	n, err := strconv.Atoi(s)
	ts.Check(err)
	return n
}

// cleanUp ends whatever the script has left running, and shows what it
// printed if the script has failed.
func (k *kit) cleanUp(t testing.TB) {
	for _, c := range k.closers {
		c()
	}
	for _, p := range k.programs {
		p.cmd.Process.Signal(syscall.SIGTERM)
	}
	for _, p := range k.programs {
		select {
		case <-p.done:
		case <-time.After(patience):
			t.Errorf("%s does not end", p.name)
			p.cmd.Process.Kill()
			<-p.done
		}
	}
	k.stopRuntimes(t)
	err := poll(patience, k.nobody)
	if err != nil {
		t.Error(err)
		for _, pid := range processesWith("WORK=" + k.workDir) {
			kill(pid)
		}
	}
	if t.Failed() {
		k.showOutput(t)
	}
}

// stopRuntimes stops the runtimes in the background.
func (k *kit) stopRuntimes(t testing.TB) {
	locks, err := filepath.Glob(filepath.Join(k.workDir, "*", "runtime.lock"))
	if err != nil {
		t.Error(err)
	}
	for _, lock := range locks {
		dir := filepath.Dir(lock)
		info, _, err := local.Running(dir)
		if err != nil {
			continue // none is running
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		out, err := exec.CommandContext(ctx, k.program, "runtime", "stop", "--state-dir", dir).CombinedOutput()
		cancel()
		if err != nil {
			t.Errorf("stop runtime %d: %v\n%s", info.PID, err, out)
			kill(info.PID)
		}
	}
}

func (k *kit) showOutput(t testing.TB) {
	var files []string
	for _, p := range k.programs {
		files = append(files, p.out, p.err)
	}
	logs, _ := filepath.Glob(filepath.Join(k.workDir, "*", "logs", "*.log"))
	for _, file := range append(files, logs...) {
		text, err := os.ReadFile(file)
		if err == nil && len(text) > 0 {
			t.Logf("%s:\n%s", filepath.Base(file), text)
		}
	}
}
