package soak

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Report says what came of a load.
type Report struct {
	Took     time.Duration
	Requests int            // that were sent
	Failed   map[string]int // requests by what was wrong with them
	Excused  map[string]int // the same, where a kill was the cause
	Longest  time.Duration  // that a request took, without what is slow by itself

	Unavailable  int // answers with status 503
	Acknowledged int // increments that were answered
	Ambiguous    int // increments that were sent but not answered
	Lost         int // increments that were acknowledged and are not there
	Double       int // increments that were done more often than asked

	Reconnects int // WebSockets that were told to connect again, and found new code
	Broken     int // WebSockets that ended without a word
}

// Err returns what must not have happened; without Lossy, that is any failed
// request and any doubt.
func (r Report) Err() error {
	var errs []error
	for what, n := range r.Failed {
		errs = append(errs, fmt.Errorf("%d times: %s", n, what))
	}
	if r.Lost > 0 || r.Double > 0 {
		errs = append(errs, fmt.Errorf("%d acknowledged increments were lost, %d were done twice", r.Lost, r.Double))
	}
	if r.Acknowledged == 0 && r.Requests == 0 {
		errs = append(errs, errors.New("no request was sent: that is no load"))
	}
	return errors.Join(errs...)
}

// String returns the figures as lines of text.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d requests in %s (%.0f per second), %d failed, %d excused, %d times 503, longest wait %s\n", r.Requests,
		r.Took.Round(time.Second), float64(r.Requests)/r.Took.Seconds(), sum(r.Failed), sum(r.Excused), r.Unavailable, r.Longest.Round(time.Millisecond))
	fmt.Fprintf(&b, "%d increments acknowledged, %d ambiguous, %d lost, %d double\n", r.Acknowledged, r.Ambiguous, r.Lost, r.Double)
	fmt.Fprintf(&b, "%d WebSockets reconnected to new code, %d broke\n", r.Reconnects, r.Broken)
	for _, what := range slices.Sorted(maps.Keys(r.Excused)) {
		fmt.Fprintf(&b, "excused %d times: %s\n", r.Excused[what], what)
	}
	return b.String()
}

func sum(m map[string]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}

func (r *Report) fail(what string, err error) { r.Failed[what+": "+reason(err)]++ }

// A tally is a report in the making.
type tally struct {
	mu sync.Mutex
	r  Report
}

// note notes a request that took so long.
func (t *tally) note(what string, took time.Duration, err error, lossy bool) {
	t.update(func(r *Report) {
		r.Requests++
		if refused, ok := errors.AsType[*refusal](err); ok && refused.status == http.StatusServiceUnavailable {
			r.Unavailable++
		}
		switch {
		case err == nil:
			r.Longest = max(r.Longest, took)
		case lossy && excusable(err):
			r.Excused[reason(err)]++
		default:
			r.fail(what, err)
		}
	})
}

func (t *tally) update(change func(*Report)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.r.Failed == nil {
		t.r.Failed, t.r.Excused = map[string]int{}, map[string]int{}
	}
	change(&t.r)
}

func (t *tally) report() (r Report) {
	t.update(func(now *Report) {
		r = *now
		r.Failed, r.Excused = maps.Clone(r.Failed), maps.Clone(r.Excused)
	})
	return r
}
