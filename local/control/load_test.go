package control

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"paddock/internal/cfapi"
	"paddock/tail"
)

var (
	loadTime    = flag.Duration("load", time.Second, "how long TestLoad sends")
	loadClients = flag.Int("clients", 12, "how many clients TestLoad has")
)

// loadScripts is how many scripts the clients of TestLoad share.
const loadScripts = 10

// Many clients upload, list and tail at once. None of them sees a failure of
// the server, and no upload that was acknowledged is lost: each is a version
// and a deployment of its script. The long form is for a person:
//
//	go test ./local/control -run TestLoad -v -timeout 0 -load 60s -clients 100
func TestLoad(t *testing.T) {
	h := newHouse(t)
	for i := range loadScripts {
		h.publish(loadScript(i), form(talking))
	}
	before := heap()
	var (
		peak    atomic.Uint64
		calls   atomic.Int64
		uploads [loadScripts]atomic.Int64
		items   atomic.Int64
	)
	// No deadline: a client that has one fails a moment before it has passed.
	ctx, cancel := context.WithCancel(t.Context())
	defer time.AfterFunc(*loadTime, cancel).Stop()
	defer cancel()
	fail := func(doing string, err error) {
		if err != nil && ctx.Err() == nil {
			t.Errorf("%s: %v", doing, err)
		}
	}
	var all sync.WaitGroup
	for i := range *loadClients {
		script := i / 3 % loadScripts
		name := loadScript(script)
		all.Go(func() {
			switch i % 3 {
			case 0:
				for n := 0; ctx.Err() == nil; n++ {
					f := form(talking + "\n// " + strconv.Itoa(n) + strings.Repeat(" filler", 10_000))
					// Whether an upload that is given up has happened is not known.
					_, err := h.client.PutScript(t.Context(), name, f)
					fail("upload", err)
					if err == nil {
						uploads[script].Add(1)
					}
					calls.Add(1)
				}
			case 1:
				for ctx.Err() == nil {
					_, err := cfapi.Call[[]cfapi.Script](ctx, h.client, "GET", h.client.AccountPath("workers", "scripts"), nil)
					fail("list scripts", err)
					_, err = h.client.Versions(ctx, name)
					fail("list versions", err)
					_, err = h.client.RuntimeStatus(ctx)
					fail("status", err)
					calls.Add(3)
					for seen := heap(); ; {
						if old := peak.Load(); seen <= old || peak.CompareAndSwap(old, seen) {
							break
						}
					}
				}
			case 2:
				client := &tail.Client{API: h.client, Script: name, OnMessage: func([]byte) error { items.Add(1); return nil }}
				if err := client.Run(ctx); err != nil && ctx.Err() == nil {
					t.Errorf("tail: %v", err)
				}
			}
		})
	}
	all.Go(func() {
		for ctx.Err() == nil {
			h.fetch("GET", loadScript(0), "/tick")
		}
	})
	all.Wait()
	var acknowledged int64
	for i := range loadScripts {
		want := uploads[i].Load() + 1
		acknowledged += want
		list, err := h.client.Versions(t.Context(), loadScript(i))
		if err != nil {
			t.Fatal(err)
		}
		newest := 0
		for _, v := range list {
			newest = max(newest, v.Number)
		}
		if int64(newest) != want {
			t.Errorf("%s has %d versions, and %d were acknowledged", loadScript(i), newest, want)
		}
		h.fetch("GET", loadScript(i), "/")
	}
	t.Logf("%d clients, %v: %d uploads, %d calls, %d tail items; heap %d MB before, %d MB at most; %s",
		*loadClients, *loadTime, acknowledged, calls.Load(), items.Load(), before>>20, peak.Load()>>20, resident())
}

func loadScript(i int) string { return fmt.Sprintf("load%d", i) }

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// resident is what Linux says of this process.
func resident() string {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "resident memory unknown"
	}
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "VmHWM:") {
			return "resident at most " + strings.TrimSpace(strings.TrimPrefix(line, "VmHWM:"))
		}
	}
	return "resident memory unknown"
}
