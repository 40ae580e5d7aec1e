//go:build unix

package engine_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"

	"paddock/engine"
)

// A pipe that nobody reads puts the engine's only thread to sleep.
func TestMuchOutputDoesNotFreezeTheEngine(t *testing.T) {
	out := newLines()
	const count, long = 30_000, 2 << 20
	p := start(t, engine.Options{OnLine: out.add}, answering(fmt.Sprintf(`
for (let i = 0; i < %d; i++) { console.log("x".repeat(100)); console.error("y".repeat(100)); }
console.log("z".repeat(%d));
return new Response("done");`, count, long)))
	want(t, "answer", get(t, p, "main"), "done")
	if err := p.Stop(5 * time.Second); err != nil {
		t.Fatal(err)
	}
	stdout, stderr := out.texts(false), out.texts(true)
	if len(stdout) != count+1 || len(stderr) != count {
		t.Fatalf("%d and %d lines, want %d and %d", len(stdout), len(stderr), count+1, count)
	}
	if last := stdout[count]; len(last) != long {
		t.Errorf("the long line has %d bytes of %d", len(last), long)
	}
}

func TestStopFinishesRequests(t *testing.T) {
	out := newLines()
	p := start(t, engine.Options{OnLine: out.add}, answering(`
console.log("begun"); await scheduler.wait(300); console.log("finished"); return new Response("whole");`))
	answer := make(chan string, 1)
	go func() { answer <- get(t, p, "main") }()
	out.waitFor(t, false, func(l []string) bool { return len(l) > 0 })
	if err := p.Stop(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	want(t, "answer", <-answer, "whole")
	if exit := p.Exit(); exit.Err != nil || !exit.Expected || exit.LastOutput != "begun\nfinished" {
		t.Errorf("exit = %+v", exit)
	}
	if got := out.texts(false); !slices.Equal(got, []string{"begun", "finished"}) {
		t.Errorf("output = %q", got)
	}
}

// SIGTERM alone waits without limit for a client that stalls in its body.
func TestStopKillsAtTheDeadline(t *testing.T) {
	const grace = 300 * time.Millisecond
	out := newLines()
	p := start(t, engine.Options{OnLine: out.add}, answering(`console.log("begun"); return new Response(await request.text());`))
	conn, err := net.Dial("unix", p.SocketPath("main"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf"); err != nil {
		t.Fatal(err)
	}
	out.waitFor(t, false, func(l []string) bool { return len(l) > 0 })
	begin := time.Now()
	if err := p.Stop(grace); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took < grace || took > grace+3*time.Second {
		t.Errorf("Stop took %v", took)
	}
	checkKilled(t, p, true)
	if err := p.Stop(0); err != nil {
		t.Errorf("second Stop: %v", err)
	}
}

func checkKilled(t *testing.T, p *engine.Process, expected bool) {
	t.Helper()
	exit := p.Exit()
	var status *exec.ExitError
	if !errors.As(exit.Err, &status) || status.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL || exit.Expected != expected {
		t.Errorf("exit = %+v, want killed, expected %v", exit, expected)
	}
}

func TestUnexpectedExitIsAnEvent(t *testing.T) {
	p := start(t, engine.Options{}, answering(`console.error("last words"); return new Response("ok");`))
	get(t, p, "main")
	if exit := p.Exit(); exit != (engine.ExitState{}) {
		t.Errorf("exit of a running engine: %+v", exit)
	}
	if err := syscall.Kill(p.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.Done():
	case <-time.After(5 * time.Second):
		t.Fatal("nobody noticed")
	}
	if err := p.Stop(time.Second); err != nil {
		t.Error(err)
	}
	checkKilled(t, p, false)
	want(t, "last output", p.Exit().LastOutput, "last words")
	// Our copy of the socket must be gone, too: else clients would wait.
	resp, err := client(t, p.SocketPath("main")).Get("http://x/")
	if err == nil {
		resp.Body.Close()
		t.Error("a dead engine answers")
	} else if e := new(net.OpError); !errors.As(err, &e) || e.Op != "dial" {
		t.Errorf("error = %v, want one of connecting", err)
	}
}

func TestEngineThatLoopsCanBeStopped(t *testing.T) {
	out := newLines()
	p := start(t, engine.Options{OnLine: out.add}, answering(`console.log("begun"); while (true);`))
	conn, err := net.Dial("unix", p.SocketPath("main"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	out.waitFor(t, false, func(l []string) bool { return len(l) > 0 })
	if err := p.Stop(100 * time.Millisecond); err != nil {
		t.Fatal(err)
	}
	checkKilled(t, p, true)
}
