package tail

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"testing"
)

// fetched is a finished request with one log line; edit adjusts it.
func fetched(edit func(*Item)) Item {
	it := Item{
		Outcome:       "ok",
		ScriptVersion: &ScriptVersion{ID: "v1"},
		Event: &Event{Request: &Request{
			URL: "http://x/", Method: "POST",
			Headers: map[string]string{"x-a": "some val:ue", "x-empty": ""},
			CF:      json.RawMessage(`{"clientIp":"127.0.0.1:4000"}`),
		}},
		Logs:    []Log{{Message: Values{json.RawMessage(`"find me"`), json.RawMessage(`{"k":"in object"}`)}}},
		Paddock: &Part{InvocationID: "i1", Part: 1, Final: true},
	}
	if edit != nil {
		edit(&it)
	}
	return it
}

func parse(t *testing.T, raw string) Filters {
	t.Helper()
	f, err := ParseFilters(json.RawMessage(raw))
	if err != nil {
		t.Fatalf("ParseFilters(%s): %v", raw, err)
	}
	return f
}

func TestFilters(t *testing.T) {
	self := netip.MustParseAddr("10.0.0.9")
	for _, test := range []struct {
		filters string
		item    Item
		want    bool
	}{
		{``, fetched(nil), true},
		{`[]`, fetched(nil), true},
		{`[{"unheard_of":1}]`, fetched(nil), true},
		{`[{"outcome":["ok"]}]`, fetched(nil), true},
		{`[{"outcome":["exception","canceled"]}]`, fetched(nil), false},
		{`[{"outcome":[]}]`, fetched(nil), false},
		{`[{"method":["GET","post"]}]`, fetched(nil), true},
		{`[{"method":["GET"]}]`, fetched(nil), false},
		{`[{"method":["GET"]}]`, fetched(func(it *Item) { it.Event = &Event{} }), false},
		{`[{"header":{"key":"X-A"}}]`, fetched(nil), true},
		{`[{"header":{"key":"X-A","query":"val:ue"}}]`, fetched(nil), true},
		{`[{"header":{"key":"X-A","query":"Val"}}]`, fetched(nil), false},
		{`[{"header":{"key":"X-B"}}]`, fetched(nil), false},
		{`[{"header":{"key":"X-Empty","query":""}}]`, fetched(nil), true},
		{`[{"header":{"key":"X-A"}}]`, fetched(func(it *Item) { it.Event = nil }), false},
		{`[{"key":"X-A","query":null}]`, fetched(nil), true}, // Wrangler 1
		{`[{"key":"X-A","query":"val"}]`, fetched(nil), true},
		{`[{"key":"X-A","query":"other"}]`, fetched(nil), false},
		{`[{"client_ip":["1.2.3.4","127.0.0.1"]}]`, fetched(nil), true},
		{`[{"client_ip":["::ffff:127.0.0.1"]}]`, fetched(nil), true},
		{`[{"client_ip":["nonsense"]}]`, fetched(nil), false},
		{`[{"client_ip":["self"]}]`, fetched(nil), false},
		{`[{"client_ip":["self"]}]`, fetched(fromIP("10.0.0.9")), true},
		{`[{"client_ip":["2001:db8::1"]}]`, fetched(fromIP("2001:DB8:0::1")), true},
		{`[{"client_ip":["127.0.0.1"]}]`, fetched(fromIP("10.0.0.9")), false}, // the header counts
		{`[{"query":"find"}]`, fetched(nil), true},
		{`[{"query":"FIND"}]`, fetched(nil), false},
		{`[{"query":"{\"k\":\"in"}]`, fetched(nil), true},
		{`[{"query":""}]`, fetched(func(it *Item) { it.Logs = nil }), false},
		{`[{"scriptVersion":"v1"}]`, fetched(nil), true},
		{`[{"scriptVersion":"v2"}]`, fetched(nil), false},
		{`[{"scriptVersion":"v2"}]`, fetched(func(it *Item) { it.ScriptVersion = nil }), false},
		{`[{"method":["POST"]},{"query":"absent"}]`, fetched(nil), false},
		{`[{"method":["POST"]},{"query":"find"}]`, fetched(nil), true},
		{`[{"outcome":["exception"]},{"sampling_rate":0}]`, NewNotice("s", NoticeOverload, "m", 1), true},
	} {
		if got, _ := parse(t, test.filters).WithSelf(self).Match(test.item); got != test.want {
			t.Errorf("%s: %t, want %t", test.filters, got, test.want)
		}
	}
}

