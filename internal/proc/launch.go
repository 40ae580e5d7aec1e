package proc

import (
	"os/exec"
	"runtime"
	"sync"
)

// startRequest asks the launcher to start a command.
type startRequest struct {
	cmd    *exec.Cmd
	result chan error
}

// launcher returns the queue of the one goroutine that starts every child.
//
// Linux sends the parent-death signal when the thread that started the child
// ends, not when the process does, and Go ends a thread when a goroutine that
// was locked to it returns. A child started from just any goroutine would be
// killed out of the blue. This goroutine keeps its thread to itself and never
// returns, so the signal comes when it should: at the end of the process.
var launcher = sync.OnceValue(func() chan<- startRequest {
	queue := make(chan startRequest)
	go func() {
		runtime.LockOSThread()
		for r := range queue {
			r.result <- r.cmd.Start()
		}
	}()
	return queue
})

func launch(cmd *exec.Cmd) error {
	result := make(chan error, 1)
	launcher() <- startRequest{cmd: cmd, result: result}
	return <-result
}
