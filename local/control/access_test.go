package control

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"paddock/internal/cfapi"
	"paddock/local"
)

// token makes a token and returns its value.
func (h *house) token(name string, scope local.Scope) cfapi.Token {
	h.t.Helper()
	token, err := h.client.CreateToken(h.t.Context(), cfapi.TokenCreate{Name: name, Scope: string(scope)})
	if err != nil {
		h.t.Fatal(err)
	}
	return *token
}

// as makes a call with another token.
func (h *house) as(token, method, path, body string) answer {
	h.t.Helper()
	r := h.request(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	return h.do(r)
}

// needs are calls with the least scope that they need. None of them is about
// anything that is there.
var needs = []struct {
	scope        local.Scope
	method, path string
	code         int // of the answer to who has it
}{
	{local.ScopeRead, "GET", Prefix + "/user/tokens/verify", 0},
	{local.ScopeRead, "GET", account + "/workers/scripts", 0},
	{local.ScopeRead, "GET", account + "/paddock/status", 0},
	{local.ScopeRead, "GET", account + "/workers/scripts/no/secrets", cfapi.CodeScriptNotFound},
	{local.ScopeRead, "POST", account + "/paddock/scripts/n%20o/plan", cfapi.CodeInvalidScriptName},
	{local.ScopeTail, "POST", account + "/workers/scripts/no/tails", cfapi.CodeScriptNotFound},
	{local.ScopeTail, "DELETE", account + "/workers/scripts/no/tails/1", 0},
	{local.ScopeWrite, "PUT", account + "/workers/scripts/no", cfapi.CodeMalformedBody},
	{local.ScopeWrite, "DELETE", account + "/workers/scripts/no", cfapi.CodeScriptNotFound},
	{local.ScopeWrite, "DELETE", account + "/workers/scripts/no/secrets/A", cfapi.CodeScriptNotFound},
	{local.ScopeWrite, "POST", account + "/paddock/trash/1/restore", cfapi.CodeNotInTrash},
	{local.ScopeWrite, "POST", account + "/paddock/stop", 0},
	{local.ScopeOwner, "GET", account + "/paddock/tokens", 0},
	{local.ScopeOwner, "POST", account + "/paddock/tokens", cfapi.CodeMalformedBody},
	{local.ScopeOwner, "DELETE", account + "/paddock/tokens/1", cfapi.CodeTokenNotFound},
}

func TestScopes(t *testing.T) {
	h := newHouse(t)
	for _, have := range []local.Scope{local.ScopeRead, local.ScopeTail, local.ScopeWrite, local.ScopeOwner} {
		value := h.rt.Token()
		if have != local.ScopeOwner {
			value = h.token(string(have), have).Value
		}
		for _, need := range needs {
			a := h.as(value, need.method, need.path, "")
			want := need.code
			if !have.Allows(need.scope) {
				want = cfapi.CodeAuthentication
			}
			if a.code() != want {
				t.Errorf("%s %s with the scope %s: %v, want code %d", need.method, need.path, have, a, want)
			}
		}
	}
	if len(h.stopped) != 2 {
		t.Errorf("the runtime was asked to stop %d times, want by write and owner", len(h.stopped))
	}
}

// A token is told once, kept nowhere, and worth nothing once it is revoked.
func TestTokens(t *testing.T) {
	h := newHouse(t)
	made := h.token("ci", local.ScopeRead)
	if !strings.HasPrefix(made.Value, "paddock_") || len(made.Value) < 40 || made.Name != "ci" || made.Scope != "read" {
		t.Errorf("token %+v", made)
	}
	list, err := h.client.Tokens(t.Context())
	if err != nil || len(list) != 1 || list[0].ID != made.ID || list[0].Value != "" || len(list[0].CreatedOn) != len(cfapi.TimeLayout) {
		t.Errorf("tokens %+v, %v", list, err)
	}
	for _, create := range []cfapi.TokenCreate{
		{Name: "ci", Scope: "read"}, {Name: "", Scope: "read"}, {Name: "a b", Scope: "read"}, {Name: "owner", Scope: "read"},
		{Name: "x", Scope: "owner"}, {Name: "x", Scope: "admin"}, {Name: "x"}, {Name: strings.Repeat("x", 64), Scope: "read"},
	} {
		if _, err := h.client.CreateToken(t.Context(), create); !cfapi.HasCode(err, cfapi.CodeMalformedBody) && !cfapi.HasCode(err, cfapi.CodeConflict) {
			t.Errorf("create %+v: %v", create, err)
		}
	}
	verify := Prefix + "/user/tokens/verify"
	if a := h.as(made.Value, "GET", verify, "").want(t, 200, 0); !strings.Contains(string(a.result), made.ID) {
		t.Errorf("verify %v", a)
	}
	h.as(made.ID, "GET", verify, "").want(t, 401, cfapi.CodeInvalidToken)
	if err := h.client.RevokeToken(t.Context(), made.ID); err != nil {
		t.Fatal(err)
	}
	h.as(made.Value, "GET", verify, "").want(t, 401, cfapi.CodeInvalidToken)
}

func TestRevokedTokenEndsItsTails(t *testing.T) {
	h := newHouse(t)
	h.publish("s", form(talking))
	made := h.token("logs", local.ScopeTail)
	mine := h.openRaw(h.createTail("s", "{}").URL)
	var created cfapi.Tail
	if err := json.Unmarshal(h.as(made.Value, "POST", account+"/workers/scripts/s/tails", "{}").want(t, 200, 0).result, &created); err != nil {
		t.Fatal(err)
	}
	theirs := h.openRaw(created.URL)
	if err := h.client.RevokeToken(t.Context(), made.ID); err != nil {
		t.Fatal(err)
	}
	if f, err := readFrame(theirs.r, maxMessage); err != nil || f.op != opClose {
		t.Errorf("got %+v, %v; want the end", f, err)
	}
	h.fetch("GET", "s", "/still")
	if got := path(t, mine.item()); got != "/still" {
		t.Errorf("the other tail heard %q", got)
	}
}

func TestPagesOfOthers(t *testing.T) {
	h := newHouse(t)
	for name, c := range map[string]struct {
		header, value string
		refused       bool
	}{
		"no browser":       {"User-Agent", "curl/8", false},
		"typed in":         {"Sec-Fetch-Site", "none", false},
		"our own page":     {"Sec-Fetch-Site", "same-origin", false},
		"as Wrangler":      {"Sec-Fetch-Mode", "cors", false},
		"its own origin":   {"Origin", h.door.URL, false},
		"another site":     {"Sec-Fetch-Site", "cross-site", true},
		"another port":     {"Sec-Fetch-Site", "same-site", true},
		"another origin":   {"Origin", "https://evil.example", true},
		"a file":           {"Origin", "null", true},
		"a hostile origin": {"Origin", "http://[", true},
	} {
		for _, call := range []struct{ method, path string }{
			{"GET", Prefix + "/user/tokens/verify"}, {"POST", account + "/paddock/trash/purge"}, {"OPTIONS", account + "/workers/scripts"}, {"GET", "/tail/x"},
		} {
			r := h.request(call.method, call.path, nil)
			r.Header.Set(c.header, c.value)
			resp, err := h.door.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if got := resp.StatusCode == http.StatusForbidden; got != c.refused {
				t.Errorf("%s: %s %s is answered with %d", name, call.method, call.path, resp.StatusCode)
			}
			for header := range resp.Header {
				if strings.HasPrefix(header, "Access-Control-") {
					t.Errorf("%s: the answer has the header %s", name, header)
				}
			}
		}
	}
}

// What a form of a page sends is no call.
func TestContentTypes(t *testing.T) {
	h := newHouse(t)
	for kind, code := range map[string]int{
		"application/json": 0, "application/merge-patch+json": 0, "text/plain;charset=UTF-8": 0, "": 0,
		"application/x-www-form-urlencoded": cfapi.CodeMalformedBody, "multipart/form-data; boundary=x": cfapi.CodeMalformedBody,
	} {
		r := h.request("POST", account+"/paddock/trash/purge", strings.NewReader(`{"namespaces":[]}`))
		r.Header.Set("Content-Type", kind)
		if a := h.do(r); a.code() != code {
			t.Errorf("%q: %v, want code %d", kind, a, code)
		}
	}
}

// A client that stalls in the middle of a body gets an answer, and a handler
// that works longer than that is not cut.
func TestBodyThatStalls(t *testing.T) {
	h := newHouse(t)
	h.api.pace = pace{stall: 50 * time.Millisecond, total: time.Minute}
	for name, begin := range map[string]string{
		"an upload": "PUT " + account + "/workers/scripts/s HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\n" +
			"Content-Length: 1000\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n{",
		"a chunked one": "PUT " + account + "/workers/scripts/s HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\n" +
			"Transfer-Encoding: chunked\r\n\r\n5\r\n--b\r\n",
		"JSON": "PATCH " + account + "/workers/scripts/s/secrets-bulk HTTP/1.1\r\nContent-Length: 1000\r\n\r\n{",
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", h.door.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(patience))
			head, body, _ := strings.Cut(begin, "\r\n")
			fmt.Fprintf(conn, "%s\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n%s", head, h.rt.Token(), body)
			in := bufio.NewReader(conn)
			resp, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatal(err)
			}
			checkEnvelope(t, resp).want(t, 408, cfapi.CodeTimeout)
			if _, err := in.ReadByte(); err == nil {
				t.Error("the connection goes on")
			}
		})
	}
	// The start of its engine alone takes longer than half of that.
	h.api.pace.stall = 20 * time.Millisecond
	h.publish("s", form(`export default { fetch: () => new Response("hello") };`))
	h.says("s", "/", "hello")
}

