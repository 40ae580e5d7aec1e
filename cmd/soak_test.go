package cmd

import (
	"flag"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"paddock/engine/enginetest"
)

// How much [TestSoak] does. The defaults are what a test run has time for.
var (
	soakFor   = flag.Duration("soak", 0, "for how long to reload and to publish under load, if not -swaps times")
	soakSwaps = flag.Int("swaps", 20, "how often to reload and to publish under load")
	soakKills = flag.Int("kills", 20, "how often to kill processes under load")
	soakSeed  = flag.Uint64("seed", rand.Uint64(), "of the moments and the victims of the kills")
)

// TestSoak runs the scripts of testdata/scripts/soak: the whole program under
// the load of internal/soak, while code changes and processes are killed. No
// request may fail because of new code, and nothing that was acknowledged may
// be lost, whatever dies. Its long form is for a person:
//
//	go test ./cmd -run Soak -v -timeout 0 -soak 10m -kills 200
//
// The scripts run one after the other: each of them is what a machine has to
// stand.
func TestSoak(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the scripts end programs by signals")
	}
	program, engine := buildProgram(t), enginetest.Binary(t)
	for _, name := range []string{"reload", "publish", "kill"} {
		t.Run(name, func(t *testing.T) {
			script := testscript.Params{Files: []string{"../testdata/scripts/soak/" + name + ".txtar"}}
			runScripts(t, program, script, func(env *testscript.Env) { env.Setenv("PADDOCK_WORKERD", engine) })
		})
	}
}
