// Package soak puts a runtime under mixed load and keeps book of it, for tests
// that change or kill things meanwhile.
//
// [Start] sends requests at a steady rate to the worker of testdata/soak: GET
// and POST, over kept and over new connections, with slow bodies, slow answers
// and streams, most of them increments of counters; and it holds WebSockets
// open. [Load.Stop] asks the counters what they have counted and returns a
// [Report]: which requests failed, and how many increments were lost or done
// twice. The rate does not depend on the answers, as with real visitors: while
// nobody answers, requests pile up, though not without limit.
package soak

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options say what is put under load. URL is needed.
type Options struct {
	URL     string // where the worker is served, without a path
	Host    string // name of the host that it answers; "" is the URL's
	Rate    int    // requests per second; 0 is 200
	Sockets int    // WebSockets held open; 0 is 4, and a negative number none

	// Stateless leaves out all that needs objects: increments and WebSockets.
	Stateless bool
	// Lossy says that processes will be killed: requests that were under way
	// then may fail, and versions may go back.
	Lossy bool
}

// patience bounds every wait for something that has to come. It is longer than
// the gateway keeps a request waiting.
const patience = time.Minute

// maxUnderWay is how many requests may be under way. A good machine never gets
// there; on one that is too slow for the rate, requests would pile up for no
// other reason.
const maxUnderWay = 80

// A Load is under way from Start to Stop.
type Load struct {
	opts    Options
	prefix  string // of the counters' names: they are this load's alone
	kept    *http.Client
	fresh   *http.Client // opens a connection for each request
	cancel  context.CancelFunc
	all     sync.WaitGroup
	started time.Time

	ledger ledger
	tally  tally
	report Report // set by Stop
	once   sync.Once
}

// Start begins to put a worker under load.
func Start(opts Options) *Load {
	if opts.Rate == 0 {
		opts.Rate = 200
	}
	if opts.Sockets == 0 {
		opts.Sockets = 4
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &Load{
		opts: opts, prefix: rand.Text()[:8], cancel: cancel, started: time.Now(),
		// The runtime closes connections that were idle for two minutes; a
		// request that is sent just then would fail, with any server.
		kept:  &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 1000, IdleConnTimeout: 10 * time.Second}},
		fresh: &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}},
	}
	l.all.Go(func() { l.send(ctx) })
	if !opts.Stateless {
		for n := range opts.Sockets {
			l.all.Go(func() { l.follow(ctx, n) })
		}
	}
	return l
}

// send starts requests at the load's rate. Their end is not awaited, but for
// Stop, and not cut either: their answers would be missing in the books.
func (l *Load) send(ctx context.Context) {
	kinds := l.kinds()
	underWay := make(chan struct{}, maxUnderWay)
	tick := time.NewTicker(time.Second / time.Duration(l.opts.Rate))
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		select {
		case <-ctx.Done():
			return
		case underWay <- struct{}{}:
		}
		l.all.Go(func() {
			defer func() { <-underWay }()
			l.run(kinds[n%len(kinds)], n/len(kinds))
		})
	}
}

// Acknowledged returns how many increments were answered so far. A test that
// wants the load to make itself felt waits until there are some more.
func (l *Load) Acknowledged() int {
	acked, _ := l.ledger.sum()
	return acked
}

// Stop ends the load, waits for the requests under way and asks the counters.
// It may be called more than once.
func (l *Load) Stop() Report {
	l.once.Do(func() {
		l.cancel()
		l.all.Wait()
		l.report = l.account()
		l.kept.CloseIdleConnections()
	})
	return l.report
}

// account makes the report of a load that has ended.
func (l *Load) account() Report {
	r := l.tally.report()
	r.Took = time.Since(l.started)
	r.Acknowledged, r.Ambiguous = l.ledger.sum()
	if l.opts.Stateless {
		return r
	}
	var counts [counters]int
	for i := range counts {
		var err error
		if counts[i], err = l.read(i); err != nil {
			r.fail("read counter", err)
			return r
		}
	}
	r.Lost, r.Double = l.ledger.balance(counts)
	return r
}

// read asks for the value of a counter. After a kill it may take a while until
// somebody answers.
func (l *Load) read(counter int) (int, error) {
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		count, err := l.ask(l.fresh, http.MethodGet, "/read/"+l.counter(counter), nothing)
		if err == nil {
			n, _, err := parseCount(count)
			return n, err
		}
		if !l.opts.Lossy || time.Now().After(deadline) {
			return 0, err
		}
		<-tick.C
	}
}

// url returns a URL of the worker.
func (l *Load) url(path string) string { return strings.TrimSuffix(l.opts.URL, "/") + path }

// counter returns the name of a counter.
func (l *Load) counter(i int) string { return fmt.Sprintf("%s-%d", l.prefix, i) }
