package tail

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"paddock/internal/iostreams"
)

// at is the time of the items in these tests, 2026-11-21 17:54:56 UTC.
const at = "1795283696000"

func pretty(t *testing.T, opts PrettyOptions, messages ...string) (out, errOut string) {
	t.Helper()
	streams, _, outBuf, errBuf := iostreams.Test()
	opts.Zone = time.UTC
	p := NewPretty(streams, opts)
	for _, m := range messages {
		if err := p.Print([]byte(m)); err != nil {
			t.Fatalf("Print(%s): %v", m, err)
		}
	}
	return outBuf.String(), errBuf.String()
}

func message(outcome, event, rest string) string {
	return fmt.Sprintf(`{"outcome":%q,"eventTimestamp":%s,"event":%s,"logs":[],"exceptions":[]%s}`, outcome, at, event, rest)
}

// The lines are what Wrangler 4 printed for the same items.
func TestPrettyHeadlines(t *testing.T) {
	const time = "11/21/2026, 5:54:56 PM"
	for _, test := range []struct{ message, want string }{
		{message("ok", `{"request":{"url":"https://example.org/a?b=1","method":"get"}}`, ""), "GET https://example.org/a?b=1 - Ok @ " + time},
		{message("exception", `{"request":{"url":"http://x/","method":"PUT"}}`, ""), "PUT http://x/ - Exception Thrown @ " + time},
		{message("exceededCpu", `{"request":{"url":"","method":"PUT"}}`, ""), "[missing request] - Exceeded CPU Limit @ " + time},
		{message("ok", `{"cron":"*/5 * * * *","scheduledTime":`+at+`}`, ""), `"*/5 * * * *" @ ` + time + " - Ok"},
		{message("exceededMemory", `{"scheduledTime":"2026-11-21T17:54:56.422Z"}`, ""), "Alarm @ " + time + " - Exceeded Memory Limit"},
		{message("ok", `{"scheduledTime":"soon"}`, ""), "Alarm @ Invalid Date - Ok"},
		{message("ok", `{"queue":"q","batchSize":7}`, ""), "Queue q (7 messages) - Ok @ " + time},
		{message("ok", `{"queue":"q","batchSize":1}`, ""), "Queue q (1 message) - Ok @ " + time},
		{message("ok", `{"queue":"q","batchSize":0}`, ""), "Queue q (0 messages) - Ok @ " + time},
		{message("ok", `{"mailFrom":"a@x.com","rcptTo":"b@y.com","rawSize":1234}`, ""), "Email from:a@x.com to:b@y.com size:1234 @ " + time + " - Ok"},
		{message("ok", `{"consumedEvents":[{"scriptName":"w1"},{"scriptName":null},{"scriptName":"w2"},{"scriptName":"w1"},{"scriptName":""}]}`, ""), "Tailing w1,w2 - Ok @ " + time},
		{message("canceled", `{"rpcMethod":"increment"}`, `,"entrypoint":"Counter"`), "Counter.increment - Canceled @ " + time},
		{message("ok", `{"rpcMethod":"increment"}`, ""), "undefined.increment - Ok @ " + time},
		{message("responseStreamDisconnected", `{}`, ""), "Unknown Event - Unknown @ " + time},
		{message("ok", `null`, ""), "Unknown Event - Ok @ " + time},
		{message("ok", `{"getWebSocketEvent":{"webSocketEventType":"message"}}`, ""), "Unknown Event - Ok @ " + time},
		{message("ok", `{"type":"overload","message":"too much"}`, ""), "too much"},
		{message("ok", `{"type":"overload-stop","message":"fine again"}`, ""), "fine again"},
		{message("ok", `{"request":{"url":"http://x/\u001b[2J","method":"GET"}}`, ""), `GET http://x/\u001b[2J - Ok @ ` + time},
	} {
		out, errOut := pretty(t, PrettyOptions{}, test.message)
		if out != test.want+"\n" || errOut != "" {
			t.Errorf("%s\nprints %q and %q, want %q", test.message, out, errOut, test.want)
		}
	}
}

func TestPrettyLogs(t *testing.T) {
	log := func(level, args string) string {
		return fmt.Sprintf(`{"level":%q,"timestamp":1,"message":%s}`, level, args)
	}
	out, errOut := pretty(t, PrettyOptions{}, `{"outcome":"ok","event":{"type":"partial","message":""},"exceptions":[],"logs":[`+strings.Join([]string{
		log("log", `["some string",{"a":1,"b":[1,2,{"c":{"d":1}}]},42,null,true]`),
		log("debug", `["dbg"]`),
		log("warn", `["wrn %s","x"]`),
		log("error", `[{"k":"v"}]`),
		log("log", `["multi\nline"]`),
		log("info", `[]`),
		log("log", `["\u001b[31mred\u0007\r\u007f\u009b\ttab",{"s":"\u001b"}]`),
		log("log", `"[cut"`),
	}, ",")+`]}`)
	want := `  (log) some string { a: 1, b: [ 1, 2, { c: [Object] } ] } 42 null true
  (debug) dbg
  (warn) wrn %s x
  (error) { k: 'v' }
  (log) multi
line
  (info)
  (log) \u001b[31mred\u0007\u000d\u007f\u009b` + "\ttab { s: '\\x1B' }" + `
  (log) [cut
`
	if out != want || errOut != "" {
		t.Errorf("got:\n%s\nwant:\n%s\nstderr: %q", out, want, errOut)
	}
}

