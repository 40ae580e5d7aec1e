package cmd

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/rogpeppe/go-internal/testscript"

	"paddock/engine/enginetest"
)

// patience is how long a script waits for what must come. It is far beyond
// what anything takes, so that only what hangs is cut.
var patience = 20 * time.Second

// TestScripts runs the scripts of testdata/scripts: the built program, as a
// user would start it, on the sample projects and the real engine. Each has a
// state folder and ports of its own. The commands that testscript does not
// know are in [commands].
//
// The program is built, not played by the test binary: it starts itself once
// more for the runtime in the background, gets signals, and is killed.
func TestScripts(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the scripts end programs by signals")
	}
	program, engine := buildProgram(t), enginetest.Binary(t)
	runScripts(t, program, testscript.Params{Dir: "../testdata/scripts"}, func(env *testscript.Env) {
		env.Setenv("PADDOCK_WORKERD", engine)
	})
}

// runScripts runs the scripts of p with a program. setup makes the environment
// of each.
func runScripts(t *testing.T, program string, p testscript.Params, setup func(*testscript.Env)) {
	t.Helper()
	samples, err := filepath.Abs("../testdata")
	if err != nil {
		t.Fatal(err)
	}
	// Programs do not heed a closed terminal if whoever started them wants it so,
	// as nohup does; those of the scripts shall, also when nohup runs the tests.
	heeded := make(chan os.Signal, 1)
	signal.Notify(heeded, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(heeded) })
	p.RequireUniqueNames, p.Cmds = true, commands
	p.Condition = func(name string) (bool, error) {
		if name == "root" {
			return os.Geteuid() == 0, nil
		}
		return false, fmt.Errorf("unknown condition %q", name)
	}
	p.Setup = func(env *testscript.Env) error {
		env.Setenv("PADDOCK_STATE_DIR", filepath.Join(env.WorkDir, "state"))
		env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "config"))
		setup(env)
		for _, name := range []string{
			"CLOUDFLARE_ENV", "CLOUDFLARE_API_BASE_URL", "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_KEY", "CLOUDFLARE_EMAIL", "CLOUDFLARE_ACCOUNT_ID", "XDG_DATA_HOME",
		} {
			env.Setenv(name, "") // not that of whoever runs the test
		}
		for _, name := range []string{"PORT", "API_PORT", "PORT2"} {
			env.Setenv(name, fmt.Sprint(freePort(t)))
		}
		k := &kit{
			program: program, engine: env.Getenv("PADDOCK_WORKERD"), samples: samples, workDir: env.WorkDir,
			sockets: map[string]*socket{}, locks: map[string]*flock.Flock{},
		}
		for _, pair := range env.Vars {
			name, _, _ := strings.Cut(pair, "=")
			k.variables = append(k.variables, name)
		}
		env.Values[kitKey{}] = k
		test := env.T().(testing.TB)
		env.Defer(func() { k.cleanUp(test) })
		return nil
	}
	testscript.Run(t, p)
}

// buildProgram builds paddock for this test run.
func buildProgram(t *testing.T, flags ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "paddock")
	build := exec.CommandContext(t.Context(), "go", slices.Concat([]string{"build", "-o", path}, flags, []string{".."})...)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build paddock: %v\n%s", err, out)
	}
	return path
}

// nextPort is where freePort goes on. Test runs side by side begin at
// different places.
var nextPort atomic.Int32

func init() { nextPort.Store(int32(10000 + os.Getpid()%900*20)) }

// freePort returns a port that nobody listens on. It lies below those that
// systems give to whoever asks for any port, so that nobody takes it until
// the script uses it.
func freePort(t testing.TB) int {
	t.Helper()
	for range 1000 {
		port := int(nextPort.Add(1))
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}
