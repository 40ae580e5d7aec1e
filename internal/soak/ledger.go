package soak

import "sync"

// counters is how many counters the load is spread over.
const counters = 8

// A ledger knows what every counter must have counted.
type ledger struct {
	mu    sync.Mutex
	books [counters]book
}

// A book is what was asked of one counter.
type book struct {
	acked     int          // increments that were answered
	ambiguous int          // increments that were sent, but not answered: they may have been done
	answers   map[int]bool // the counts that were answered
	highest   int          // of them
	twice     int          // of them went to two requests: one increment was lost
}

// acknowledge notes an increment that was answered with a count.
func (l *ledger) acknowledge(counter, count int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := &l.books[counter]
	b.acked++
	if b.answers == nil {
		b.answers = map[int]bool{}
	}
	if b.answers[count] {
		b.twice++
	}
	b.answers[count] = true
	b.highest = max(b.highest, count)
}

// doubt notes an increment of which nobody knows whether it was done.
func (l *ledger) doubt(counter int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.books[counter].ambiguous++
}

// sum returns the increments on all counters together.
func (l *ledger) sum() (acked, ambiguous int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range l.books {
		acked += b.acked
		ambiguous += b.ambiguous
	}
	return acked, ambiguous
}

// balance compares the books with what the counters say. It returns how many
// acknowledged increments are missing and how many were done more than once.
func (l *ledger) balance(counts [counters]int) (lost, double int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, b := range l.books {
		lost += max(b.twice, b.acked-counts[i], b.highest-counts[i])
		double += max(0, counts[i]-b.acked-b.ambiguous)
	}
	return lost, double
}
