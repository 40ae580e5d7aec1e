package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

const (
	npmProgressEvery = 100 * time.Millisecond
	npmWaitDelay     = 2 * time.Second
	npmKeptOutput    = 64 << 10
	npmKeptLines     = 8
)

// npmPack has npm put the platform's package into dir and returns the
// tarball's path. The tarball is not verified yet.
func (f Finder) npmPack(ctx context.Context, dir string, rel binaryRelease) (string, error) {
	doing := "fetch " + rel.spec()
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", &BinaryError{Doing: doing, Err: fmt.Errorf("npm is not installed: %w", err),
			Hint: "Install Node.js, which brings npm, and make sure that npm is on the PATH;\n" +
				"or get the package elsewhere and set PADDOCK_WORKERD to the workerd in its bin folder."}
	}
	cmd := exec.CommandContext(ctx, npm, "pack", "--json", "--loglevel=error", "--color=false", "--ignore-scripts",
		"--pack-destination="+dir, rel.spec())
	cmd.Dir = dir // so that npm reads no project's .npmrc: a project does not say where the engine comes from
	var stdout, stderr installTail
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = npmWaitDelay // npm's own children may keep the pipes open

	stopProgress := f.watchTarball(dir, rel.tarballSize)
	err = cmd.Run()
	stopProgress()
	if ctx.Err() != nil {
		return "", fmt.Errorf("%s: %w", doing, context.Cause(ctx))
	}
	if err != nil {
		return "", npmError(dir, rel, err, stdout.text, stderr.text)
	}
	// npm 6 to 8 name another file in their JSON than the one they write, so look.
	found := npmTarballs(dir)
	if len(found) != 1 {
		return "", &BinaryError{Doing: doing, Err: fmt.Errorf("npm reported success but left %d packages", len(found)),
			Hint: "Check that `npm pack " + rel.spec() + "` works in an empty folder."}
	}
	return found[0], nil
}

// watchTarball reports the growing tarball until the returned function is
// called. npm downloads into its own cache first, out of sight, hence the
// total of 0 until the tarball appears.
func (f Finder) watchTarball(dir string, size int64) (stop func()) {
	if f.Progress == nil {
		return func() {}
	}
	report := func() {
		if n := npmTarballBytes(dir); n > 0 {
			f.Progress(n, max(n, size))
		} else {
			f.Progress(0, 0)
		}
	}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(npmProgressEvery)
		defer tick.Stop()
		for {
			report()
			select {
			case <-quit:
				report() // npm's last bytes came after the last tick
				return
			case <-tick.C:
			}
		}
	}()
	return func() { close(quit); <-done }
}

// npmTarballs does not use filepath.Glob, which would take a bracket in the
// path of the user's home folder for a pattern.
func npmTarballs(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var found []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".tgz") {
			found = append(found, filepath.Join(dir, e.Name()))
		}
	}
	return found
}

func npmTarballBytes(dir string) int64 {
	found := npmTarballs(dir)
	if len(found) == 0 {
		return 0
	}
	info, err := os.Stat(found[0])
	if err != nil {
		return 0
	}
	return info.Size()
}

// npmError makes one error of what npm had to say.
func npmError(dir string, rel binaryRelease, err error, stdout, stderr []byte) error {
	code, said := npmSaid(stdout, stderr)
	if said != "" {
		err = fmt.Errorf("npm failed (%w):\n%s", err, said)
	} else {
		err = fmt.Errorf("npm failed and said nothing: %w", err)
	}
	if code == "ENOSPC" {
		return installDiskFullError(dir, rel, err)
	}
	return &BinaryError{Doing: "fetch " + rel.spec(), Err: err,
		Hint: "Check the network and npm's settings (`npm ping`, `npm config list`), then try again;\n" +
			"or set PADDOCK_WORKERD to a workerd binary that you have."}
}

// npmSaid returns npm's error code and its message, indented. Newer versions
// put a summary on stdout, which is better than the end of stderr: that is a
// stack or the path of a log. Older ones, and a shell that cannot start npm,
// have stderr only.
func npmSaid(stdout, stderr []byte) (code, message string) {
	var answer struct {
		Error struct{ Code, Summary, Detail string }
	}
	if json.Unmarshal(stdout, &answer) == nil && answer.Error.Summary != "" {
		return answer.Error.Code, npmClean(answer.Error.Summary + "\n" + answer.Error.Detail)
	}
	message = npmClean(string(stderr))
	if m := npmCodeLine().FindStringSubmatch(message); m != nil {
		code = m[1]
	}
	return code, message
}

var (
	npmCodeLine   = lazily(`(?m)^  code (E[A-Z]+)$`)
	npmPrefix     = lazily(`^npm (ERR!|error)\s*`)
	npmNoise      = lazily(`^(A complete log of this run|at )`)
	npmANSI       = lazily(`\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\))`)
	npmControl    = lazily(`[\x00-\x08\x0b-\x1f\x7f]`)
	npmCredential = lazily(`://[^/\s@]+@`)
)

// lazily compiles a pattern when it is first used: most processes never talk to
// npm, and all would pay for it.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// npmClean makes npm's words fit for an error: plain text, no empty lines or
// stack, no more than the last few, and no password from a registry's URL.
func npmClean(s string) string {
	s = npmControl().ReplaceAllString(npmANSI().ReplaceAllString(s, ""), "")
	s = npmCredential().ReplaceAllString(s, "://***@")
	var lines []string
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(npmPrefix().ReplaceAllString(strings.TrimSpace(line), ""))
		if line != "" && !npmNoise().MatchString(line) {
			lines = append(lines, "  "+line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-npmKeptLines):], "\n")
}

// An installTail keeps the end of what is written to it.
type installTail struct{ text []byte }

func (t *installTail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if over := len(t.text) - npmKeptOutput; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}
