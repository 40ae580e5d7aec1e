package cmd

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"paddock/internal/cfapi"
	"paddock/internal/iostreams"
	"paddock/internal/testcloud"
)

const remoteProject = `name = "api"
main = "index.js"
compatibility_date = "2026-01-01"
[[durable_objects.bindings]]
name = "COUNTER"
class_name = "Counter"
[[migrations]]
tag = "v1"
new_sqlite_classes = ["Counter"]
`

// remoteProgram is paddock with a project and a cloud.
type remoteProgram struct {
	t     *testing.T
	cloud *testcloud.Cloud
	dir   string

	tty    bool   // a person is there, who
	answer string // types this
}

func newRemote(t *testing.T) *remoteProgram {
	p := &remoteProgram{t: t, cloud: testcloud.New(t), dir: t.TempDir()}
	t.Setenv("CLOUDFLARE_API_BASE_URL", p.cloud.URL)
	t.Setenv("CLOUDFLARE_API_TOKEN", testcloud.Token)
	for _, name := range []string{"CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_API_KEY", "CLOUDFLARE_EMAIL", "CLOUDFLARE_ENV"} {
		t.Setenv(name, "")
	}
	t.Setenv("PADDOCK_STATE_DIR", filepath.Join(p.dir, "state"))
	p.write("wrangler.toml", remoteProject)
	p.write("index.js", "export class Counter {}\nexport default { fetch() { return new Response('hi') } }\n")
	return p
}

func (p *remoteProgram) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// run runs a command and returns what it prints. No token may be in it.
func (p *remoteProgram) run(code int, args ...string) (out, errOut string) {
	p.t.Helper()
	streams, in, stdout, stderr := iostreams.Test()
	streams.InTTY, streams.ErrTTY = p.tty, p.tty
	in.WriteString(p.answer)
	args = append(args, "-c", filepath.Join(p.dir, "wrangler.toml"))
	if got := run(p.t.Context(), streams, args); got != code {
		p.t.Fatalf("%q: exit code %d, want %d\nstdout:\n%s\nstderr:\n%s", args, got, code, stdout, stderr)
	}
	for _, b := range []*bytes.Buffer{stdout, stderr} {
		if strings.Contains(b.String(), testcloud.Token) {
			p.t.Errorf("%q prints the token:\n%s", args, b)
		}
	}
	return stdout.String(), stderr.String()
}

// contains fails unless all of the texts are in it.
func contains(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%q is missing in:\n%s", w, text)
		}
	}
}

func TestRemotePublish(t *testing.T) {
	p := newRemote(t)
	out, _ := p.run(0, "publish", "--remote")
	contains(t, out, "+ create   Counter   with SQL storage", "Migration tag: v1", "Published api\n  https://api.sub.workers.dev\n", "Current Version ID: 00000000-0000-4000-8000-")
	out, _ = p.run(0, "publish", "--remote", "--json")
	var result published
	if err := json.Unmarshal([]byte(out), &result); err != nil {
		t.Fatal(err)
	}
	if result.URL != "https://api.sub.workers.dev" || result.MigrationTag != "v1" || p.cloud.Versions("api") != 2 {
		t.Errorf("%s after %d versions", out, p.cloud.Versions("api"))
	}
	if _, err := os.Stat(filepath.Join(p.dir, "state")); err == nil {
		t.Error("a local runtime was started")
	}
	out, _ = p.run(0, "versions", "list", "--remote")
	contains(t, out, "Number:      2")
	out, _ = p.run(0, "migrations", "plan", "--remote")
	contains(t, out, "No migrations are pending: api is at v1.")
	out, _ = p.run(0, "tail", "--remote", "--format", "pretty")
	contains(t, out, "hello from the cloud")
}

func TestRemoteDryRun(t *testing.T) {
	p := newRemote(t)
	out, _ := p.run(0, "publish", "--remote", "--dry-run")
	contains(t, out, "a new script -> v1", "--dry-run: exiting now.")
	for _, r := range p.cloud.Requests() {
		if r.Method != "GET" {
			t.Errorf("the dry run has sent %s", r)
		}
	}
}

