package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// lockFile is the name of the file in a state folder that says who runs it.
const lockFile = "runtime.lock"

// orphanWait is how long a new runtime waits for engines of a dead one. They
// die with it, but not in the same instant.
const orphanWait = 5 * time.Second

// Info is what a runtime says of itself in its state folder.
type Info struct {
	PID     int    `json:"pid"`
	Version string `json:"version"` // of paddock
	Public  string `json:"public"`  // URL that serves the scripts
	API     string `json:"api"`     // URL of the control API, without /client/v4
	Engines []int  `json:"engines"` // pids of the engines
}

// A LockedError says that a state folder is in use.
type LockedError struct {
	Dir    string
	Info   Info
	Orphan bool // the runtime is dead, but an engine of it still holds the objects
}

// Error says who holds the folder and what to do.
func (e *LockedError) Error() string {
	if e.Orphan {
		return fmt.Sprintf("an engine of a runtime that is gone still holds %s (pids %v): end it with kill -9, then start again", e.Dir, e.Info.Engines)
	}
	where := ""
	if e.Info.Public != "" { // it is still starting, or a dev session
		where = ", " + e.Info.Public
	}
	return fmt.Sprintf("a runtime is already running on %s (pid %d%s): stop it with `paddock runtime stop`, or use another --state-dir", e.Dir, e.Info.PID, where)
}

// A stateLock is the exclusive right to a state folder. The locked descriptor
// is inherited by every engine, so that the lock outlives a runtime that was
// killed for as long as one of its engines could still write objects.
type stateLock struct {
	file *os.File
}

// lockState locks a folder for the runtime that owner describes, and returns
// what the file says of the one before if that had no time to empty it. If an
// orphaned engine holds it, lockState waits a moment for its end. The error is
// a [*LockedError] if somebody keeps it.
func lockState(ctx context.Context, dir string, owner Info) (_ *stateLock, before Info, err error) {
	path := filepath.Join(dir, lockFile)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, Info{}, fmt.Errorf("open lock: %w", err)
	}
	deadline := time.Now().Add(orphanWait)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := lockExclusive(f)
		if err == nil {
			// At once: while the file still speaks of a dead runtime, we look
			// like its orphan.
			before, _ := readInfo(path)
			l := &stateLock{file: f}
			if err := l.write(owner); err != nil {
				return nil, Info{}, errors.Join(err, l.release())
			}
			return l, before, nil
		}
		if !errors.Is(err, errLocked) {
			f.Close()
			return nil, Info{}, fmt.Errorf("lock %s: %w", path, err)
		}
		info, _ := readInfo(path)
		// A runtime that ends empties the file just before it lets go.
		orphan := info.PID == 0 || !processAlive(info.PID)
		if !orphan || time.Now().After(deadline) {
			f.Close()
			return nil, Info{}, &LockedError{Dir: dir, Info: info, Orphan: orphan}
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, Info{}, context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// write replaces what the lock file says. Readers may see it half written,
// and then read it again.
func (l *stateLock) write(info Info) error {
	b, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return err
	}
	if _, err := l.file.WriteAt(append(b, '\n'), 0); err != nil {
		return fmt.Errorf("write %s: %w", l.file.Name(), err)
	}
	return l.file.Truncate(int64(len(b)) + 1)
}

// release empties the file and gives up this process's share of the lock.
func (l *stateLock) release() error {
	err := l.file.Truncate(0)
	return errors.Join(err, l.file.Close())
}

// readInfo reads what a runtime says of itself. A file that is just being
// written is read again; an empty one, as an ended runtime leaves it, gives an
// error that wraps io.EOF.
func readInfo(path string) (Info, error) {
	for tries := 0; ; tries++ {
		b, err := os.ReadFile(path)
		if err != nil {
			return Info{}, err
		}
		if len(b) == 0 {
			return Info{}, fmt.Errorf("read %s: %w", path, io.EOF)
		}
		var info Info
		err = json.Unmarshal(b, &info)
		if err == nil {
			return info, nil
		}
		if tries == 100 {
			return Info{}, fmt.Errorf("read %s: %w", path, err)
		}
	}
}

// ErrNotRunning is returned by [Running] when no runtime runs on a folder.
var ErrNotRunning = errors.New("no runtime is running")

// Running returns what the runtime on a state folder says of itself, and the
// token of its control API. The error wraps [ErrNotRunning] if there is none.
func Running(dir string) (Info, string, error) {
	info, err := readInfo(filepath.Join(dir, lockFile))
	if err != nil || info.API == "" || !processAlive(info.PID) {
		return Info{}, "", fmt.Errorf("%w on %s", ErrNotRunning, dir)
	}
	token, err := os.ReadFile(filepath.Join(dir, tokenFile))
	if err != nil {
		return Info{}, "", fmt.Errorf("read the control API's token: %w", err)
	}
	return info, string(token), nil
}

// AwaitEnd waits until the runtime on a state folder has given it up. It does
// not wait for engines that outlived a killed one.
func AwaitEnd(ctx context.Context, dir string) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		info, err := readInfo(filepath.Join(dir, lockFile))
		if err != nil || !processAlive(info.PID) {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// Abandoned reports whether a state folder belonged to a runtime that is gone
// with all its engines. It is false for a folder that never had one.
func Abandoned(dir string) bool {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	return lockExclusive(f) == nil
}
