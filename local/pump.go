package local

import (
	"sync"

	"paddock/engine"
	"paddock/tail"
)

// A pump takes what an engine prints from the goroutines that read it, which
// must never wait, to those who listen, who may be slow. It keeps the order.
type pump struct {
	rt      *Runtime
	scripts []string
	traced  bool // all scripts have a collector that reports

	mu        sync.Mutex
	more      *sync.Cond
	queue     []printed
	bytes     int
	lost      int
	held      []printed // what was printed on stderr before the engine served
	heldBytes int
	ready     bool
	done      bool
	ended     chan struct{}
}

// printed is one line: raw output, or, with a kind, a report of the collector.
type printed struct {
	kind   byte
	data   []byte
	stderr bool
}

// pumpLimit is how many bytes may wait. What comes beyond is dropped and
// counted: the engine would stand still if it were not read.
const pumpLimit = 64 << 20

// heldLimit is the same for what is held until the engine serves: a script
// that prints in an endless loop at its top level has seconds for it.
const heldLimit = 1 << 20

func newPump(r *Runtime, scripts []string) *pump {
	m := &pump{rt: r, scripts: scripts, traced: r.opts.Trace == TraceAlways, ended: make(chan struct{})}
	m.more = sync.NewCond(&m.mu)
	go m.run()
	return m
}

// line takes a line that is not ours. Once a traced engine serves, console
// lines arrive a second time as part of trace items, which know more. And what
// an engine that does not start prints on stderr is its error.
func (m *pump) line(l engine.Line) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := printed{data: []byte(l.Text), stderr: l.Stderr}
	switch {
	case m.traced && m.ready:
	case l.Stderr && !m.ready && m.heldBytes+len(p.data) > heldLimit:
		m.lost++
	case l.Stderr && !m.ready:
		m.held = append(m.held, p)
		m.heldBytes += len(p.data)
	default:
		m.put(p)
	}
}

// event takes a line of the collector.
func (m *pump) event(kind byte, payload []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(printed{kind: kind, data: payload})
}

// serving says that the engine has started.
func (m *pump) serving() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ready = true
	for _, p := range m.held {
		m.put(p)
	}
	m.held = nil
}

// put queues a line; m.mu is held.
func (m *pump) put(p printed) {
	if m.bytes+len(p.data) > pumpLimit {
		m.lost++
		return
	}
	m.bytes += len(p.data)
	m.queue = append(m.queue, p)
	m.more.Signal()
}

// close delivers what is still there and ends the pump. The engine has been
// read to its end before.
func (m *pump) close() {
	m.mu.Lock()
	m.done = true
	m.more.Signal()
	m.mu.Unlock()
	<-m.ended
}

func (m *pump) run() {
	defer close(m.ended)
	for {
		m.mu.Lock()
		for len(m.queue) == 0 && !m.done {
			m.more.Wait()
		}
		batch, lost := m.queue, m.lost
		m.queue, m.bytes, m.lost = nil, 0, 0
		m.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		for _, p := range batch {
			m.deliver(p)
		}
		if lost > 0 {
			m.rt.log.Warn("engine output was dropped: it came faster than it could be handled", "scripts", m.scripts, "lines", lost)
		}
	}
}

func (m *pump) deliver(p printed) {
	if p.kind == 0 {
		m.output(p)
		return
	}
	item, err := tail.Decode(p.kind, p.data, tail.DecodeOptions{})
	if err != nil {
		m.rt.log.Error("cannot read a trace item", "scripts", m.scripts, "err", err)
		return
	}
	m.rt.deliver(item)
}

func (m *pump) output(p printed) {
	if p.stderr {
		m.rt.log.Warn("engine", "scripts", m.scripts, "line", string(p.data))
	} else {
		m.rt.log.Debug("console", "scripts", m.scripts, "line", string(p.data))
	}
	if f := m.rt.opts.OnOutput; f != nil {
		f(Output{Scripts: m.scripts, Stderr: p.stderr, Text: string(p.data)})
	}
}
