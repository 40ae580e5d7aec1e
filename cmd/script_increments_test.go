package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// increments counts up in a loop, one request after the other, and keeps book
// of what was acknowledged.
type increments struct {
	stop context.CancelFunc
	done chan struct{}

	mu          sync.Mutex
	sent, acked int
	last        int // the highest count that was answered
	wrong       error
}

var count = regexp.MustCompile(`count: (\d+)$`)

func cmdIncrements(ts *testscript.TestScript, neg bool, args []string) {
	k := kitOf(ts)
	switch {
	case !neg && len(args) == 3 && args[0] == "start":
		ctx, cancel := context.WithCancel(context.Background())
		i := &increments{stop: cancel, done: make(chan struct{})}
		k.increments = i
		k.closeAtEnd(i)
		go i.run(ctx, args[1], args[2])
	case !neg && len(args) == 2 && args[0] == "more":
		k.increments.more(ts, atoi(ts, args[1]))
	case !neg && len(args) == 3 && args[0] == "stop":
		k.increments.Close()
		k.increments.check(ts, args[1], args[2])
	default:
		ts.Fatalf("usage: increments start HOST URL | more N | stop HOST URL")
	}
}

// Close ends the loop. It may be called twice.
func (i *increments) Close() error {
	i.stop()
	<-i.done
	return nil
}

func (i *increments) run(ctx context.Context, host, url string) {
	defer close(i.done)
	for ctx.Err() == nil {
		i.mu.Lock()
		i.sent++
		i.mu.Unlock()
		// The request itself is not cut: its answer would be lost for the books.
		status, body, err := fetch(context.WithoutCancel(ctx), http.MethodGet, host, url, "")
		if err == nil && status == http.StatusOK {
			i.acknowledged(body)
			continue
		}
		select { // nobody is there: a moment later there may be
		case <-ctx.Done():
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (i *increments) acknowledged(body string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	n, err := countIn(body)
	if err == nil && n <= i.last {
		err = fmt.Errorf("the count %d was answered after %d", n, i.last)
	}
	i.acked++
	i.last = max(i.last, n)
	i.wrong = errors.Join(i.wrong, err)
}

func countIn(body string) (int, error) {
	m := count.FindStringSubmatch(body)
	if m == nil {
		return 0, fmt.Errorf("no count in %q", body)
	}
	return strconv.Atoi(m[1])
}

// more waits until that many more increments were acknowledged.
func (i *increments) more(ts *testscript.TestScript, n int) {
	acked := func() int {
		i.mu.Lock()
		defer i.mu.Unlock()
		return i.acked
	}
	want := acked() + n
	until(ts, func() error {
		if got := acked(); got < want {
			return fmt.Errorf("%d increments were acknowledged, want %d", got, want)
		}
		return nil
	})
}

// check compares the books with the count that url answers.
func (i *increments) check(ts *testscript.TestScript, host, url string) {
	var got int
	until(ts, func() error {
		status, body, err := fetch(context.Background(), http.MethodGet, host, url, "")
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("answer is %d %q", status, body)
		}
		if err == nil {
			got, err = countIn(body)
		}
		return err
	})
	ts.Check(i.wrong)
	ts.Logf("%d increments sent, %d acknowledged, count is %d", i.sent, i.acked, got)
	if got < i.acked || got < i.last || got > i.sent {
		ts.Fatalf("%d increments were sent, %d acknowledged, the last as %d, but the count is %d", i.sent, i.acked, i.last, got)
	}
}
