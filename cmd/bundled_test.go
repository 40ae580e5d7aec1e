//go:build bundled

package cmd

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"paddock/engine"
)

// TestBundled runs the scripts of testdata/bundled with a program that has
// the engine inside, where there is nothing else that it could use.
func TestBundled(t *testing.T) {
	program := buildProgram(t, "-tags=bundled")
	runScripts(t, program, testscript.Params{Dir: "../testdata/bundled"}, func(env *testscript.Env) {
		home := filepath.Join(env.WorkDir, "home")
		unpacked := filepath.Join(home, ".cache", "paddock", "engine",
			engine.Version+"-"+runtime.GOOS+"-"+runtime.GOARCH, "workerd")
		for name, value := range map[string]string{
			"HOME": home, "PATH": filepath.Join(env.WorkDir, "nothing"), "XDG_CACHE_HOME": "", "PADDOCK_WORKERD": "", "UNPACKED": unpacked,
		} {
			env.Setenv(name, value)
		}
	})
}

// Whoever builds for a platform whose engine cannot be checked is told why
// that fails.
func TestBundledWithoutChecksum(t *testing.T) {
	for _, system := range []string{"darwin", "windows"} {
		build := exec.CommandContext(t.Context(), "go", "build", "-tags=bundled", "-o", os.DevNull, "../engine")
		build.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64")
		out, err := build.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "no checksum of this platform's engine") {
			t.Errorf("%s: %v\n%s", system, err, out)
		}
	}
}
