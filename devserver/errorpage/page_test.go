package errorpage

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"paddock/internal/diag"
	"paddock/internal/sourcemap"
)

// hostile is what somebody might throw to get a page to do their bidding.
const hostile = `</pre><script>alert(1)</script><img src=x onerror="alert(2)">'"` + "`{{.}}\x1b[2J"

func thrown(message string) *Report {
	return &Report{
		Script: "counter", Edition: "S-7", Events: "/events", Dismiss: "/previous", Ray: "0123456789abcdef-LOCAL",
		Exception: &Exception{
			Name: "TypeError", Message: message, Object: "Box",
			Calls: []sourcemap.Call{
				{Text: "    at fail (src/index.ts:3:9)", Frame: sourcemap.Frame{Func: "fail", File: "src/index.ts", Line: 3, Column: 9}, Known: true},
				{Text: "    at run (node_modules/lib/a.js:1:2)", Frame: sourcemap.Frame{Func: "run", File: "node_modules/lib/a.js", Line: 1, Column: 2}, Known: true},
				{Text: "    at async index.js:7:8", Frame: sourcemap.Frame{File: "index.js", Line: 7, Column: 8}},
				{Text: "    at Array.map (<anonymous>)"},
			},
			Top:  sourcemap.Frame{Func: "fail", File: "src/index.ts", Line: 3, Column: 9},
			Code: sourcemap.NewExcerpt("one <b>\nfunction fail() {\n  throw new Error(x);\n}\n", 3, 8),
		},
		Request: &Request{Method: "GET", URL: "http://localhost/a?b=<c>", Headers: Headers(map[string]string{"x-b": "2", "cookie": "REDACTED", "accept": "text/html"})},
	}
}

func broken(previous bool) *Report {
	source := diag.NewSource("src/index.ts", "let x = = 1;\n")
	return &Report{
		Script: "counter", Edition: "S-8", Events: "/events", Dismiss: "/previous", Previous: previous,
		Problems: []Problem{
			{Diagnostic: diag.Warningf("odd", diag.Location{}, "odd <i>")},
			{
				Diagnostic: diag.Errorf("build-failed", source.At(1, 9), `Unexpected "="`).WithHint("remove\n<one>"),
				Around:     sourcemap.NewExcerpt("let x = = 1;\n", 1, 8),
			},
		},
		Request: &Request{Method: "GET", URL: "/a?b"},
	}
}

// outline lists the elements below main with their class and their own text,
// and fails on what must be in no page.
func outline(t *testing.T, page []byte) []string {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(string(page)))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var list, path []string
	var scripts int
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the page cannot be parsed: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			if name == "script" {
				scripts++
			}
			if slices.Contains([]string{"img", "b", "i", "iframe", "c", "one"}, name) {
				t.Errorf("the page has the element %s", name)
			}
			entry := name
			for _, a := range token.Attr {
				if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "src" {
					t.Errorf("%s has the attribute %s", name, a.Name.Local)
				}
				if a.Name.Local == "class" {
					entry += "." + strings.ReplaceAll(a.Value, " ", ".")
				}
			}
			path = append(path, name)
			if slices.Contains(path, "main") {
				list = append(list, entry)
			}
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if text := strings.TrimSpace(string(token)); text != "" && slices.Contains(path, "main") {
				list[len(list)-1] += " " + text
			}
		}
	}
	if scripts != 1 {
		t.Errorf("the page has %d scripts", scripts)
	}
	return list
}

func answer(t *testing.T, r *Report, accept, kind string) (http.Header, []byte) {
	t.Helper()
	header, body := r.Answer(accept)
	if got := header.Get("Content-Type"); !strings.HasPrefix(got, kind) || header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v, want the type %s", header, kind)
	}
	return header, body
}