func TestRemoteRepeats(t *testing.T) {
	p := newRemote(t)
	p.cloud.Fail(testcloud.Fault{Method: "PUT", Status: 429, RetryAfter: "0.01"})
	_, errOut := p.run(0, "publish", "--remote")
	contains(t, errOut, "the test makes this fail [code: 10013]; trying again in ")
	if p.cloud.Versions("api") != 1 {
		t.Errorf("%d versions", p.cloud.Versions("api"))
	}
	p.cloud.Fail(testcloud.Fault{Path: "/versions", Status: 429, RetryAfter: "3600"})
	_, errOut = p.run(1, "versions", "list", "--remote")
	contains(t, errOut, "The API asks to wait for 3600 seconds.")
}

// What goes wrong after the upload is said, and fails; the version is in force.
func TestRemotePartly(t *testing.T) {
	p := newRemote(t)
	p.write("wrangler.toml", "route = \"a.example/*\"\nworkers_dev = true\n"+remoteProject)
	p.cloud.Fail(testcloud.Fault{Path: "/routes", Status: 400})
	out, errOut := p.run(1, "publish", "--remote")
	contains(t, out, "Published api", "https://api.sub.workers.dev")
	contains(t, errOut, `Trigger configuration for "api" was only partially updated`, "Routes: the test makes this fail")
}

func TestRemoteRoutes(t *testing.T) {
	p := newRemote(t)
	p.write("wrangler.toml", "routes = [\"a.example/*\", { pattern = \"www.b.example/x\", zone_name = \"b.example\" }]\n"+remoteProject)
	p.cloud.Routes["zone-b.example"] = []cfapi.Route{{Pattern: "www.b.example/x", Script: "other"}}
	_, errOut := p.run(1, "publish", "--remote")
	contains(t, errOut, `Can't deploy routes that are assigned to another worker: "www.b.example/x" is already assigned to "other"`)
	p.cloud.Routes["zone-b.example"] = nil
	out, _ := p.run(0, "publish", "--remote")
	contains(t, out, "  a.example/*\n  www.b.example/x (zone name: b.example)\n")
	// A token that may not see all zones.
	p.cloud.Fail(testcloud.Fault{Method: "PUT", Path: "/routes", Status: 403, Code: cfapi.CodeAuthentication})
	p.run(0, "publish", "--remote")
	if got := p.cloud.Routes["zone-a.example"]; len(got) != 1 || got[0].Script != "api" {
		t.Errorf("routes of the zone: %+v", got)
	}
}

// A declaration deletes a class as a migration does, but its entry stays in the
// configuration, where it deletes nothing more.
func TestRemoteDeclaredDelete(t *testing.T) {
	p := newRemote(t)
	const api = "name = \"api\"\nmain = \"index.js\"\ncompatibility_date = \"2026-01-01\"\naccount_id = \"acc\"\n"
	p.write("index.js", "export class C {}\nexport default { fetch() {} }\n")
	p.write("wrangler.toml", api+"[exports]\nC = { type = \"durable-object\", storage = \"sqlite\" }\n")
	p.run(0, "publish", "--remote")
	p.cloud.Namespaces = []cfapi.Namespace{{Script: "api", Class: "C"}, {Script: "other", Class: "D"}}
	p.write("wrangler.toml", api+"[exports]\nC = { type = \"durable-object\", state = \"deleted\" }\nD = { type = \"durable-object\", state = \"deleted\" }\n")
	p.write("index.js", "export default { fetch() {} }\n")
	out, errOut := p.run(1, "publish", "--remote")
	contains(t, errOut, "This deletes C of api at Cloudflare")
	if strings.Contains(out, "trash") || p.cloud.Versions("api") != 1 {
		t.Errorf("output %q, %d versions", out, p.cloud.Versions("api"))
	}
	p.run(0, "publish", "--remote", "--yes")
	p.cloud.Namespaces = nil
	p.run(0, "publish", "--remote")
	if p.cloud.Versions("api") != 3 {
		t.Errorf("%d versions", p.cloud.Versions("api"))
	}
}

