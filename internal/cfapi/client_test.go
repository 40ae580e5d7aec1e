package cfapi

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const testToken = "t0ken-of-the-test"

// serve answers every request with the same answer, and keeps the request.
func serve(t *testing.T, status int, answer string) (*Client, *http.Request) {
	t.Helper()
	var seen http.Request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		seen = *r
		seen.Body = io.NopCloser(strings.NewReader(string(body)))
		w.WriteHeader(status)
		if _, err := io.WriteString(w, answer); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return &Client{BaseURL: server.URL + "/client/v4/", Token: testToken, AccountID: "acc", UserAgent: "paddock/test", HTTP: server.Client()}, &seen
}

func TestClientService(t *testing.T) {
	c, seen := serve(t, 200, `{"success":true,"result":{"id":"a b","default_environment":{"script":{"migration_tag":"v1"}}}}`)
	service, err := c.Service(t.Context(), "a b")
	if err != nil {
		t.Fatal(err)
	}
	if service.ID != "a b" || service.DefaultEnvironment.Script.MigrationTag != "v1" {
		t.Errorf("got %+v", service)
	}
	if got := seen.Method + " " + seen.RequestURI; got != "GET /client/v4/accounts/acc/workers/services/a%20b" {
		t.Errorf("request %s", got)
	}
	for name, want := range map[string]string{"Authorization": "Bearer " + testToken, "User-Agent": "paddock/test", "Content-Type": ""} {
		if got := seen.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestClientPutScript(t *testing.T) {
	c, seen := serve(t, 200, `{"success":true,"result":{"id":"s","deployment_id":"v","startup_time_ms":7,"etag":"e"}}`)
	form := Form{Metadata: Metadata{MainModule: "i.js"}, Parts: []Part{{Name: "i.js", ContentType: TypeESModule, Content: []byte("code")}}}
	got, err := c.PutScript(t.Context(), "s", form)
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != "s" || got.DeploymentID != "v" || got.StartupTimeMS != 7 || got.ETag != "e" {
		t.Errorf("got %+v", got)
	}
	if uri := seen.Method + " " + seen.RequestURI; uri != "PUT /client/v4/accounts/acc/workers/scripts/s?excludeScript=true&bindings_inherit=strict" {
		t.Errorf("request %s", uri)
	}
	if seen.ContentLength <= 0 {
		t.Errorf("content length %d, want the size of the form", seen.ContentLength)
	}
	received, err := DecodeForm(seen, DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	if part, ok := received.Part("i.js"); !ok || string(part.Content) != "code" {
		t.Errorf("server received %+v", received)
	}
}

func TestClientTails(t *testing.T) {
	c, seen := serve(t, 200, `{"success":true,"result":{"id":"1","url":"ws://h/t","expires_at":"2026-01-02T03:04:05Z"}}`)
	tail, err := c.CreateTail(t.Context(), "s", TailCreate{Filters: json.RawMessage(`[{"sampling_rate":0.5}]`)})
	if err != nil {
		t.Fatal(err)
	}
	if *tail != (Tail{ID: "1", URL: "ws://h/t", ExpiresAt: "2026-01-02T03:04:05Z"}) {
		t.Errorf("got %+v", tail)
	}
	body, err := io.ReadAll(seen.Body)
	if err != nil || string(body) != `{"filters":[{"sampling_rate":0.5}]}` {
		t.Errorf("sent %s, %v", body, err)
	}
	if err := c.DeleteTail(t.Context(), "s", tail.ID); err != nil {
		t.Fatal(err)
	}
	if got := seen.Method + " " + seen.RequestURI; got != "DELETE /client/v4/accounts/acc/workers/scripts/s/tails/1" {
		t.Errorf("request %s", got)
	}
}

func TestClientRefusals(t *testing.T) {
	const head = "A request to the Cloudflare API (/accounts/acc/workers/workers/s) failed."
	tests := []struct {
		name   string
		status int
		answer string
		want   string
		code   int
	}{
		{"code", 404, `{"success":false,"errors":[{"code":10007,"message":"script_not_found"}],"result":null}`,
			"\n  script_not_found [code: 10007]", 10007},
		{"status says success", 200, `{"success":false,"errors":[{"code":10007,"message":"no"}]}`, "\n  no [code: 10007]", 10007},
		{"chain and documentation", 400, `{"success":false,"errors":[{"code":1,"message":"a","documentation_url":"https://d","error_chain":[{"code":2,"message":"b"}]},{"code":3,"message":"c"}]}`,
			"\n  a [code: 1]\n  To learn more about this error, visit: https://d\n    b [code: 2]\n  c [code: 3]", 1},
		{"messages only", 400, `{"success":false,"errors":[],"messages":["one",{"message":"two"}]}`, "\n  one\n  two", 0},
		{"bare error", 429, `{"error":"slow down","code":971}`, "\n  slow down [code: 971]", 971},
		{"nothing", 500, `{}`, "\n  HTTP status 500 without an explanation", 0},
		{"not JSON", 502, "<html>\n <b>bad gateway</b>", "\n  Received a malformed response from the API (HTTP status 502): <html> <b>bad gateway</b>", 0},
		{"not JSON and long", 502, strings.Repeat("é", 300), "(HTTP status 502): " + strings.Repeat("é", 200) + "…", 0},
		{"empty body", 200, "", "(HTTP status 200)", 0},
		{"not an object", 200, "[]", "(HTTP status 200): []", 0},
		{"token quoted", 400, `{"success":false,"errors":[{"code":6003,"message":"bad header Bearer ` + testToken + `","error_chain":[{"message":"` + testToken + `"}]}]}`,
			"\n  bad header Bearer [token] [code: 6003]\n    [token]", 6003},
		{"token quoted in no JSON", 400, "Authorization: Bearer " + testToken, "Bearer [token]", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := serve(t, tt.status, tt.answer)
			_, err := c.Worker(t.Context(), "s")
			if err == nil || !strings.HasPrefix(err.Error(), head) || !strings.HasSuffix(err.Error(), tt.want) {
				t.Fatalf("got %v\nwant %s … %s", err, head, tt.want)
			}
			if strings.Contains(fmt.Sprintf("%+v", err), testToken) {
				t.Errorf("the error shows the token: %+v", err)
			}
			wrapped := fmt.Errorf("publish s: %w", err)
			if HasCode(wrapped, tt.code) != (tt.code != 0) || HasCode(wrapped, 4, 5) {
				t.Errorf("HasCode does not see code %d alone in %v", tt.code, err)
			}
			if api := err.(*APIError); api.Status != tt.status || api.Method != "GET" {
				t.Errorf("status %d, method %s", api.Status, api.Method)
			}
		})
	}
}

// Only the first error's code counts, and other errors have none.
func TestHasCode(t *testing.T) {
	err := &APIError{Errors: []Error{{Code: 1}, {Code: 2}}}
	if !HasCode(err, 3, 1) || HasCode(err, 2) || HasCode(nil, 0) || HasCode(io.EOF, 0) || HasCode(&APIError{}, 0) {
		t.Error("HasCode looks at more than the first error's code")
	}
}

func TestClientResults(t *testing.T) {
	c, _ := serve(t, 200, `{"success":true,"result":null}`)
	list, err := Call[[]Script](t.Context(), c, "GET", c.AccountPath("workers", "scripts"), nil)
	if err != nil || list == nil || *list != nil {
		t.Errorf("null result: %v, %v; want an empty list", list, err)
	}
	c, _ = serve(t, 204, "")
	if _, err := c.Do(t.Context(), "DELETE", c.AccountPath("paddock", "x"), nil); err != nil {
		t.Errorf("status 204: %v", err)
	}
	c, _ = serve(t, 200, `{"success":true,"result":["x"],"result_info":{"cursor":"next"}}`)
	envelope, err := c.Do(t.Context(), "GET", c.AccountPath("paddock", "x")+"?limit=1", nil)
	if err != nil || string(envelope.Result) != `["x"]` || envelope.ResultInfo.Cursor != "next" {
		t.Errorf("got %+v, %v", envelope, err)
	}
	if _, err := c.Service(t.Context(), "s"); err == nil || !strings.Contains(err.Error(), "decode result of GET /accounts/acc/workers/services/s") {
		t.Errorf("result of a wrong type: %v", err)
	}
	c, _ = serve(t, 200, strings.Repeat(" ", maxResponse)+"{}")
	if _, err := c.Service(t.Context(), "s"); err == nil || !strings.Contains(err.Error(), "is larger than") {
		t.Errorf("oversized answer: %v", err)
	}
}

// Failures before an answer name the request once, and never the token.
func TestClientFailures(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name string
		ctx  context.Context
		c    Client
		want string
	}{
		{"no server", t.Context(), Client{BaseURL: gone.URL, AccountID: "acc", Token: testToken}, "refused"},
		{"cancelled", cancelled, Client{BaseURL: gone.URL, AccountID: "acc", Token: testToken}, "context canceled"},
		{"token that is no header", t.Context(), Client{BaseURL: gone.URL, AccountID: "acc", Token: testToken + "\n"}, "invalid header"},
		{"password in the address", t.Context(), Client{BaseURL: strings.Replace(gone.URL, "//", "//u:"+testToken+"@", 1), AccountID: "acc"}, "refused"},
		{"bad base", t.Context(), Client{BaseURL: "http://u:" + testToken + "@h:port", AccountID: "acc"}, "invalid port"},
		{"no account", t.Context(), Client{BaseURL: gone.URL, Token: testToken}, "no account id"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.c.Service(tt.ctx, "s")
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Count(err.Error(), "/workers/services/s") != 1 {
				t.Fatalf("got %v, want %q and the request once", err, tt.want)
			}
			if strings.Contains(err.Error(), testToken) {
				t.Errorf("the error shows the token: %v", err)
			}
		})
	}
}

func TestStatusOf(t *testing.T) {
	for code, want := range map[int]int{
		CodeScriptNotFound: 404, CodeAuthentication: 403, CodeInvalidToken: 401, CodeMigrationTag: 412,
		CodeInternal: 500, CodeTooLarge: 413, CodeValidationFailed: 400, 424242: 400,
	} {
		if got := StatusOf(code); got != want {
			t.Errorf("StatusOf(%d) = %d, want %d", code, got, want)
		}
	}
}

// Clients compare times as text.
func TestTimeLayoutSorts(t *testing.T) {
	whole := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	a, b := whole.Format(TimeLayout), whole.Add(100*time.Millisecond).Format(TimeLayout)
	if a >= b || len(a) != len(b) {
		t.Errorf("%s does not sort before %s", a, b)
	}
}
