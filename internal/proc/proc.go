// Package proc starts and supervises child processes.
//
// [Start] is the place to begin: the [Child] it returns runs in a process
// group of its own, so that a Ctrl-C meant for paddock does not reach it, and
// has exactly one Wait; its end is a channel that anybody may watch. Stop is
// bounded: a polite signal first, a kill at the deadline. On Linux no child
// outlives paddock, however paddock ends; other systems have no means for it.
package proc

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// killDeadline is how long a killed child may take to be gone. The kernel
// needs milliseconds; only a process that hangs in a system call (a dead
// network disk) takes longer.
const killDeadline = 5 * time.Second

// Spec describes a child. Every file in it stays the caller's, who may close
// it once Start has returned.
type Spec struct {
	Path   string
	Args   []string   // without the program's name
	Env    []string   // nil: that of this process
	Stdout *os.File   // nil: the null device
	Stderr *os.File   // nil: the null device
	Files  []*os.File // become descriptors 3, 4, … of the child
}

// A Child is a started process. Its methods may be called at any time, from
// any goroutine, any number of times.
type Child struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // valid once done is closed
}

// Start starts a child. A goroutine waits for its end.
func Start(spec Spec) (*Child, error) {
	raiseFileLimit()
	cmd := exec.Command(spec.Path, spec.Args...)
	cmd.Env = spec.Env
	cmd.ExtraFiles = spec.Files
	cmd.SysProcAttr = sysProcAttr()
	// A nil *os.File in these interfaces would not be nil.
	if spec.Stdout != nil {
		cmd.Stdout = spec.Stdout
	}
	if spec.Stderr != nil {
		cmd.Stderr = spec.Stderr
	}
	if err := launch(cmd); err != nil {
		return nil, fmt.Errorf("start process: %w", err)
	}
	c := &Child{cmd: cmd, done: make(chan struct{})}
	go func() {
		c.err = cmd.Wait()
		close(c.done)
	}()
	return c, nil
}

// PID returns the child's process id.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// Done returns a channel that is closed when the child has ended.
func (c *Child) Done() <-chan struct{} { return c.done }

// Err returns how the child ended: nil for exit status 0, otherwise an
// [*exec.ExitError]. Before the end it returns nil.
func (c *Child) Err() error {
	select {
	case <-c.done:
		return c.err
	default:
		return nil
	}
}

// Stop asks the child to end, kills it if it has not ended after grace, and
// returns when it is gone. With no grace it is killed at once. The error says
// that it could not be killed, not how it ended.
//
// Calls may overlap: each kills at its own deadline, so that an impatient
// second call cuts the first one short.
func (c *Child) Stop(grace time.Duration) error {
	if grace > 0 {
		// A failure leaves the kill, so there is nothing to do about it.
		if terminate(c.cmd.Process) == nil && c.endsWithin(grace) {
			return nil
		}
	}
	if err := c.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill process %d: %w", c.PID(), err)
	}
	if !c.endsWithin(killDeadline) {
		return fmt.Errorf("process %d is still there %v after it was killed", c.PID(), killDeadline)
	}
	return nil
}

func (c *Child) endsWithin(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-c.done:
		return true
	case <-timer.C:
		return false
	}
}
