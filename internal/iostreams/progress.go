package iostreams

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// showAfter is how long work may last before it is announced.
const showAfter = 500 * time.Millisecond

// A Progress tells a waiting person that something goes on. On a terminal it
// is one line that is redrawn and removed at the end; elsewhere the label is
// printed once. Nothing appears for work that is done within half a second.
type Progress struct {
	s     *Streams
	label string
	start time.Time

	mu    sync.Mutex
	done  int64
	total int64 // bytes; 0 when unknown
	drawn bool
	ended bool
	stop  chan struct{}
	idle  chan struct{}
}

// Progress starts a progress line. Call Done when the work has ended.
func (s *Streams) Progress(label string) *Progress {
	p := &Progress{s: s, label: label, start: time.Now(), stop: make(chan struct{}), idle: make(chan struct{})}
	go p.run()
	return p
}

// Note prints a line for a person, above a progress line if there is one.
func (s *Streams) Note(format string, args ...any) {
	start := ""
	if s.ErrTTY {
		start = "\r\x1b[K"
	}
	fmt.Fprintf(s.Err, start+format+"\n", args...)
}

// Set says how many of how many bytes are done; a total of 0 is unknown.
func (p *Progress) Set(done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done, p.total = done, total
}

// Done removes the line. It may be called more than once.
func (p *Progress) Done() {
	p.mu.Lock()
	if p.ended {
		p.mu.Unlock()
		return
	}
	p.ended = true
	p.mu.Unlock()
	close(p.stop)
	<-p.idle
	if p.drawn && p.s.ErrTTY {
		fmt.Fprint(p.s.Err, "\r\x1b[K")
	}
}

func (p *Progress) run() {
	defer close(p.idle)
	first := time.NewTimer(showAfter)
	defer first.Stop()
	select {
	case <-p.stop:
		return
	case <-first.C:
	}
	p.draw()
	if !p.s.ErrTTY {
		return // one line is enough where nothing can be redrawn
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-tick.C:
			p.draw()
		}
	}
}

func (p *Progress) draw() {
	p.mu.Lock()
	done, total := p.done, p.total
	p.mu.Unlock()
	p.drawn = true
	if !p.s.ErrTTY {
		fmt.Fprintf(p.s.Err, "%s…\n", p.label)
		return
	}
	const width = 24
	bar := ""
	switch {
	case total > 0:
		full := int(min(done*width/total, width))
		bar = fmt.Sprintf(" %s%s %d%% of %.1f MB", strings.Repeat("█", full), strings.Repeat("░", width-full),
			min(done*100/total, 100), float64(total)/1e6)
	case done > 0:
		bar = fmt.Sprintf(" %.1f MB", float64(done)/1e6)
	default:
		bar = fmt.Sprintf(" %ds", int(time.Since(p.start).Seconds()))
	}
	fmt.Fprintf(p.s.Err, "\r\x1b[K%s%s", p.label, bar)
}
