package engine

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// untilGo makes the fake npm stay away until release is called.
const untilGo = `while [ ! -e "$scratch/go" ]; do sleep 0.02; done`

func (c *fakeCloud) release() { binaryTestFile(c.t, filepath.Join(c.dir, "go"), "", 0o600) }

func TestInstall(t *testing.T) {
	c := newFakeCloud(t)
	c.npm("pwd > \"$scratch/cwd\"\n" + c.serve())
	b, err := c.finder().Install(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if b.Source != "npm" || b.Path != c.cached() {
		t.Errorf("got %+v", b)
	}
	checkInstalled(t, c, b)
	if got, err := b.ReportedVersion(t.Context()); err != nil || got != "workerd 2026-11-17" {
		t.Errorf("installed binary said %q, %v", got, err)
	}
	for _, dir := range []string{c.cache, filepath.Dir(b.Path)} {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", dir, info.Mode(), err)
		}
	}
	if call := c.calls()[0]; !strings.HasPrefix(call, "pack ") || !strings.HasSuffix(call, " "+testPackage+"@"+Version) {
		t.Errorf("npm was asked %q", call)
	}
	cwd, err := os.ReadFile(filepath.Join(c.dir, "cwd"))
	if err != nil || !strings.HasPrefix(string(cwd), c.cache) {
		t.Errorf("npm ran in %q, %v, where a project's .npmrc could be", cwd, err)
	}
	if b, err := c.finder().Install(t.Context()); err != nil || b.Source != "cache" || len(c.calls()) != 1 {
		t.Errorf("second time: %+v, %v, %d calls", b, err, len(c.calls()))
	}
}

// checkInstalled fails unless the cache holds the right binary and nothing
// but what belongs there.
func checkInstalled(t *testing.T, c *fakeCloud, b Binary) {
	t.Helper()
	text, err := os.ReadFile(b.Path)
	if err != nil || string(text) != testBinary {
		t.Errorf("installed %q, %v", text, err)
	}
	if info, err := os.Stat(b.Path); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	folder := filepath.Base(filepath.Dir(c.cached()))
	want := []string{folder + "/workerd", folder + "/workerd.verified.json", installLock}
	if got := c.files(); !slices.Equal(got, want) {
		t.Errorf("the cache holds %q, want %q", got, want)
	}
	if left := installLeftovers(t, c); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestConcurrentInstalls(t *testing.T) {
	c := newFakeCloud(t)
	c.npm(untilGo + "\n" + c.serve())
	type result struct {
		b   Binary
		err error
	}
	results := make(chan result)
	start := func() {
		go func() {
			b, err := c.finder().Install(t.Context())
			results <- result{b, err}
		}()
	}
	start()
	installWaitForCalls(t, c)

	// One that has no patience gives up at the lock, not in npm.
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := c.finder().Install(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "wait for another installation") {
		t.Errorf("impatient: %v", err)
	}
	start()
	c.release()
	var sources []string
	for range 2 {
		r := <-results
		if r.err != nil {
			t.Fatal(r.err)
		}
		checkInstalled(t, c, r.b)
		sources = append(sources, r.b.Source)
	}
	slices.Sort(sources)
	if !slices.Equal(sources, []string{"cache", "npm"}) || len(c.calls()) != 1 {
		t.Errorf("sources %q, npm called %d times", sources, len(c.calls()))
	}
}

func TestInstallCancelled(t *testing.T) {
	c := newFakeCloud(t)
	c.npm(`echo half > "$dest/cloudflare-workerd.tgz"; ` + untilGo)
	defer c.release()
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupted := errors.New("interrupted by the user")
	done := make(chan error)
	go func() {
		_, err := c.finder().Install(ctx)
		done <- err
	}()
	installWaitForCalls(t, c)
	cancel(interrupted)
	if err := <-done; !errors.Is(err, interrupted) {
		t.Errorf("got %v", err)
	}
	checkNothingKept(t, c)
}

func TestInstallProgress(t *testing.T) {
	c := newFakeCloud(t)
	c.npm(untilGo + "\n" + c.serve())
	type step struct{ done, total int64 }
	var steps []step // written by one goroutine at a time, read after Install
	f := c.finder()
	f.Progress = func(done, total int64) {
		steps = append(steps, step{done, total})
		c.release()
	}
	if _, err := f.Install(t.Context()); err != nil {
		t.Fatal(err)
	}
	first, last := steps[0], steps[len(steps)-1]
	if want := (step{c.rel.tarballSize, c.rel.tarballSize}); first != (step{}) || last != want {
		t.Errorf("steps %v, want from %v to %v", steps, step{}, want)
	}
}

// installChildEnv makes a copy of the test binary an installer to be killed.
const installChildEnv = "ENGINE_TEST_INSTALL_CHILD"

// The lock of an installer that was killed must not block the next one, not
// even while its npm is still there, and its leftovers must go.
func TestInterruptedInstall(t *testing.T) {
	c := newFakeCloud(t)
	if cache := os.Getenv(installChildEnv); cache != "" {
		c.cache = cache
		c.npm(`echo half > "$dest/cloudflare-workerd.tgz"; echo $$ > "` + cache + `/npm-runs"; exec sleep 60`)
		_, err := c.finder().Install(t.Context())
		t.Fatalf("was not killed: %v", err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestInterruptedInstall$")
	child.Env = append(os.Environ(), installChildEnv+"="+c.cache, "TMPDIR="+t.TempDir())
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	running := filepath.Join(c.cache, "npm-runs")
	installWaitFor(t, "the child's npm", func() bool {
		text, err := os.ReadFile(running)
		return err == nil && strings.HasSuffix(string(text), "\n")
	})
	t.Cleanup(func() { installEndOrphan(t, running) })
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // says "killed"
	if left := installLeftovers(t, c); len(left) != 1 {
		t.Fatalf("the killed installation left %q, so this test shows nothing", left)
	}
	stale := filepath.Join(filepath.Dir(c.cached()), stampPrefix+"123")
	binaryTestFile(t, stale, "{", 0o600)

	b, err := c.finder().Install(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	installEndOrphan(t, running)
	checkInstalled(t, c, b)
	if left := installLeftovers(t, c); len(left) != 0 {
		t.Errorf("left: %q", left)
	}
}

// installEndOrphan ends the npm that its killed parent left and forgets its pid.
func installEndOrphan(t *testing.T, pidFile string) {
	t.Helper()
	text, err := os.ReadFile(pidFile)
	if errors.Is(err, fs.ErrNotExist) {
		return // done before
	}
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	orphan, err := os.FindProcess(pid)
	if err == nil {
		err = orphan.Kill()
	}
	if err = errors.Join(err, os.Remove(pidFile)); err != nil {
		t.Errorf("end the child's npm: %v", err)
	}
}

// installLeftovers lists the folders of unfinished installations.
func installLeftovers(t *testing.T, c *fakeCloud) []string {
	t.Helper()
	entries, err := os.ReadDir(c.cache)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), installPrefix) {
			left = append(left, e.Name())
		}
	}
	return left
}

// checkNothingKept fails unless an installation that failed left no trace but
// its lock file.
func checkNothingKept(t *testing.T, c *fakeCloud) {
	t.Helper()
	if got := c.files(); !slices.Equal(got, []string{installLock}) {
		t.Errorf("the cache holds %q", got)
	}
	if left := installLeftovers(t, c); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func installWaitForCalls(t *testing.T, c *fakeCloud) {
	t.Helper()
	installWaitFor(t, "a call of npm", func() bool { return len(c.calls()) > 0 })
}

func installWaitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("no sign of %s", what)
		}
	}
}
