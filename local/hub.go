package local

import (
	"crypto/subtle"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// A tail lives while its WebSocket does, but not longer than tailLife; one
// whose WebSocket does not open within tailPatience is forgotten.
const (
	tailLife     = 6 * time.Hour
	tailPatience = 60 * time.Second
)

// ErrNoTail is returned for a tail that does not exist, or does not any more.
var ErrNoTail = errors.New("no such tail")

// hub knows the tails. They are not stored: a tail cannot outlive its
// WebSocket, and no WebSocket outlives the runtime.
type hub struct {
	expired func(id string) // called when a tail's time is over; removes it

	mu     sync.Mutex
	tails  map[string]*Tail // by id
	closed bool
}

func newHub(expired func(id string)) *hub { return &hub{expired: expired, tails: map[string]*Tail{}} }

func (h *hub) add(t *Tail) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return ErrClosed
	}
	h.tails[t.ID] = t
	t.reaper = time.AfterFunc(tailPatience, func() { h.expired(t.ID) })
	return nil
}

// open finds a tail by its token and lets items in. A tail opens only once.
func (h *hub) open(token string, peer netip.Addr) (*Tail, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range h.tails {
		if subtle.ConstantTimeCompare([]byte(t.Token), []byte(token)) != 1 {
			continue
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.opened || t.ended {
			break
		}
		t.opened, t.peer, t.filters = true, peer, t.filters.WithSelf(peer)
		t.reaper.Reset(time.Until(t.Expires))
		return t, nil
	}
	return nil, ErrNoTail
}

// remove ends a tail and returns it, or nil.
func (h *hub) remove(id string) *Tail {
	h.mu.Lock()
	t := h.tails[id]
	delete(h.tails, id)
	h.mu.Unlock()
	if t != nil {
		t.end()
	}
	return t
}

// listeners returns the open tails of a script.
func (h *hub) listeners(script string) []*Tail {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []*Tail
	for _, t := range h.tails {
		if t.Script == script && t.isOpen() {
			list = append(list, t)
		}
	}
	return list
}

// ids returns the ids of the tails that are asked for.
func (h *hub) ids(which func(*Tail) bool) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var ids []string
	for id, t := range h.tails {
		if which(t) {
			ids = append(ids, id)
		}
	}
	return ids
}

// close ends all tails.
func (h *hub) close() {
	h.mu.Lock()
	h.closed = true
	ids := slices.Collect(maps.Keys(h.tails))
	h.mu.Unlock()
	for _, id := range ids {
		h.remove(id)
	}
}