func TestPageOfAnException(t *testing.T) {
	header, body := answer(t, thrown("no such thing\nat all"), "text/html", "text/html")
	want := []string{
		"main", "header", "p.kind", "span Uncaught exception counter · Durable Object Box",
		"h1", "span.name TypeError", "span.message no such thing", "pre.more at all",
		"section.card", "p.file", "button.place src/index.ts:3:9",
		"pre.code", "code", "span.line", "span one <b>", "span.line", "span function fail() {",
		"span.line.here", "span throw", "mark new Error (x);", "span.line", "span }",
		"section", "h2 Stack", "ol.stack",
		"li.own", "span.function fail", "button.place src/index.ts:3:9",
		"li", "span.function run", "button.place node_modules/lib/a.js:1:2",
		"li", "span.function (anonymous)", "button.place index.js:7:8",
		"li", "span.function Array.map (<anonymous>)",
		"details", "summary", "h2 Request", "span.method GET", "span.url http://localhost/a?b=<c>",
		"table", "tr", "th accept", "td text/html", "tr", "th cookie", "td REDACTED", "tr", "th x-b", "td 2",
	}
	if got := outline(t, body); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, part := range []string{`data-edition="S-7"`, `data-events="/events"`, `data-method="GET"`, `<html lang="en"`,
		"<title>TypeError: no such thing – counter</title>", `data-number="3"`, `role="status"`} {
		if !strings.Contains(string(body), part) {
			t.Errorf("the page lacks %s", part)
		}
	}
	policy := header.Get("Content-Security-Policy")
	_, nonce, _ := strings.Cut(policy, "script-src 'nonce-")
	nonce, _, _ = strings.Cut(nonce, "'")
	if !strings.HasPrefix(policy, "default-src 'none'") || strings.Count(string(body), `nonce="`+nonce+`"`) != 2 {
		t.Errorf("policy %q does not allow style and script of the page", policy)
	}
}

// Whatever is thrown stays text: in the page, in a terminal, and in JSON.
func TestHostileMessage(t *testing.T) {
	r := thrown(hostile)
	r.Exception.Name, r.Script, r.Exception.Object = hostile, hostile, hostile
	r.Exception.Calls[0].Frame.Func, r.Exception.Calls[3].Text = hostile, hostile
	r.Exception.Top.File, r.Request.URL, r.Request.Method = hostile, hostile, hostile
	r.Request.Headers = Headers(map[string]string{hostile: hostile})
	_, body := answer(t, r, "text/html", "text/html")
	outline(t, body)
	if strings.Contains(string(body), "<script>alert") || strings.Contains(string(body), `"alert(2)"`) {
		t.Errorf("the page runs what was thrown:\n%s", body)
	}
	_, text := answer(t, r, "*/*", "text/plain")
	if strings.ContainsRune(string(text), '\x1b') || !strings.Contains(string(text), `\u001b[2J`) {
		t.Errorf("the text steers the terminal: %q", text)
	}
	_, body = answer(t, r, "application/json", "application/json")
	var got struct{ Error struct{ Name string } }
	if err := json.Unmarshal(body, &got); err != nil || got.Error.Name != hostile {
		t.Errorf("JSON has the name %q, %v", got.Error.Name, err)
	}

	b := broken(true)
	b.Problems[1].Message, b.Problems[1].Hint, b.Problems[1].Code, b.Problems[1].Location.File = hostile, hostile, hostile, hostile
	b.Problems[1].Related = []diag.Related{{Message: hostile}}
	b.Request.URL, b.Edition = hostile, hostile
	_, body = answer(t, b, "text/html", "text/html")
	outline(t, body)
	_, text = answer(t, b, "", "text/plain")
	if strings.ContainsRune(string(text), '\x1b') {
		t.Errorf("the text steers the terminal: %q", text)
	}
}

func TestPageOfProblems(t *testing.T) {
	_, body := answer(t, broken(true), "text/html", "text/html")
	want := []string{
		"main", "header", "p.kind", "span 1 error counter", "h1", "span.message The saved code cannot run",
		"form.note", "p The previous version keeps running.", "input", "input", "button Open it anyway",
		"article.problem.warning", "h2", "span.severity warning odd <i>", "small odd",
		"article.problem.error", "h2", `span.severity error Unexpected "="`, "small build-failed",
		"div.card", "p.file", "button.place src/index.ts:1:9", "pre.code", "code", "span.line.here", "span let x =", "mark = 1;",
		"pre.hint remove\n<one>",
	}
	if got := outline(t, body); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, part := range []string{`action="/previous"`, `method="post"`, `name="edition" value="S-8"`, `name="to" value="/a?b"`} {
		if !strings.Contains(string(body), part) {
			t.Errorf("the page lacks %s", part)
		}
	}
	_, body = answer(t, broken(false), "text/html", "text/html")
	if got := outline(t, body); slices.Contains(got, "form.note") || !strings.Contains(strings.Join(got, "\n"), "p.note No version runs yet.") {
		t.Errorf("without a previous version: %q", got)
	}
}