// The log has every request with its id, and no secret.
func TestRequestLog(t *testing.T) {
	h := newHouse(t)
	var log bytes.Buffer
	h.api.log = slog.New(slog.NewTextHandler(&log, nil))
	made := h.token("ci", local.ScopeWrite)
	h.publish("s", form(`export default { fetch: () => new Response("hello") };`))
	w := httptest.NewRecorder()
	r := httptest.NewRequest("PUT", account+"/workers/scripts/s/secrets?url=x", strings.NewReader(`{"name":"KEY","text":"hunter2","type":"secret_text"}`))
	r.Host = "localhost"
	r.Header.Set("Authorization", "Bearer "+made.Value)
	h.api.ServeHTTP(w, r)
	h.call("GET", account+"/no/such", "").want(t, 404, cfapi.CodeNoRoute)
	text := log.String()
	for _, want := range []string{
		"id=" + w.Header().Get("Cf-Ray") + " method=PUT path=" + account + "/workers/scripts/s/secrets status=200",
		"token=ci\n", "token=owner", "path=" + account + "/no/such status=404",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the log lacks %q", want)
		}
	}
	for _, secret := range []string{made.Value, h.rt.Token(), "hunter2", "url=x"} {
		if strings.Contains(text, secret) {
			t.Errorf("the log has %q", secret)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestHostsOfOnesChoice(t *testing.T) {
	h := newHouse(t)
	h.api.hosts = []string{"devbox.example"}
	for host, status := range map[string]int{"devbox.example:8789": 200, "DevBox.example": 200, "other.example": 403} {
		r := h.request("GET", Prefix+"/user/tokens/verify", nil)
		r.Host = host
		if a := h.do(r); a.status != status {
			t.Errorf("host %q: %v, want %d", host, a, status)
		}
	}
}
