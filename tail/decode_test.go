package tail

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
)

// recorded returns the items of testdata/collector.jsonl, which are lines that
// the collector printed in the real engine: kind, blank, JSON.
func recorded(t *testing.T) []Item {
	t.Helper()
	file, err := os.Open("testdata/collector.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var items []Item
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line := lines.Bytes()
		it, err := Decode(line[0], line[2:], DecodeOptions{})
		if err != nil {
			t.Fatalf("Decode(%s): %v", line, err)
		}
		items = append(items, it)
	}
	return items
}

// Summary is what the tests of recorded and of live items compare.
func Summary(it Item) string {
	s := fmt.Sprintf("%s %s", it.ExecutionModel, it.Outcome)
	switch e := it.Event; {
	case e.Request != nil:
		path := e.Request.URL
		if u, err := url.Parse(path); err == nil {
			path = u.RequestURI()
		}
		s += " " + e.Request.Method + " " + path
		if e.Response != nil {
			s += fmt.Sprint(" ", e.Response.Status)
		}
	case e.RPCMethod != nil:
		s += " rpc " + it.Entrypoint + "." + *e.RPCMethod
	case e.ScheduledTime != nil:
		s += " alarm"
	case e.GetWebSocketEvent != nil:
		s += " hibernated " + e.GetWebSocketEvent.Type
	case e.Type != nil:
		s += " " + *e.Type
	}
	for _, log := range it.Logs {
		s += fmt.Sprintf(" %s%s", log.Level, log.Message)
	}
	for _, e := range it.Exceptions {
		s += fmt.Sprintf(" !%s %s", e.Name, e.Message)
	}
	return fmt.Sprintf("%s %d/%t", s, it.Paddock.Part, it.Paddock.Final)
}

