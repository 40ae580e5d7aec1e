package cmd

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"paddock/bundle"
	"paddock/config"
	"paddock/internal/iostreams"
	"paddock/local"
)

// killer kills a script's runtime and its engines, at random.
type killer struct {
	*kit
	ts   *testscript.TestScript
	rand *rand.Rand
	file string // with the version

	version int // that was written last
	shipped int // that a publish has acknowledged
}

// kills kills the runtime, its engines or both again and again: while nothing
// but requests goes on, in the middle of a publish, or during a restart.
func (k *kit) kills(ts *testscript.TestScript, file string) {
	ts.Logf("-seed %d", *soakSeed)
	a := &killer{kit: k, ts: ts, file: file, rand: rand.New(rand.NewPCG(*soakSeed, 0))}
	count := map[string]int{}
	for n := 0; n < *soakKills; n++ {
		count[a.round()]++
	}
	ts.Logf("killed: %v", count)
	a.settled()
}

// round kills somebody and returns who it was.
func (a *killer) round() string {
	publish := make(chan error, 1)
	publishing := a.rand.IntN(3) == 0
	if publishing {
		a.version++
		writeVersion(a.ts, a.file, a.version)
		go func() { publish <- a.publish() }()
	}
	time.Sleep(time.Duration(a.rand.IntN(250)) * time.Millisecond) // the random moment
	victim := a.kill()
	if publishing && <-publish == nil {
		a.shipped = a.version
	}
	// One time in four the next kill hits whatever comes up again.
	if a.rand.IntN(4) > 0 {
		a.more(a.ts, 10)
		a.servesWhatWasShipped()
	}
	return victim
}

// kill kills engines, the runtime, or both, and starts the runtime again at
// once if it was that.
func (a *killer) kill() string {
	engines := func() {
		for _, pid := range a.engines() {
			kill(pid) // it may have ended by itself meanwhile, as a candidate does
		}
	}
	runtime := func() {
		info, _, err := local.Running(a.state())
		a.ts.Check(err)
		a.ts.Check(kill(info.PID))
	}
	victim := [...]string{"engine", "runtime", "both"}[a.rand.IntN(3)]
	switch victim {
	case "engine":
		engines()
		return victim
	case "runtime":
		runtime()
	case "both":
		first, second := engines, runtime
		if a.rand.IntN(2) == 0 {
			first, second = second, first
		}
		first()
		second()
	}
	if a.rand.IntN(4) == 0 {
		a.startInVain()
		victim += ", again while it started"
	}
	a.run(a.ts, 0, a.start())
	return victim
}

func (a *killer) state() string { return a.ts.Getenv("PADDOCK_STATE_DIR") }

// start is the command line that starts the runtime.
func (a *killer) start() []string {
	return []string{"runtime", "start", "--port", a.ts.Getenv("PORT"), "--api-port", a.ts.Getenv("API_PORT")}
}

// startInVain starts the runtime and kills it before it serves.
func (a *killer) startInVain() {
	c := a.command(context.Background(), a.ts, a.start())
	a.ts.Check(c.Start())
	time.Sleep(time.Duration(a.rand.IntN(80)) * time.Millisecond)
	c.Process.Kill()
	for _, pid := range processesWith("WORK=" + a.workDir) {
		kill(pid)
	}
	c.Wait()
}

// publish does what the command does, but for starting a runtime where none is.
func (a *killer) publish() error {
	io, _, _, _ := iostreams.Test()
	o := &publishOptions{app: &app{io: io, stateDir: a.state(), configs: []string{filepath.Join(a.workDir, "soak", "wrangler.toml")}}}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	w, err := o.worker(config.Overrides{}, false)
	if err != nil {
		return err
	}
	built, err := o.build(ctx, w, bundle.Options{})
	if err != nil {
		return err
	}
	client, status, err := o.client(ctx)
	if err != nil {
		return err
	}
	_, err = o.ship(ctx, client, status, w, built)
	return err
}

// engines returns the engines of the script, candidates included.
func (k *kit) engines() []int {
	var pids []int
	for _, pid := range processesWith("WORK=" + k.workDir) {
		if exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)); err == nil && filepath.Base(exe) == filepath.Base(k.engine) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// servesWhatWasShipped checks that no publish that was acknowledged is lost.
func (a *killer) servesWhatWasShipped() {
	until(a.ts, func() error {
		got, err := a.soak.version()
		if err == nil && (got < a.shipped || got > a.version) {
			a.ts.Fatalf("version %d is served; %d was published, %d is the last one that was tried", got, a.shipped, a.version)
		}
		return err
	})
}

// settled checks that after all kills there is as much as before them.
func (a *killer) settled() {
	a.more(a.ts, 10)
	a.servesWhatWasShipped()
	until(a.ts, func() error {
		if engines := a.engines(); len(engines) != 1 {
			return fmt.Errorf("engines %v are running, want one", engines)
		}
		return nil
	})
	sockets, err := os.ReadDir(filepath.Join(a.state(), "run"))
	a.ts.Check(err)
	if len(sockets) != 1 {
		a.ts.Fatalf("%d folders of sockets are left, want that of one engine: %v", len(sockets), sockets)
	}
}