// Nothing that destroys data at Cloudflare is done without a word.
func TestRemoteConfirms(t *testing.T) {
	p := newRemote(t)
	p.run(0, "publish", "--remote")
	p.write("index.js", "export default { fetch() { return new Response('hi') } }\n")
	p.write("wrangler.toml", "name = \"api\"\nmain = \"index.js\"\ncompatibility_date = \"2026-01-01\"\n[[migrations]]\ntag = \"v1\"\n"+
		"new_sqlite_classes = [\"Counter\"]\n[[migrations]]\ntag = \"v2\"\ndeleted_classes = [\"Counter\"]\n")
	_, errOut := p.run(1, "publish", "--remote")
	contains(t, errOut, "This deletes Counter of api at Cloudflare, with all objects", "There is no trash", "--yes")
	p.tty, p.answer = true, "no\n"
	_, errOut = p.run(1, "publish", "--remote")
	contains(t, errOut, `Type "api" to confirm`, "nothing was changed")
	if n := p.cloud.Versions("api"); n != 1 {
		t.Fatalf("%d versions", n)
	}
	p.answer = "api\n"
	p.run(0, "publish", "--remote")

	p.answer = "no\n"
	p.run(0, "delete", "--remote")
	p.tty = false
	p.run(1, "delete", "--remote")
	if n := p.cloud.Versions("api"); n != 2 {
		t.Fatalf("%d versions", n)
	}
	p.run(0, "delete", "--remote", "--yes")
	_, errOut = p.run(1, "versions", "list", "--remote")
	contains(t, errOut, `no script "api" is in this account`)
}

func TestRemoteDoubts(t *testing.T) {
	p := newRemote(t)
	p.run(0, "publish", "--remote")
	p.answer = "x"
	p.run(0, "secret", "put", "COUNTER", "--remote")
	p.answer = ""
	p.tty, p.answer = true, "n\n"
	_, errOut := p.run(1, "publish", "--remote")
	contains(t, errOut, `Configuration values ("COUNTER") conflict with existing remote secrets`, "Would you like to continue?", "nothing was changed")
	p.tty = false // as Wrangler does, a CI goes on
	p.run(0, "publish", "--remote")
}

func TestRemoteSecret(t *testing.T) {
	p := newRemote(t)
	p.answer = "the value\n"
	p.run(0, "secret", "put", "KEY", "--remote")
	if got := p.cloud.Secret("api", "KEY"); got != "the value" {
		t.Errorf("the secret is %q", got)
	}
	out, errOut := p.run(0, "secret", "list", "--remote")
	contains(t, out, `[{"name":"KEY","type":"secret_text"}]`)
	if strings.Contains(out+errOut, "the value") {
		t.Error("the value is printed")
	}
}

func TestRemoteNoSubdomain(t *testing.T) {
	p := newRemote(t)
	p.cloud.Subdomain = ""
	_, errOut := p.run(1, "publish", "--remote")
	contains(t, errOut, "You need to register a workers.dev subdomain", "https://dash.cloudflare.com/acc/workers/onboarding")
	if p.cloud.Versions("api") != 0 {
		t.Error("it was published all the same")
	}
	p.write("wrangler.toml", "workers_dev = false\n"+remoteProject)
	p.run(0, "publish", "--remote")
}

func TestRemoteAccount(t *testing.T) {
	p := newRemote(t)
	p.cloud.Accounts = []cfapi.Account{{ID: "one", Name: "First"}, {ID: "two", Name: "Second"}, {ID: "three", Name: "Third"}}
	_, errOut := p.run(1, "publish", "--remote")
	contains(t, errOut, "More than one account available", "`First`: `one`\n", "`Third`: `three`\n")
	t.Setenv("CLOUDFLARE_ACCOUNT_ID", "two")
	p.run(0, "publish", "--remote")
	p.write("wrangler.toml", "account_id = \"three\"\n"+remoteProject)
	p.cloud.Requests()
	p.run(0, "versions", "list", "--remote", "--name", "api") // without a need for more of the configuration
	if r := p.cloud.Requests()[0]; !strings.HasPrefix(r.Path, "/accounts/three/") {
		t.Errorf("the first request is %s", r)
	}
	t.Setenv("CLOUDFLARE_ACCOUNT_ID", "")
	p.write("wrangler.toml", "account_id = \"gone\"\n"+remoteProject)
	_, errOut = p.run(1, "publish", "--remote")
	contains(t, errOut, "Authentication error [code: 10000]", "paddock whoami")
}

