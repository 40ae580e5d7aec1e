package local

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"paddock/tail"
)

// A client that does not read keeps at most this much waiting; then the
// oldest items are dropped, and it is told.
const (
	tailQueueBytes = 4 << 20
	tailQueueItems = 5000
	// overloadEnds after the queue has been below half for that long.
	overloadEnds = 5 * time.Second
)

// A Tail is one client's view of what a script does.
type Tail struct {
	ID      string
	Token   string // the secret in its URL
	Script  string
	Expires time.Time
	// NeedsUpdate says that opening the tail will swap the script's engine.
	NeedsUpdate bool

	holder string // id of the token that asked for it

	more chan struct{} // has an element when the queue may have one
	done chan struct{} // closed at the end

	mu       sync.Mutex
	filters  tail.Filters
	debug    bool
	peer     netip.Addr
	opened   bool
	ended    bool
	queue    [][]byte
	bytes    int
	dropped  int       // since the overload began
	overload bool      // items were dropped, and it is not over yet
	told     bool      // the client knows of the overload
	calm     time.Time // since when the queue has been below half, during an overload
	reaper   *time.Timer
}

func newTail(script string, filters tail.Filters) *Tail {
	return &Tail{
		ID: randomHex(16), Token: randomHex(32), Script: script, Expires: time.Now().Add(tailLife).Truncate(time.Second),
		filters: filters, more: make(chan struct{}, 1), done: make(chan struct{}),
	}
}

// Filter replaces the filters; clients of Wrangler 1 and 2.0 send them over
// the WebSocket.
func (t *Tail) Filter(filters tail.Filters) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.filters = filters.WithSelf(t.peer)
}

// Debug says whether items that a filter stops are wanted all the same.
func (t *Tail) Debug(on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.debug = on
}

// Next returns the next item as JSON. It returns [ErrNoTail] when the tail
// has ended: it expired, was deleted, or the runtime stops.
func (t *Tail) Next(ctx context.Context) ([]byte, error) {
	for {
		if item, ok := t.pop(); ok {
			return item, nil
		}
		select {
		case <-t.more:
		case <-t.done:
			return nil, ErrNoTail
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (t *Tail) pop() ([]byte, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.overload && !t.told {
		// Here, where the dropped items would have come. In the queue it would
		// be dropped itself as soon as it is the oldest.
		t.told = true
		return t.notice(tail.NoticeOverload, fmt.Sprintf("Tail is too slow for %s: %d messages were dropped, and more will be.", t.Script, t.dropped)), true
	}
	if len(t.queue) == 0 {
		return nil, false
	}
	item := t.queue[0]
	t.queue = t.queue[1:]
	t.bytes -= len(item)
	return item, true
}

func (t *Tail) isOpen() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.opened
}

// tell queues a message to the person who watches. It has the platform's kind
// for what went wrong with a tail: of any other, Wrangler prints nothing.
func (t *Tail) tell(message string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.opened && !t.ended {
		t.push(t.notice(tail.NoticeOverload, message))
		t.wake()
	}
}

// offer queues an item if the filters let it pass.
func (t *Tail) offer(item tail.Item) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.opened || t.ended {
		return
	}
	ok, stoppedBy := t.filters.Match(item)
	if !ok && !t.debug {
		return
	}
	item.FilteredBy = stoppedBy
	text, err := tail.Encode(item)
	if err != nil {
		return // of what was decoded from JSON, nothing fails to be encoded
	}
	t.push(text)
	t.relieve()
	t.wake()
}

// push adds an item and drops the oldest ones if it must; t.mu is held.
func (t *Tail) push(item []byte) {
	t.queue = append(t.queue, item)
	t.bytes += len(item)
	for len(t.queue) > 1 && (t.bytes > tailQueueBytes || len(t.queue) > tailQueueItems) {
		t.bytes -= len(t.queue[0])
		t.queue = t.queue[1:]
		t.dropped++
		t.overload = true
	}
}

// relieve ends an overload that has been over for a while; t.mu is held.
func (t *Tail) relieve() {
	if !t.overload {
		return
	}
	if t.bytes > tailQueueBytes/2 || len(t.queue) > tailQueueItems/2 {
		t.calm = time.Time{}
		return
	}
	now := time.Now()
	if t.calm.IsZero() {
		t.calm = now
	}
	if now.Sub(t.calm) >= overloadEnds {
		t.push(t.notice(tail.NoticeOverloadStop, fmt.Sprintf("Tail has caught up; %d messages were dropped.", t.dropped)))
		t.overload, t.told, t.dropped, t.calm = false, false, 0, time.Time{}
	}
}

// notice is a message to the person who watches.
func (t *Tail) notice(kind, message string) []byte {
	text, err := tail.Encode(tail.NewNotice(t.Script, kind, message, time.Now().UnixMilli()))
	if err != nil {
		panic(err) // strings and a number only
	}
	return text
}

func (t *Tail) wake() {
	select {
	case t.more <- struct{}{}:
	default:
	}
}

func (t *Tail) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return
	}
	t.ended = true
	t.reaper.Stop()
	close(t.done)
}