func TestDecodeRecordedLines(t *testing.T) {
	var got []string
	for _, it := range recorded(t) {
		got = append(got, Summary(it))
	}
	want, err := os.ReadFile("testdata/collector.golden")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(got, "\n") + "\n"; got != string(want) {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// decode is Decode of a finished invocation, written as an Item's JSON.
func decode(t *testing.T, kind byte, raw string) Item {
	t.Helper()
	it, err := Decode(kind, []byte(raw), DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return it
}

func TestDecodeFillsWhatClientsNeed(t *testing.T) {
	it := decode(t, KindFinal, `{"outcome":"ok","logs":[{"level":"log","message":null}],"exceptions":[{"name":"Error"}],"wallTime":-3}`)
	line, err := Encode(it)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"outcome":"exception","eventTimestamp":0,"event":{},"logs":[{"message":[],"level":"log","timestamp":0}],` +
		`"exceptions":[{"name":"Error","message":"","timestamp":0}],"diagnosticsChannelEvents":[],"scriptName":"",` +
		`"truncated":false,"wallTime":0,"cpuTime":0,"paddock":{"invocationId":"","part":1,"final":true}}`
	if string(line) != want {
		t.Errorf("got  %s\nwant %s", line, want)
	}
}

func TestDecodeColo(t *testing.T) {
	for cf, want := range map[string]string{
		``:                                 `{"colo":"LOCAL"}`,
		`,"cf":null`:                       `{"colo":"LOCAL"}`,
		`,"cf":[1]`:                        `{"colo":"LOCAL"}`,
		`,"cf":{"colo":5}`:                 `{"colo":"LOCAL"}`,
		`,"cf":{"colo":"AMS","a":{}}`:      `{"a":{},"colo":"AMS"}`,
		`,"cf":{"clientIp":"127.0.0.1:5"}`: `{"clientIp":"127.0.0.1:5","colo":"LOCAL"}`,
	} {
		it := decode(t, KindFinal, `{"outcome":"ok","event":{"request":{"url":"http://x/","method":"GET","headers":{}`+cf+`}}}`)
		if got := string(it.Event.Request.CF); got != want {
			t.Errorf("cf%s becomes %s, want %s", cf, got, want)
		}
	}
}

func TestDecodeOutcome(t *testing.T) {
	thrown := `"exceptions":[{"name":"Error","message":"m"}]`
	for _, test := range []struct {
		kind     byte
		raw, out string
	}{
		{KindFinal, `{"outcome":"ok"}`, "ok"},
		{KindFinal, `{"outcome":"ok",` + thrown + `}`, "exception"},
		{KindEarly, `{"outcome":"ok",` + thrown + `}`, "ok"},
		{KindFinal, `{"outcome":"canceled",` + thrown + `}`, "canceled"},
		{KindFinal, `{"outcome":"exception"}`, "exception"},
	} {
		if it := decode(t, test.kind, test.raw); it.Outcome != test.out {
			t.Errorf("%c %s: outcome %s, want %s", test.kind, test.raw, it.Outcome, test.out)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, test := range []struct {
		kind byte
		raw  string
	}{{'R', `{}`}, {KindFinal, ``}, {KindFinal, `{"outcome"`}, {KindFinal, `[]`}, {KindEarly, `{"logs":5}`}} {
		if it, err := Decode(test.kind, []byte(test.raw), DecodeOptions{}); err == nil {
			t.Errorf("Decode(%c, %q) = %+v, want an error", test.kind, test.raw, it)
		}
	}
}

func TestDecodeLimitsSize(t *testing.T) {
	lines := func(count, size int) string {
		line := `{"level":"log","message":["` + strings.Repeat("x", size) + `"]}`
		return strings.Repeat(line+",", count-1) + line
	}
	request := func(size int) string {
		return `"event":{"request":{"url":"http://x/","method":"PUT","headers":{"a":"` + strings.Repeat("x", size) + `"}}}`
	}
	exception := `{"name":"Error","message":"m","stack":"` + strings.Repeat("x", 200<<10) + `"}`
	for name, test := range map[string]struct {
		raw                    string
		logs, exceptions, meta int
		truncated              bool
	}{
		"fits":            {`"logs":[` + lines(100, 1000) + `]`, 100, 0, 0, false},
		"lines":           {`"logs":[` + lines(1000, 1000) + `]`, 262, 0, 0, true},
		"one line":        {`"logs":[` + lines(1, 300<<10) + `]`, 1, 0, 0, true},
		"lines, request":  {`"logs":[` + lines(250, 1000) + `],` + request(100<<10), 160, 0, 1, true},
		"request":         {`"logs":[` + lines(2, 10) + `],` + request(300<<10), 2, 0, 0, true},
		"exceptions":      {`"logs":[` + lines(2, 10) + `],"exceptions":[` + exception + `,` + exception + `,` + exception + `]`, 1, 2, 0, true},
		"exception, logs": {`"logs":[` + lines(100, 1000) + `],"exceptions":[` + exception + `]`, 58, 1, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			it := decode(t, KindFinal, `{"outcome":"ok",`+test.raw+`}`)
			meta := 0
			if r := it.Event.Request; r != nil {
				meta = len(r.Headers)
			}
			if len(it.Logs) != test.logs || len(it.Exceptions) != test.exceptions || meta != test.meta || it.Truncated != test.truncated {
				t.Errorf("%d logs, %d exceptions, %d headers, truncated %t; want %+v",
					len(it.Logs), len(it.Exceptions), meta, it.Truncated, test)
			}
			if last := it.Logs[len(it.Logs)-1]; test.logs < 100 && strings.Contains(name, "lines") &&
				(last.Level != "warn" || !strings.HasPrefix(text(last.Message[0]), "Log size limit exceeded")) {
				t.Errorf("last line %s %s", last.Level, last.Message)
			}
		})
	}
}

func TestDecodeKeepsKeyOrderAndMarkup(t *testing.T) {
	it := decode(t, KindFinal, `{"outcome":"ok","logs":[{"message":[{"z":1,"a":"<b>&"}],"level":"log","timestamp":1}]}`)
	line, err := Encode(it)
	if err != nil || !strings.Contains(string(line), `"message":[{"z":1,"a":"<b>&"}]`) {
		t.Errorf("Encode = %s, %v", line, err)
	}
}

// The order of the fields is part of the format: Wrangler prints them as sent.
func TestEncodeOrder(t *testing.T) {
	it := recorded(t)[0]
	it.FilteredBy = json.RawMessage(`{"query":"x"}`)
	line, err := Encode(it)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, p := range propertiesOf(line) {
		keys = append(keys, p.key)
	}
	want := []string{"outcome", "eventTimestamp", "event", "logs", "exceptions", "diagnosticsChannelEvents", "scriptName",
		"scriptVersion", "executionModel", "truncated", "wallTime", "cpuTime", "paddock", "filteredBy"}
	if !slices.Equal(keys, want) {
		t.Errorf("keys %q, want %q", keys, want)
	}
}
