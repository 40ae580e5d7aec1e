//go:build wrangler

package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"paddock/engine/enginetest"
	"paddock/internal/peers"
)

// oldWranglers has TestOldWranglers run, which is for a person: it fetches two
// more Wranglers.
var oldWranglers = flag.Bool("old-wranglers", false, "drive the last Wrangler 2 and 3, too")

// wranglerPatience is how long a command of Wrangler may take, and what waits
// for it.
const wranglerPatience = 2 * time.Minute

// TestWrangler runs the scripts of testdata/scripts/wrangler: an unmodified
// Wrangler against the built program and the real engine. It has a build tag
// of its own because every command of Wrangler costs two seconds of CPU.
//
// The commands that these scripts have beside the others are
//
//	[!] wrangler ARG...     runs to its end, pointed at the runtime, in the current folder
//	follow NAME ARG...      wrangler in the background, as start does it with paddock
func TestWrangler(t *testing.T) {
	if testing.Short() {
		t.Skip("Wrangler is slow")
	}
	runWrangler(t, peers.WranglerVersion, "wrangler")
}

// TestOldWranglers does the same with the last releases of older generations:
//
//	go test -tags wrangler ./cmd -run OldWranglers -old-wranglers
func TestOldWranglers(t *testing.T) {
	if !*oldWranglers {
		t.Skip("needs -old-wranglers")
	}
	t.Run("3", func(t *testing.T) { runWrangler(t, "3.114.17", "wrangler3") })
	t.Run("2", func(t *testing.T) { runWrangler(t, "2.21.3", "wrangler2") })
}

// runWrangler runs the scripts of a folder with a version of Wrangler.
func runWrangler(t *testing.T, version, dir string) {
	installed, err := peers.InstallWrangler(t.Context(), version)
	if errors.Is(err, peers.ErrNoNPM) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	program, engine := buildProgram(t), enginetest.Binary(t)
	patience = wranglerPatience
	commands["wrangler"] = func(ts *testscript.TestScript, neg bool, args []string) {
		kitOf(ts).runWrangler(ts, installed, neg, args)
	}
	commands["follow"] = func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) < 2 {
			ts.Fatalf("usage: follow NAME ARG...")
		}
		k := kitOf(ts)
		k.start(ts, args[0], k.wrangler(context.Background(), ts, installed, args[1:]))
	}
	runScripts(t, program, testscript.Params{Dir: "../testdata/scripts/" + dir}, func(env *testscript.Env) {
		env.Setenv("PADDOCK_WORKERD", engine)
		env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
	})
}

// runWrangler runs Wrangler to its end.
func (k *kit) runWrangler(ts *testscript.TestScript, w peers.Wrangler, neg bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), wranglerPatience)
	defer cancel()
	c := k.wrangler(ctx, ts, w, args)
	var out, errOut bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(k.input), &out, &errOut
	k.input = nil
	err := c.Run()
	want := 0
	if neg {
		want = 1
	}
	k.ended(ts, c, err, want, out.Bytes(), errOut.Bytes())
}

// wrangler prepares a run of Wrangler that knows of the runtime what `runtime
// env` prints, but for what the script has set itself.
func (k *kit) wrangler(ctx context.Context, ts *testscript.TestScript, w peers.Wrangler, args []string) *exec.Cmd {
	printed, err := k.command(ctx, ts, []string{"runtime", "env", "--json"}).Output()
	ts.Check(err)
	var variables map[string]string
	ts.Check(json.Unmarshal(printed, &variables))
	c := k.command(ctx, ts, append([]string{w.Script}, args...))
	c.Path, c.Args[0] = w.Node, w.Node
	for name := range variables {
		if value := ts.Getenv(name); value != "" { // the script has chosen another one
			variables[name] = value
		}
	}
	c.Env = append(c.Env, peers.Environment(k.workDir)...)
	c.Env = append(c.Env, "CI=1", "NO_COLOR=1", "FORCE_COLOR=0")
	for name, value := range variables {
		c.Env = append(c.Env, name+"="+value)
	}
	return c
}
