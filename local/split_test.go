package local_test

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"paddock/internal/cfapi"
	"paddock/local"
	"paddock/tail"
)

// shares asks for two versions of a script.
func shares(script, first string, percentage float64, second string) local.DeployRequest {
	return local.DeployRequest{Script: script, Source: "test", Shares: []local.Share{{first, percentage}, {second, 100 - percentage}}}
}

func (r *rig) split(req local.DeployRequest) {
	r.t.Helper()
	if _, err := r.Deploy(r.t.Context(), req); err != nil {
		r.t.Fatalf("deploy %+v: %v", req.Shares, err)
	}
}

// getAs sends a request to the version of a script with an id.
func (r *rig) getAs(script, version, path string) string {
	r.t.Helper()
	req, err := http.NewRequest(http.MethodGet, r.url+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Host = script + ".localhost"
	req.Header.Set("Cloudflare-Workers-Version-Overrides", script+`="`+version+`"`)
	resp, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		r.t.Fatalf("GET %s of version %s: %d %q, %v", path, version, resp.StatusCode, text, err)
	}
	return string(text)
}

// objectJS is a worker that says its version, and so do its objects: that of the
// version which runs them.
var objectJS = func(version string) string {
	return strings.Replace(strings.Replace(secretJS, `case "/version":`, `case "/worker": return new Response("`+version+`");
      case "/version":`, 1), "async fetch(request) {", `async fetch(request) {
    if (new URL(request.url).pathname === "/object") return new Response("`+version+`");`, 1)
}

func TestSplitDeployment(t *testing.T) {
	t.Parallel()
	dir, key := t.TempDir(), filepath.Join(t.TempDir(), "key")
	r := openWithKey(t, dir, key)
	one := r.publish(upload("w", objectJS("one"), binds("Counter", ""), creates("Counter"), secret("S", "old"))).Version.ID
	r.count("w", 2)
	two := r.uploadVersion(upload("w", objectJS("two"), binds("Counter", ""), secret("S", "new"))).ID
	r.publish(upload("caller", counterJS, binds("Counter", "w")))
	r.split(shares("w", one, 50, two))
	check := func(owner string) {
		t.Helper()
		for _, c := range [][3]string{
			{one, "/worker", "one"}, {two, "/worker", "two"},
			{one, "/object", owner}, {two, "/object", owner},
			{one, "/env?key=S", `"old"`}, {two, "/env?key=S", `"new"`},
		} {
			if got := r.getAs("w", c[0], c[1]); got != c[2] {
				t.Errorf("%s of version %s: %q, want %q", c[1], c[0], got, c[2])
			}
		}
	}
	check("two")
	// Both count in one object, and so does whoever binds to it.
	r.getAs("w", one, "/increment")
	r.getAs("w", two, "/increment")
	r.wantBody("caller", "/increment", "5")
	seen := map[string]bool{}
	for range 60 {
		seen[r.get("w", "/worker")] = true
	}
	if !seen["one"] || !seen["two"] {
		t.Errorf("of 60 requests all went to %v", seen)
	}

	// Other shares are no reason to swap the engine.
	pid := r.pid("w")
	r.split(shares("w", two, 100, one))
	for range 20 {
		r.wantBody("w", "/worker", "two")
	}
	check("two")
	if r.pid("w") != pid {
		t.Error("a change of shares has swapped the engine")
	}
	r.close()
	r = openWithKey(t, dir, key)
	r.wantBody("w", "/worker", "two")
	check("two")

	// A version that nobody is sent to does not run the objects.
	r.split(shares("w", one, 100, two))
	check("one")
	r.wantBody("w", "/worker", "one")
	before := r.snapshot()
	value := "v"
	r.wantRefusal(r.secrets("w", map[string]*string{"S": &value}), cfapi.CodeLatestUndeployed, before)

	// A secret takes the place of the newer version, and a publish of both.
	r.split(shares("w", one, 10, two))
	r.put("w", "S", "newest")
	list, err := r.Deployments(t.Context(), "w")
	if err != nil || list[0].Other != one || list[0].Percentage != 90 || list[0].Version == two {
		t.Errorf("deployments %+v, %v", list, err)
	}
	two = list[0].Version
	if got := r.getAs("w", two, "/env?key=S"); got != `"newest"` {
		t.Errorf("the secret of the newer version is %s", got)
	}
	if got := r.getAs("w", one, "/env?key=S"); got != `"old"` {
		t.Errorf("the secret of the older version is %s", got)
	}
	r.publish(upload("w", objectJS("three"), binds("Counter", "")))
	for range 20 {
		r.wantBody("w", "/worker", "three")
	}
	r.wantBody("w", "/increment", "6")
}

// The bindings of both versions count: for the group, and against a deletion.
func TestBothVersionsOfASplitBind(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(counter("owner"))
	binding := r.publish(upload("w", counterJS, binds("Counter", "owner"))).Version.ID
	alone := r.publish(upload("w", "export default { fetch() { return new Response('alone') } }")).Version.ID
	if r.group("w").PID == r.group("owner").PID {
		t.Fatal("the scripts share an engine without a binding")
	}
	r.split(shares("w", binding, 50, alone))
	if got := r.getAs("w", binding, "/increment"); got != "1" {
		t.Errorf("the older version counts %q", got)
	}
	if got := r.getAs("w", alone, "/"); got != "alone" {
		t.Errorf("the newer version says %q", got)
	}
	before := r.snapshot()
	r.wantRefusal(r.DeleteScript(t.Context(), "owner", false), cfapi.CodeClassStillInUse, before, "w binds")
}

// An older version need not have the classes: it does not run them.
func TestOlderVersionOfASplitLacksAClass(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	plain := r.publish(upload("w", "export default { fetch() { return new Response('plain') } }")).Version.ID
	counting := r.publish(counter("w")).Version.ID
	r.split(shares("w", plain, 30, counting))
	if got := r.getAs("w", plain, "/"); got != "plain" {
		t.Errorf("the older version says %q", got)
	}
	if got := r.getAs("w", counting, "/increment"); got != "1" {
		t.Errorf("the newer version counts %q", got)
	}
	before := r.snapshot()
	_, err := r.Deploy(t.Context(), shares("w", plain, 100, counting))
	r.wantRefusal(err, cfapi.CodeClassStillInUse, before, `"Counter"`)
}

// What either version does is told under its script and its id.
func TestSplitIsTraced(t *testing.T) {
	t.Parallel()
	items := make(chan tail.Item, 100)
	r := open(t, t.TempDir(), func(o *local.Options) {
		o.Trace, o.OnItem = local.TraceAlways, func(i tail.Item) { items <- i }
	})
	one := r.publish(counter("w")).Version.ID
	two := r.uploadVersion(recount("w", "2")).ID
	r.split(shares("w", one, 50, two))
	for _, version := range []string{one, two} {
		r.getAs("w", version, "/log")
		select {
		case item := <-items:
			if item.ScriptName != "w" || item.ScriptVersion == nil || item.ScriptVersion.ID != version {
				t.Errorf("item of %s, version %+v, want version %s", item.ScriptName, item.ScriptVersion, version)
			}
		case <-time.After(patience):
			t.Fatal("no item arrived")
		}
	}
}