func TestRemoteToken(t *testing.T) {
	p := newRemote(t)
	t.Setenv("CLOUDFLARE_API_TOKEN", "")
	_, errOut := p.run(1, "publish", "--remote")
	contains(t, errOut, "CLOUDFLARE_API_TOKEN", "https://dash.cloudflare.com/profile/api-tokens")
	t.Setenv("CLOUDFLARE_API_TOKEN", "wr0ng")
	for _, args := range [][]string{{"publish", "--remote"}, {"whoami"}} {
		_, errOut = p.run(1, args...)
		contains(t, errOut, "[code: 9109]", "The token is wrong or has expired")
		if strings.Contains(errOut, "wr0ng") {
			t.Errorf("the token is shown:\n%s", errOut)
		}
	}
	t.Setenv("CLOUDFLARE_API_TOKEN", testcloud.Token)
	t.Setenv("CLOUDFLARE_API_BASE_URL", "api.cloudflare.com")
	_, errOut = p.run(1, "whoami")
	contains(t, errOut, "CLOUDFLARE_API_BASE_URL is not the URL of an API")
}

func TestWhoami(t *testing.T) {
	p := newRemote(t)
	p.cloud.Accounts = []cfapi.Account{{ID: "one", Name: "First"}, {ID: "two", Name: "Second"}, {ID: "three", Name: "Third"}}
	out, _ := p.run(0, "whoami")
	contains(t, out, "a User API Token, associated with the email someone@example.com", "API: "+p.cloud.URL, "First          one\n", "Third          three\n")
	out, _ = p.run(0, "whoami", "--json")
	var who identity
	if err := json.Unmarshal([]byte(out), &who); err != nil || !who.LoggedIn || who.Email != "someone@example.com" || len(who.Accounts) != 3 {
		t.Errorf("%s, %v", out, err)
	}
	// A token that may not see its user, and one that has none.
	p.cloud.Email = ""
	out, _ = p.run(0, "whoami")
	contains(t, out, "a User API Token.\n")
	p.cloud.Fail(testcloud.Fault{Path: "/tokens/verify", Status: 401, Code: cfapi.CodeInvalidToken})
	p.cloud.Fail(testcloud.Fault{Path: "/memberships", Status: 403, Code: cfapi.CodeMissingAuth})
	out, _ = p.run(0, "whoami")
	contains(t, out, "an Account API Token.\n", "Second         two\n")
}

// What only a local runtime can tell is refused, not looked for elsewhere.
func TestLocalOnly(t *testing.T) {
	p := newRemote(t)
	for _, args := range [][]string{{"migrations", "list"}, {"migrations", "purge", "--all"}, {"migrations", "restore", "x"}} {
		_, errOut := p.run(1, append(args, "--remote")...)
		contains(t, errOut, "Cloudflare", "Without --remote the command is about the local runtime.")
	}
	if list := p.cloud.Requests(); len(list) != 0 {
		t.Errorf("requests: %v", list)
	}
}

func TestErrorChain(t *testing.T) {
	list := explain(&cfapi.APIError{Errors: []cfapi.Error{{
		Code: 1, Message: "outer", DocumentationURL: "https://docs.example", ErrorChain: []cfapi.Error{{Code: 2, Message: "inner"}},
	}}})
	if got := list[0].Message + "|" + list[0].Hint; got != "outer [code: 1]|inner [code: 2]\nTo learn more about this error, visit: https://docs.example" {
		t.Errorf("got %s", got)
	}
	list = explain(&cfapi.UnsettledError{Cause: &cfapi.APIError{Errors: []cfapi.Error{{Code: 1, Message: "outer"}}}, Look: os.ErrDeadlineExceeded})
	if len(list) != 2 || !strings.Contains(list[1].Message, "may have been done all the same") {
		t.Errorf("got %+v", list)
	}
}
