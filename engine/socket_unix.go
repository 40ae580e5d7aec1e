//go:build unix

package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// maxSocketPath is the longest path of a Unix socket: 107 bytes on Linux, 103
// on macOS, as the kernel's field also holds a final zero.
const maxSocketPath = len(syscall.RawSockaddrUnix{}.Path) - 1

// socketBacklog is how many connections may wait to be accepted; the kernel
// lowers it to what the system allows. It is as large as it can be because a
// connection beyond it does not wait: connecting to a Unix socket fails at once
// with EAGAIN, and a script that computes for a second accepts nobody.
const socketBacklog = 65535

// listenSockets makes a listening socket for each worker that wants one, and
// the health socket, in a folder of their own that nobody else may enter:
// whoever can connect is trusted. The folder is made in the first of bases
// where paths are short enough.
func listenSockets(workers []Worker, bases []string) (_ *socketSet, err error) {
	dir, err := socketDir(bases, socketName(len(workers))) // the longest name
	if err != nil {
		return nil, err
	}
	s := &socketSet{dir: dir, paths: map[string]string{}}
	defer func() {
		if err != nil {
			s.closeFiles()
			s.removeDir()
		}
	}()
	for i, w := range workers {
		if w.Socket {
			if s.paths[w.Name], err = s.listen(socketName(i)); err != nil {
				return nil, err
			}
		}
	}
	if s.health, err = s.listen(healthSocket); err != nil {
		return nil, err
	}
	return s, nil
}

// listen adds a socket and returns its path.
func (s *socketSet) listen(name string) (string, error) {
	path := filepath.Join(s.dir, name)
	f, err := listenUnix(path)
	if err != nil {
		return "", fmt.Errorf("listen at %s: %w", path, err)
	}
	s.sockets = append(s.sockets, listeningSocket{name: name, file: f})
	return path, nil
}

// socketBases lists where sockets may be: in the folder that was asked for, or
// in the user's temporary folder. Either may have a long path, so there is a
// last resort.
func socketBases(asked string) []string {
	bases := []string{os.TempDir(), "/tmp"}
	if asked != "" {
		bases = append([]string{asked}, bases...)
	}
	return bases
}

// socketDir makes a private folder in which a socket of the given name has a
// path that the kernel accepts.
func socketDir(bases []string, name string) (string, error) {
	var problems []error
	for _, base := range bases {
		dir, err := os.MkdirTemp(base, "paddock-")
		if err != nil {
			problems = append(problems, err)
			continue
		}
		path := filepath.Join(dir, name)
		if len(path) <= maxSocketPath {
			return dir, nil
		}
		problems = append(problems, fmt.Errorf("%s has %d bytes", path, len(path)))
		if err := os.Remove(dir); err != nil {
			problems = append(problems, err)
		}
	}
	return "", fmt.Errorf("no folder for the engine's sockets, whose paths may have %d bytes; set TMPDIR to a short, writable one: %w",
		maxSocketPath, errors.Join(problems...))
}

// listenUnix returns a listening socket that stays non-blocking when it is
// passed to a child. Passing means a call of File.Fd, which switches a file
// that it knows to be non-blocking to blocking mode. The mode belongs to the
// open socket, not to a descriptor, so an engine that has the socket already
// would hang in accept from then on. Hence the File is made while the socket
// still blocks, and the mode is changed behind its back.
func listenUnix(path string) (*os.File, error) {
	// No process may be started between the two calls; it would inherit the
	// socket. Only Linux can do both in one.
	syscall.ForkLock.RLock()
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	f := os.NewFile(uintptr(fd), path)
	if err := bindAndListen(fd, path); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func bindAndListen(fd int, path string) error {
	if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}); err != nil {
		return os.NewSyscallError("bind", err)
	}
	if err := syscall.Listen(fd, socketBacklog); err != nil {
		return os.NewSyscallError("listen", err)
	}
	return os.NewSyscallError("setnonblock", syscall.SetNonblock(fd, true))
}