func TestPrettyExceptions(t *testing.T) {
	thrown := `{"outcome":"exception","eventTimestamp":` + at + `,"event":{},"logs":[],"exceptions":[
		{"name":"Error","message":"boom","stack":"    at Object.fetch (index.js:32:51)\n    at b"},
		{"name":"Error","message":{"a":1}},
		{"name":"Error","message":"two\nlines \u001b"}]}`
	_, errOut := pretty(t, PrettyOptions{
		MapStack: func(_ Item, stack string) string { return strings.ReplaceAll(stack, "index.js", "src/index.ts") },
	}, thrown)
	want := `✘ [ERROR] Error: boom

      at Object.fetch (src/index.ts:32:51)
      at b


✘ [ERROR] Error: { a: 1 }


✘ [ERROR] Error: two

  lines \u001b


`
	if errOut != want {
		t.Errorf("got:\n%s\nwant:\n%s", errOut, want)
	}
}

// An exception of a socket that stays open is sent at once and again at the
// end; a tail that filters by outcome gets it at the end only.
func TestPrettyPrintsEachExceptionOnce(t *testing.T) {
	part := func(n int, final bool, exceptions string) string {
		return fmt.Sprintf(`{"outcome":"exception","event":{"type":"partial","message":""},"logs":[],"exceptions":[%s],
			"paddock":{"invocationId":"i","part":%d,"final":%t}}`, exceptions, n, final)
	}
	const a, b, c = `{"name":"A","message":"a"}`, `{"name":"B","message":"b"}`, `{"name":"C","message":"c"}`
	_, errOut := pretty(t, PrettyOptions{}, part(1, false, a), part(2, false, b), part(3, true, a+","+b+","+c))
	if got := strings.Count(errOut, "[ERROR]"); got != 3 || strings.Count(errOut, "A: a") != 1 {
		t.Errorf("%d exceptions:\n%s", got, errOut)
	}
	_, errOut = pretty(t, PrettyOptions{}, part(3, true, a+","+b))
	if got := strings.Count(errOut, "[ERROR]"); got != 2 {
		t.Errorf("%d exceptions:\n%s", got, errOut)
	}
}

func TestPrettyLoggedStacks(t *testing.T) {
	const item = `{"outcome":"ok","event":{"type":"partial","message":""},"exceptions":[],"logs":[{"level":"error",
		"message":["failed","Error: inner"],"errorInfo":[null,{"name":"Error","message":"inner","stack":"    at f (index.js:1:2)"}]}]}`
	if out, _ := pretty(t, PrettyOptions{}, item); out != "  (error) failed Error: inner\n" {
		t.Errorf("without: %q", out)
	}
	if out, _ := pretty(t, PrettyOptions{LoggedStacks: true}, item); out != "  (error) failed Error: inner\n    at f (index.js:1:2)\n" {
		t.Errorf("with: %q", out)
	}
}

func TestPrettyColors(t *testing.T) {
	streams, _, out, errOut := iostreams.Test()
	streams.OutTTY, streams.ErrTTY = true, true
	p := NewPretty(streams, PrettyOptions{Zone: time.UTC})
	err := p.Print([]byte(`{"outcome":"exception","eventTimestamp":` + at + `,"event":{},"exceptions":[{"name":"E","message":"m"}],
		"logs":[{"level":"warn","message":["w"]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, colored := range []string{"\x1b[31mException Thrown\x1b[", "\x1b[33m(warn)\x1b["} {
		if !strings.Contains(out.String(), colored) {
			t.Errorf("no %q in %q", colored, out)
		}
	}
	if !strings.HasPrefix(errOut.String(), "\x1b[31;1m✘ [ERROR]\x1b[") {
		t.Errorf("exception: %q", errOut)
	}
}

func TestPrettyTimeZone(t *testing.T) {
	streams, _, out, _ := iostreams.Test()
	p := NewPretty(streams, PrettyOptions{Zone: time.FixedZone("", -5*3600)})
	if err := p.Print([]byte(message("ok", "{}", ""))); err != nil || out.String() != "Unknown Event - Ok @ 11/21/2026, 12:54:56 PM\n" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestPrettyRefusesMalformedMessages(t *testing.T) {
	streams, _, out, _ := iostreams.Test()
	for _, m := range []string{``, `[]`, `{"logs":5}`, `{`} {
		if err := NewPretty(streams, PrettyOptions{}).Print([]byte(m)); err == nil || out.Len() > 0 {
			t.Errorf("Print(%q) = %v, prints %q", m, err, out)
		}
	}
}

func TestJSONLines(t *testing.T) {
	var out bytes.Buffer
	p := NewJSON(&out)
	for _, m := range []string{"{\n  \"unknown\": \"<a>\",\n \"z\": [1, 2]}", `{"c1":"` + "\u009b31m\x7f" + `é日"}`} {
		if err := p.Print([]byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	want := `{"unknown":"<a>","z":[1,2]}` + "\n" + `{"c1":"\u009b31m\u007fé日"}` + "\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
	if err := p.Print([]byte("{")); err == nil || out.String() != want {
		t.Errorf("malformed message: %v, %q", err, out.String())
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken pipe")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestPrintersReportWriteErrors(t *testing.T) {
	streams, _, _, _ := iostreams.Test()
	streams.Out = brokenWriter{}
	if err := NewPretty(streams, PrettyOptions{}).Print([]byte(`{"event":{}}`)); !errors.Is(err, errBroken) {
		t.Errorf("Pretty: %v", err)
	}
	if err := NewJSON(brokenWriter{}).Print([]byte(`{}`)); !errors.Is(err, errBroken) {
		t.Errorf("JSON: %v", err)
	}
}