func TestText(t *testing.T) {
	_, got := answer(t, thrown("no such thing"), "*/*", "text/plain")
	want := strings.Join([]string{
		"TypeError: no such thing",
		"    at fail (src/index.ts:3:9)",
		"    at run (node_modules/lib/a.js:1:2)",
		"    at async index.js:7:8",
		"    at Array.map (<anonymous>)",
		"",
		"  1 │ one <b>",
		"  2 │ function fail() {",
		"> 3 │   throw new Error(x);",
		"    │         ^",
		"  4 │ }",
		"",
		"Uncaught in counter, Durable Object Box: GET http://localhost/a?b=<c>",
		"",
	}, "\n")
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	_, got = answer(t, broken(true), "", "text/plain")
	want = strings.Join([]string{
		"counter cannot run as saved.",
		"",
		"▲ [WARNING] odd <i> [odd]",
		"",
		`✘ [ERROR] Unexpected "=" [build-failed]`,
		"",
		"    src/index.ts:1:9:",
		"      1 │ let x = = 1;",
		"        ╵         ^",
		"",
		"  remove",
		"  <one>",
		"",
		"The previous version keeps running.",
		"",
	}, "\n")
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestJSON(t *testing.T) {
	for _, test := range []struct {
		report *Report
		want   string
	}{
		{thrown("no"), `{"error":{"name":"TypeError","message":"no",` +
			`"stack":"TypeError: no\n    at fail (src/index.ts:3:9)\n    at run (node_modules/lib/a.js:1:2)\n    at async index.js:7:8\n    at Array.map (<anonymous>)",` +
			`"file":"src/index.ts","line":3,"column":9,` +
			`"frame":"  1 │ one <b>\n  2 │ function fail() {\n> 3 │   throw new Error(x);\n    │         ^\n  4 │ }\n",` +
			`"script":"counter","object":"Box","ray":"0123456789abcdef-LOCAL"}}` + "\n"},
		{broken(true), `{"error":{"name":"BuildError","message":"Unexpected \"=\"","file":"src/index.ts","line":1,"column":9,` +
			`"frame":"> 1 │ let x = = 1;\n    │         ^\n","script":"counter","problems":[` +
			`{"severity":"warning","code":"odd","message":"odd <i>"},` +
			`{"severity":"error","code":"build-failed","message":"Unexpected \"=\"","hint":"remove\n<one>","file":"src/index.ts","line":1,"column":9,` +
			`"frame":"> 1 │ let x = = 1;\n    │         ^\n"}]}}` + "\n"},
	} {
		if _, got := answer(t, test.report, "application/json", "application/json"); string(got) != test.want {
			t.Errorf("got\n%s\nwant\n%s", got, test.want)
		}
	}
}

// An exception of which little is known makes a page, too.
func TestBareException(t *testing.T) {
	r := &Report{Script: "counter", Exception: &Exception{Name: "Error"}}
	_, body := answer(t, r, "text/html", "text/html")
	if got := strings.Join(outline(t, body), "\n"); !strings.Contains(got, "p.none The engine gave no stack") || strings.Contains(got, "pre.code") {
		t.Errorf("got\n%s", got)
	}
	if _, text := answer(t, r, "", "text/plain"); string(text) != "Error\n\nUncaught in counter\n" {
		t.Errorf("text %q", text)
	}
}

func TestChoose(t *testing.T) {
	for accept, want := range map[string]form{
		"": asText, "*/*": asText, "text/*": asText, "image/png": asText, "text/plain": asText,
		"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8": asHTML, // Chromium
		"application/json":                                 asJSON,
		"application/json, text/plain, */*":                asJSON, // axios
		"Application/JSON; charset=utf-8":                  asJSON,
		"text/html;q=0.5, application/json":                asJSON,
		"text/html, application/json":                      asHTML,
		"application/json;q=0":                             asText,
		"text/plain, application/json;q=0.9":               asText,
		"text/html;q=much, ;;, application/json;q=\"0.1\"": asJSON,
	} {
		if got := choose(accept); got != want {
			t.Errorf("choose(%q) = %v, want %v", accept, got, want)
		}
	}
}

func TestToken(t *testing.T) {
	for _, test := range []struct {
		line   string
		column int
		want   string
	}{
		{"throw new TypeError(x)", 6, "throw |new TypeError|(x)"},
		{"new", 0, "|new|"},
		{"return new (f())", 7, "return |new| (f())"},
		{"foo_1.bar", 0, "|foo_1|.bar"},
		{`import "./a b";`, 7, `import |"./a b"|;`},
		{`say("open`, 4, `say(|"|open`},
		{"x = = 1", 4, "x = |=| 1"},
		{"größe.x", 0, "|größe|.x"},
		{"end", 3, "end||"},
		{"", 9, "||"},
	} {
		before, at, after := token(test.line, test.column)
		if got := before + "|" + at + "|" + after; got != test.want {
			t.Errorf("token(%q, %d) = %q, want %q", test.line, test.column, got, test.want)
		}
	}
}