func fromIP(address string) func(*Item) {
	return func(it *Item) { it.Event.Request.Headers["cf-connecting-ip"] = address }
}

func TestFilterSelfOnLoopback(t *testing.T) {
	f := parse(t, `[{"client_ip":["self"]}]`)
	if ok, _ := f.Match(fetched(nil)); ok {
		t.Error("self matches before anybody is connected")
	}
	if ok, _ := f.WithSelf(netip.MustParseAddr("::1")).Match(fetched(nil)); !ok {
		t.Error("::1 and 127.0.0.1 are not the same client")
	}
}

func TestFilterTellsWhatStopped(t *testing.T) {
	f := parse(t, `[ {"sampling_rate":0}, {"method":["POST"]}, { "header": {"key":"x-b"} } ]`)
	ok, by := f.Match(fetched(nil))
	if ok || string(by) != `{ "header": {"key":"x-b"} }` {
		t.Errorf("Match = %t, %s", ok, by)
	}
	if ok, by := f.Match(fetched(func(it *Item) { it.Event.Request.Headers["x-b"] = "" })); ok || string(by) != `{"sampling_rate":0}` {
		t.Errorf("Match = %t, %s; sampling is last", ok, by)
	}
}

func TestFilterEarlyParts(t *testing.T) {
	const event = `"event":{"request":{"url":"http://x/ws","method":"GET","headers":{"upgrade":"websocket"}}}`
	later := decode(t, KindEarly, `{"outcome":"ok",`+event+`,"logs":[{"message":["line two"],"level":"log"}],
		"paddock":{"invocationId":"i1","part":2}}`)
	if later.Event.Request != nil {
		t.Fatal("a later part shows its request")
	}
	for filters, want := range map[string]bool{
		`[{"method":["GET"]}]`:             true,
		`[{"method":["PUT"]}]`:             false,
		`[{"header":{"key":"upgrade"}}]`:   true,
		`[{"query":"two"}]`:                true,
		`[{"query":"one"}]`:                false,
		`[{"outcome":["ok","exception"]}]`: false,
	} {
		if got, _ := parse(t, filters).Match(later); got != want {
			t.Errorf("%s: %t, want %t", filters, got, want)
		}
	}
}

func TestSampling(t *testing.T) {
	f := parse(t, `[{"sampling_rate":0.25}]`)
	const total = 20000
	passed := 0
	for i := range total {
		id := fmt.Sprint("invocation", i)
		early, _ := f.Match(fetched(func(it *Item) { it.Paddock = &Part{InvocationID: id, Part: 1} }))
		final, _ := f.Match(fetched(func(it *Item) { it.Paddock = &Part{InvocationID: id, Part: 2, Final: true} }))
		if early != final {
			t.Fatalf("the parts of %s disagree", id)
		}
		if final {
			passed++
		}
	}
	// Ten standard deviations: fails once in more runs than there will be.
	if passed < total/4-620 || passed > total/4+620 {
		t.Errorf("%d of %d passed at a rate of 0.25", passed, total)
	}
	f.draw = func() uint64 { return 1 << 62 } // exactly a quarter
	if ok, _ := f.Match(fetched(func(it *Item) { it.Paddock = nil })); ok {
		t.Error("a draw that equals the rate passes")
	}
}

func TestParseFiltersRefuses(t *testing.T) {
	for _, raw := range []string{`{}`, `5`, `["x"]`, `[{"outcome":"ok"}]`, `[{"query":5}]`, `[{"sampling_rate":"0.5"}]`, `[`} {
		if _, err := ParseFilters(json.RawMessage(raw)); err == nil {
			t.Errorf("ParseFilters(%s) accepts", raw)
		}
	}
}
