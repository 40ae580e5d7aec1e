package tail

import (
	"encoding/json"
	"fmt"
	"net/netip"
)

// Kinds of lines that the collector prints.
const (
	KindFinal = 'I' // an invocation that is over
	KindEarly = 'P' // a part of one that goes on
)

// DecodeOptions adjust Decode. The zero value is right for everybody but the
// person at the keyboard of the machine itself.
type DecodeOptions struct {
	// KeepSecrets leaves credentials in URLs and headers. The engine delivers
	// them in clear.
	KeepSecrets bool
}

// Decode makes an item of one line of the collector, given without token and
// kind. It hides credentials, fills in what clients insist on, keeps the item
// within the size that Cloudflare allows, and tells failed invocations from
// good ones where the engine does not.
func Decode(kind byte, line []byte, opts DecodeOptions) (Item, error) {
	if kind != KindFinal && kind != KindEarly {
		return Item{}, fmt.Errorf("decode trace item: unknown kind %q", kind)
	}
	var it Item
	if err := json.Unmarshal(line, &it); err != nil {
		return Item{}, fmt.Errorf("decode trace item: %w", err)
	}
	if it.Paddock == nil {
		it.Paddock = &Part{Part: 1}
	}
	it.Paddock.Final = kind == KindFinal
	if it.Event == nil {
		it.Event = &Event{} // older clients cannot read null
	}
	if r := it.Event.Request; r != nil {
		r.CF = withColo(r.CF)
		if !opts.KeepSecrets {
			redact(r)
		}
	}
	it.WallTime = max(it.WallTime, 0)
	limitSize(&it)
	fillArrays(&it)
	settleOutcome(&it)
	if !it.Paddock.Final && it.Paddock.Part > 1 {
		it.origin = it.Event
		it.Event = partialEvent()
	}
	return it, nil
}

// settleOutcome calls an invocation failed in which something was thrown. The
// engine says ok when that happened in waitUntil or in a timer, and then
// nobody would find it among the failures.
func settleOutcome(it *Item) {
	if it.Paddock.Final && it.Outcome == "ok" && len(it.Exceptions) > 0 {
		it.Outcome = "exception"
	}
}

// fillArrays makes every list a list: Wrangler fails on a missing one.
func fillArrays(it *Item) {
	if it.Logs == nil {
		it.Logs = []Log{}
	}
	for i := range it.Logs {
		if it.Logs[i].Message == nil {
			it.Logs[i].Message = Values{}
		}
	}
	if it.Exceptions == nil {
		it.Exceptions = []Exception{}
	}
	for i := range it.Exceptions {
		if it.Exceptions[i].Message == nil {
			it.Exceptions[i].Message = quote("")
		}
	}
	if it.DiagnosticsChannelEvents == nil {
		it.DiagnosticsChannelEvents = []DiagnosticEvent{}
	}
}

// partialEvent is an event for which Wrangler prints no line of its own, but
// the log lines of the item.
func partialEvent() *Event {
	kind, message := typePartial, ""
	return &Event{Type: &kind, Message: &message}
}

// withColo makes sure that a request's cf names a data center: Wrangler 1
// cannot print a request without one.
func withColo(cf json.RawMessage) json.RawMessage {
	fields := map[string]json.RawMessage{}
	if json.Unmarshal(cf, &fields) != nil || fields == nil {
		fields = map[string]json.RawMessage{} // cf is absent, or no object
	}
	var colo string
	if json.Unmarshal(fields["colo"], &colo) != nil || colo == "" {
		fields["colo"] = json.RawMessage(`"LOCAL"`)
	}
	out, err := marshal(fields)
	if err != nil {
		return json.RawMessage(`{"colo":"LOCAL"}`)
	}
	return out
}

// clientIP returns the address of the client behind a request: as the gateway
// reported it, else the peer of the engine's socket.
func clientIP(r *Request) (netip.Addr, bool) {
	if addr, ok := parseIP(r.Headers["cf-connecting-ip"]); ok {
		return addr, true
	}
	var cf struct {
		ClientIP string `json:"clientIp"`
	}
	if json.Unmarshal(r.CF, &cf) != nil {
		return netip.Addr{}, false
	}
	if peer, err := netip.ParseAddrPort(cf.ClientIP); err == nil {
		return peer.Addr().Unmap().WithZone(""), true
	}
	return parseIP(cf.ClientIP)
}

// parseIP parses an address, and makes one of the two forms of an IPv4 address.
func parseIP(s string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}, false
	}
	return addr.Unmap().WithZone(""), true
}
