package cron_test

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"paddock/engine"
	"paddock/engine/enginetest"
	"paddock/internal/cron"
)

func TestCheck(t *testing.T) {
	for expression, want := range map[string]string{
		"* * * * *":                    "",
		" */30 9-17 * * MON-FRI ":      "",
		"0,15 8/2 1-15/7 jan,DEC 1":    "",
		"0 0 L * *":                    "",
		"0 0 LW,1 * *":                 `"LW" is no day of the month`,
		"0 0 L-3W 2 *":                 "",
		"59 23 15W * *":                "",
		"0 0 * * FRI#5":                "",
		"0 0 29 2 *":                   "",
		"0 0 29W 2 *":                  "",
		"0 0 30 2 *":                   "no day ever matches it",
		"0 0 31W 4,6,9,11 *":           "no day ever matches it",
		"0 0 L-30 2 *":                 "no day ever matches it",
		"0 0 30 2 MON":                 "", // one of the days is enough
		"":                             "it has 0 fields, not 5",
		"@daily":                       "it has 1 fields, not 5",
		"* * * * * *":                  "it has 6 fields, not 5",
		"60 * * * *":                   `"60" is no minute: they go from 0 to 59`,
		"0 0 * * 0":                    `"0" is no day of the week: they go from 1 to 7`,
		"0 0 0 * *":                    `"0" is no day of the month: they go from 1 to 31`,
		"0 0 * JANUARY *":              `"JANUARY" is no month`,
		"*/60 * * * *":                 `"*/60" is no step of its minute: write a number from 1 to 59 behind the slash`,
		"5/ * * * *":                   `"5/" is no step of its minute: write a number from 1 to 59 behind the slash`,
		"*,5 * * * *":                  "its minute has a * in a list",
		"0 0 * * SAT-SUN":              `the range "SAT-SUN" of its day of the week goes down`,
		"0 0 * * FRI#6":                `"FRI#6" is no day of the week: a month has the first to the fifth of them`,
		"0 0 L-31 * *":                 `"L-31" is no day of the month: write a number from 1 to 30 behind the L-`,
		"0 0 l * *":                    `"l" is no day of the month`,
		"0 0 W * *":                    `"" is no day of the month`,
		"0 0 ? * *":                    `"?" is no day of the month`,
		"0 0 1-2-3 * *":                `"2-3" is no day of the month`,
		"1, * * * *":                   `"" is no minute`,
		"+1 * * * *":                   `"+1" is no minute`,
		"99999999999999999999 * * * *": `"99999999999999999999" is no minute`,
		"* * * *\u0085*":               "it has characters that are not ASCII",
	} {
		got := ""
		if err := cron.Check(expression); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", expression, got, want)
		}
	}
}

// What Check accepts the engine accepts, and the other way round: expressions
// are thrown together from what a field may and may not have.
func TestCheckAgreesWithTheEngine(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	words := []string{
		"*", "0", "1", "5", "07", "12", "23", "29", "30", "31", "59", "60", "MON", "fri", "FEB", "dec", "L", "LW", "L-1", "L-29W", "L-30", "L-31",
		"W", "1W", "30W", "31W", "5L", "SUNL", "L5", "2#5", "TUE#1", "2#0", "2#6", "#", "?", "", "x", "-1", "1-", "3-2", "1-5", "1-31", "*/2", "*/11", "*/59",
		"*/60", "5/3", "1-9/2", "1/0", "1/", "1/2/3", "1-2-3", "*-5",
	}
	expressions := make([]string, 20_000)
	for i := range expressions {
		fields := make([]string, 5)
		for f := range fields {
			for fields[f] = "*"; random.IntN(3) == 0; {
				word := words[random.IntN(len(words))]
				if fields[f] == "*" {
					fields[f] = word
				} else {
					fields[f] += "," + word
				}
			}
		}
		expressions[i] = strings.Join(fields, " ")
	}
	accepted := 0
	for i, refused := range ask(t, expressions) {
		err := cron.Check(expressions[i])
		if (err == nil) != (refused == "") {
			t.Errorf("%q: %v, but the engine says %q", expressions[i], err, refused)
		}
		if err == nil {
			accepted++
		}
	}
	if accepted < 1000 || accepted > 19_000 {
		t.Errorf("%d of %d expressions are valid, which proves little", accepted, len(expressions))
	}
}

// ask has the engine's own parser look at expressions. It returns what it has
// against each, "" for nothing.
func ask(t *testing.T, expressions []string) []string {
	t.Helper()
	const script = `import { parse } from "./cron.js";
function check(expression) {
	try { parse(expression); return ""; } catch (e) { return e.message; }
}
export default { async fetch(request) { return Response.json((await request.json()).map(check)); } };`
	p, err := engine.Start(t.Context(), engine.Options{
		Binary: enginetest.Binary(t), SocketDir: t.TempDir(),
		Config: engine.Config{Experimental: true, Offline: true, Workers: []engine.Worker{{
			Name: "check", Main: "main.js", CompatibilityDate: "2026-01-01", Socket: true,
			Modules: []engine.Module{
				{Name: "main.js", Kind: engine.ESModule, Content: []byte(script)},
				{Name: "cron.js", Kind: engine.BuiltIn, Content: []byte("/workerd/cron.js")},
			},
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop(0) })
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", p.SocketPath("check"))
		},
	}}
	defer client.CloseIdleConnections()
	body, err := json.Marshal(expressions)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Post("http://check/", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answers []string
	if err := json.NewDecoder(resp.Body).Decode(&answers); err != nil || len(answers) != len(expressions) {
		t.Fatalf("%d answers to %d expressions: %v", len(answers), len(expressions), err)
	}
	return answers
}
