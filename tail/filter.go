package tail

import (
	"encoding/json"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
)

// Filters decide which items a tail gets: those that pass every one. The zero
// value lets everything through. Filters are values and never change; a copy
// may be used from several goroutines.
type Filters struct {
	list []filter
	seed maphash.Seed  // of this tail's random sample
	self netip.Addr    // what "self" stands for
	draw func() uint64 // for items that have no invocation id
}

// filter is one of them with the JSON it came as, which debugging clients see.
type filter struct {
	raw  json.RawMessage
	last bool // is evaluated after all others
	pass func(Filters, *Item) bool
}

// wireFilter is every filter that is known; which one an object is follows
// from the field that is there.
type wireFilter struct {
	SamplingRate  *float64        `json:"sampling_rate"`
	Outcome       *[]string       `json:"outcome"`
	Method        *[]string       `json:"method"`
	Header        *headerFilter   `json:"header"`
	Key           *string         `json:"key"` // Wrangler 1 does not nest the header
	Query         json.RawMessage `json:"query"`
	ClientIP      *[]string       `json:"client_ip"`
	ScriptVersion *string         `json:"scriptVersion"`
}

type headerFilter struct {
	Key   string  `json:"key"`
	Query *string `json:"query"`
}

// ParseFilters reads the filters of a tail: a JSON array of objects, or
// nothing. Objects that it does not know are ignored, as newer clients may send
// more; wrong types are errors.
func ParseFilters(raw json.RawMessage) (Filters, error) {
	filters := Filters{seed: maphash.MakeSeed(), draw: rand.Uint64}
	if len(raw) == 0 {
		return filters, nil
	}
	var objects []json.RawMessage
	if err := json.Unmarshal(raw, &objects); err != nil {
		return Filters{}, fmt.Errorf("parse filters: %w", err)
	}
	for i, object := range objects {
		var wire wireFilter
		if err := json.Unmarshal(object, &wire); err != nil {
			return Filters{}, fmt.Errorf("parse filter %d: %w", i+1, err)
		}
		pass, err := wire.test()
		if err != nil {
			return Filters{}, fmt.Errorf("parse filter %d: %w", i+1, err)
		}
		if pass != nil {
			filters.list = append(filters.list, filter{raw: object, last: wire.SamplingRate != nil, pass: pass})
		}
	}
	slices.SortStableFunc(filters.list, func(a, b filter) int { return order(a) - order(b) })
	return filters, nil
}

func order(f filter) int {
	if f.last {
		return 1
	}
	return 0
}

// WithSelf returns the filters with "self" standing for the address of the
// client that opened the tail's WebSocket.
func (f Filters) WithSelf(peer netip.Addr) Filters {
	f.self = peer.Unmap().WithZone("")
	return f
}

// Match reports whether an item passes, and otherwise the filter that stopped
// it, as the client sent it.
//
// Later parts of an invocation are judged by the request that began it and by
// their own lines. No early part passes a filter of outcomes, since the outcome
// is not known yet.
func (f Filters) Match(it Item) (ok bool, stoppedBy json.RawMessage) {
	if it.isNotice() {
		return true, nil
	}
	for _, filter := range f.list {
		if !filter.pass(f, &it) {
			return false, filter.raw
		}
	}
	return true, nil
}

// test returns what decides for one filter, or nil for an unknown one.
func (w wireFilter) test() (func(Filters, *Item) bool, error) {
	switch {
	case w.SamplingRate != nil:
		return sampled(*w.SamplingRate), nil
	case w.Outcome != nil:
		return hasOutcome(*w.Outcome), nil
	case w.Method != nil:
		return hasMethod(*w.Method), nil
	case w.Header != nil:
		return hasHeader(*w.Header), nil
	case w.ClientIP != nil:
		return fromClient(*w.ClientIP), nil
	case w.ScriptVersion != nil:
		return hasVersion(*w.ScriptVersion), nil
	}
	var query *string
	if len(w.Query) > 0 {
		if err := json.Unmarshal(w.Query, &query); err != nil {
			return nil, fmt.Errorf("read query: %w", err)
		}
	}
	switch {
	case w.Key != nil:
		return hasHeader(headerFilter{Key: *w.Key, Query: query}), nil
	case query != nil:
		return hasText(*query), nil
	default:
		return nil, nil
	}
}

// sampled draws once per invocation, so that its parts agree.
func sampled(rate float64) func(Filters, *Item) bool {
	return func(f Filters, it *Item) bool {
		var draw uint64
		if it.Paddock != nil && it.Paddock.InvocationID != "" {
			draw = maphash.String(f.seed, it.Paddock.InvocationID)
		} else {
			draw = f.draw()
		}
		return float64(draw>>11)/(1<<53) < rate
	}
}

func hasOutcome(outcomes []string) func(Filters, *Item) bool {
	return func(_ Filters, it *Item) bool {
		early := it.Paddock != nil && !it.Paddock.Final
		return !early && slices.Contains(outcomes, it.Outcome)
	}
}

func hasMethod(methods []string) func(Filters, *Item) bool {
	return func(_ Filters, it *Item) bool {
		r := it.requestOf()
		return r != nil && slices.ContainsFunc(methods, func(m string) bool { return strings.EqualFold(m, r.Method) })
	}
}

func hasHeader(want headerFilter) func(Filters, *Item) bool {
	return func(_ Filters, it *Item) bool {
		r := it.requestOf()
		if r == nil {
			return false
		}
		value, ok := r.Headers[strings.ToLower(want.Key)]
		return ok && (want.Query == nil || strings.Contains(value, *want.Query))
	}
}

func fromClient(addrs []string) func(Filters, *Item) bool {
	return func(f Filters, it *Item) bool {
		r := it.requestOf()
		if r == nil {
			return false
		}
		client, ok := clientIP(r)
		return ok && slices.ContainsFunc(addrs, func(s string) bool {
			if s == "self" {
				return client == f.self || client.IsLoopback() && f.self.IsLoopback()
			}
			addr, ok := parseIP(s)
			return ok && addr == client
		})
	}
}

func hasText(query string) func(Filters, *Item) bool {
	return func(_ Filters, it *Item) bool {
		return slices.ContainsFunc(it.Logs, func(log Log) bool {
			return slices.ContainsFunc(log.Message, func(value json.RawMessage) bool {
				return strings.Contains(text(value), query)
			})
		})
	}
}

func hasVersion(id string) func(Filters, *Item) bool {
	return func(_ Filters, it *Item) bool {
		return it.ScriptVersion != nil && it.ScriptVersion.ID == id
	}
}
