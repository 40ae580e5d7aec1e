package cmd

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"paddock/local"
)

// handover is what the process in the background tells the one that started
// it, as one line on its stdout.
type handover struct {
	local.Info
	Notices string `json:"notices,omitempty"` // for the user, whole lines
	Error   string `json:"error,omitempty"`
	Locked  bool   `json:"locked,omitempty"` // another runtime has the folder
}

// refusal is the handover of a runtime that cannot start.
func refusal(err error) handover {
	var text []string
	for _, d := range explain(err) {
		text = append(text, d.Message)
	}
	var locked *local.LockedError
	return handover{Error: strings.Join(text, "\n"), Locked: errors.As(err, &locked) && !locked.Orphan}
}

// A refusedStart says why a runtime in the background did not start.
type refusedStart struct{ handover }

func (e *refusedStart) Error() string { return e.handover.Error }

// startBackground starts this program once more, detached from the terminal,
// and returns when it serves. It races what the child says against its end,
// so it needs no timeout.
func (a *app) startBackground(ctx context.Context, o runtimeOptions) (local.Info, error) {
	if err := a.needState(); err != nil {
		return local.Info{}, err
	}
	// The engine is fetched here, where there is a terminal to show progress.
	found, err := a.install(ctx)
	if err != nil {
		return local.Info{}, err
	}
	self, err := os.Executable()
	if err != nil {
		return local.Info{}, fmt.Errorf("start the runtime: %w", err)
	}
	list := []string{"runtime", "start", "--background-child", "--state-dir", a.stateDir, "--log-level", a.logLevel}
	if o.portSet {
		list = append(list, fmt.Sprintf("--port=%d", o.port))
	}
	if o.apiPortSet {
		list = append(list, fmt.Sprintf("--api-port=%d", o.apiPort))
	}
	list = append(list, o.limits.args()...)
	list = append(list, o.exposed.args()...)
	child := exec.Command(self, list...)
	child.Dir = string(filepath.Separator) // it must not keep the project's folder busy
	child.SysProcAttr = detached()
	// In that folder it would not find an engine that belongs to the project.
	child.Env = append(os.Environ(), "PADDOCK_WORKERD="+found.Path)
	lastWords, err := a.openLastWords()
	if err != nil {
		return local.Info{}, err
	}
	defer lastWords.Close()
	child.Stderr = lastWords
	out, err := child.StdoutPipe()
	if err != nil {
		return local.Info{}, fmt.Errorf("start the runtime: %w", err)
	}
	if err := child.Start(); err != nil {
		return local.Info{}, fmt.Errorf("start the runtime: %w", err)
	}
	progress := a.io.Progress("Starting the local runtime")
	h, err := awaitHandover(ctx, child, out)
	progress.Done()
	if err != nil {
		return local.Info{}, err
	}
	io.WriteString(a.io.Err, h.Notices)
	return h.Info, nil
}

// startWhenFree is startBackground, but does not believe at once that another
// runtime has the folder: one that was killed a moment ago looks the same. The
// error is a [*refusedStart] if another runtime answers.
func (a *app) startWhenFree(ctx context.Context, o runtimeOptions) (local.Info, error) {
	deadline := time.Now().Add(startPatience)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		started, err := a.startBackground(ctx, o)
		if refused, ok := errors.AsType[*refusedStart](err); !ok || !refused.Locked {
			return started, err
		}
		if _, _, e := a.client(ctx); !errors.Is(e, local.ErrNotRunning) || time.Now().After(deadline) {
			return local.Info{}, err
		}
		select {
		case <-ctx.Done():
			return local.Info{}, context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// openLastWords opens the file for what a runtime in the background has no
// chance to log: the end of a Go program that panics.
func (a *app) openLastWords() (*os.File, error) {
	dir, err := a.makeLogDir()
	if err != nil {
		return nil, err
	}
	return os.OpenFile(filepath.Join(dir, "stderr.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}

func awaitHandover(ctx context.Context, child *exec.Cmd, out io.Reader) (handover, error) {
	stop := context.AfterFunc(ctx, func() { child.Process.Kill() })
	defer stop()
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		child.Wait()
		if ctx.Err() != nil {
			return handover{}, context.Cause(ctx)
		}
		return handover{}, fmt.Errorf("the runtime ended while it started (%v): see the logs in its state folder", child.ProcessState)
	}
	var h handover
	if err := json.Unmarshal(line, &h); err != nil {
		return handover{}, fmt.Errorf("the runtime's first word is not understood: %w", err)
	}
	if h.Error != "" {
		child.Wait()
		return handover{}, &refusedStart{h}
	}
	return h, child.Process.Release()
}
