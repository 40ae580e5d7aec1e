package local_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"paddock/local"
	"paddock/tail"
)

// Everything at the same time, and Close in the middle of it. The race
// detector and the deadlines of the requests are what is being tested.
func TestHammer(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir(), func(o *local.Options) { o.DrainDeadline = time.Second })
	r.publish(counter("one"))
	r.publish(counter("two"))
	end := make(chan struct{})
	var all sync.WaitGroup
	hammer := func(what string, do func(n int) error) {
		all.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-end:
					return
				default:
				}
				if err := do(n); err != nil && !errors.Is(err, local.ErrClosed) {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
	ctx := context.Background()
	hammer("publish one", func(n int) error {
		_, err := r.Publish(ctx, recount("one", "x"))
		return err
	})
	hammer("join and part", func(n int) error {
		up := upload("three", counterJS, binds("Counter", []string{"one", "two"}[n%2]))
		_, err := r.Publish(ctx, up)
		return err
	})
	hammer("status", func(int) error {
		_, err := r.Status(ctx)
		return err
	})
	hammer("script", func(int) error {
		_, err := r.Script(ctx, "one")
		return err
	})
	hammer("announce", func(int) error {
		_, err := r.Announce("http://public", "http://api")
		return err
	})
	hammer("tail", func(int) error {
		tl, err := r.CreateTail(ctx, "two", tail.Filters{}, "")
		if err != nil {
			return err
		}
		defer r.CloseTail(tl.ID)
		if _, err := r.OpenTail(ctx, tl.Token, loopback); err != nil {
			if errors.Is(err, local.ErrNoTail) {
				return local.ErrClosed // ended by Close before it was opened
			}
			return err
		}
		short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		if _, err := tl.Next(short); err != nil && !errors.Is(err, local.ErrNoTail) && short.Err() == nil {
			return err
		}
		return nil
	})
	for _, script := range []string{"one", "two"} {
		hammer("request", func(int) error {
			status, body, err := r.request(http.MethodGet, script, "/increment")
			if err == nil && status != http.StatusOK && status != http.StatusServiceUnavailable {
				err = errors.New(body)
			}
			return err
		})
	}
	<-time.After(1500 * time.Millisecond)
	r.close()
	close(end)
	all.Wait()
}
