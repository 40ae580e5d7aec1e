package local_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"paddock/internal/cfapi"
	"paddock/local"
)

// siteFiles are the static files of most tests, by path.
var siteFiles = map[string]string{
	"/index.html": "<h1>home</h1>", "/about.html": "<h1>about</h1>", "/404.html": "<h1>nothing</h1>",
	"/sub/data.toml": "a = 1", "/copy.html": "<h1>about</h1>",
}

// site uploads static files for a script.
func (r *rig) site(script string, files map[string]string, config cfapi.AssetsConfig) part {
	r.t.Helper()
	m := cfapi.AssetManifest{Manifest: map[string]cfapi.AssetFile{}}
	for name, content := range files {
		m.Manifest[name] = cfapi.AssetFile{Hash: hashOf(name), Size: int64(len(content))}
	}
	session, err := r.StartAssets(r.t.Context(), script, m)
	if err != nil {
		r.t.Fatal(err)
	}
	token := session.JWT
	if len(session.Buckets) > 0 {
		up, err := r.OpenAssets(token)
		if err != nil {
			r.t.Fatal(err)
		}
		for name, content := range files {
			kind := map[string]string{".html": "text/html; charset=utf-8", ".toml": "application/toml"}[filepath.Ext(name)]
			if err := up.Put(hashOf(name), kind, strings.NewReader(content)); err != nil {
				r.t.Fatal(err)
			}
		}
		done, err := up.Finish(r.t.Context())
		if err != nil {
			r.t.Fatal(err)
		}
		token = done.JWT
	}
	return func(up *local.Upload) { up.Form.Metadata.Assets = &cfapi.Assets{JWT: token, Config: config} }
}

func hashOf(name string) string { return strings.NewReplacer("/", "_", ".", "-").Replace(name) }

// noCode makes an upload one of static files only.
func noCode(up *local.Upload) { up.Form.Metadata.MainModule, up.Form.Parts = "", nil }

// siteJS tells what it is asked for, and gives a file on demand.
const siteJS = `export default { async fetch(request, env) {
	const url = new URL(request.url);
	return url.pathname === "/via" ? env.ASSETS.fetch("http://x/about") : new Response("worker at " + url.pathname);
} };`

var assetsBinding = has(cfapi.Binding{Name: "ASSETS", Type: cfapi.BindingAssets})

// answer asks a script without following redirects.
func (r *rig) answer(script, path string) (int, http.Header, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.url+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Host = script + ".localhost"
	resp, err := r.client.Transport.RoundTrip(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(body)
}

// served returns the folders of static files in the state folder.
func (r *rig) served() []string {
	r.t.Helper()
	entries, err := os.ReadDir(filepath.Join(r.dir, "assets"))
	if err != nil {
		r.t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestAssetsAreServed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := open(t, dir)
	config := cfapi.AssetsConfig{
		RunWorkerFirst: json.RawMessage(`["/api/*"]`), Headers: "/about\n  X-About: yes\n", Redirects: "/old /about 301\n",
	}
	up := upload("site", siteJS, r.site("site", siteFiles, config), assetsBinding)
	r.publish(up)
	check := func() {
		t.Helper()
		status, header, body := r.answer("site", "/about")
		if status != 200 || body != "<h1>about</h1>" || header.Get("Content-Type") != "text/html; charset=utf-8" ||
			header.Get("ETag") == "" || header.Get("X-About") != "yes" {
			t.Errorf("/about: %d %v %q", status, header, body)
		}
		if status, header, _ := r.answer("site", "/old"); status != 301 || header.Get("Location") != "/about" {
			t.Errorf("/old: %d %v", status, header)
		}
		// The engine knows no type for this, but the client did.
		if _, header, _ := r.answer("site", "/sub/data.toml"); header.Get("Content-Type") != "application/toml" {
			t.Errorf("/sub/data.toml has the type %q", header.Get("Content-Type"))
		}
		r.wantBody("site", "/x", "worker at /x")
		r.wantBody("site", "/api/about", "worker at /api/about")
		r.wantBody("site", "/via", "<h1>about</h1>")
	}
	check()

	// The same files in another version are the same folder; files that are
	// not in force any more have none.
	first := r.served()
	r.publish(upload("site", siteJS+"// changed", r.site("site", siteFiles, config), assetsBinding))
	if again := r.served(); len(first) != 1 || !slices.Equal(first, again) {
		t.Errorf("the folders are %v, then %v", first, again)
	}
	check()
	r.publish(upload("site", siteJS, r.site("site", map[string]string{"/index.html": "<h1>new!</h1>"}, config), assetsBinding))
	r.wantBody("site", "/", "<h1>home</h1>") // its hash is the same, and so is its size
	if now := r.served(); len(now) != 1 || now[0] == first[0] {
		t.Errorf("the folders are %v, after %v", now, first)
	}

	// A version from before brings its files back, also after a restart that
	// found no folder.
	versions, err := r.Versions(t.Context(), "site")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Deploy(t.Context(), local.DeployRequest{Script: "site", Shares: []local.Share{{Version: versions[2].ID, Percentage: 100}}}); err != nil {
		t.Fatal(err)
	}
	check()
	r.close()
	if err := os.RemoveAll(filepath.Join(dir, "assets")); err != nil {
		t.Fatal(err)
	}
	r = open(t, dir)
	check()
	r.publish(upload("site", siteJS))
	if now := r.served(); len(now) != 0 {
		t.Errorf("without files there are the folders %v", now)
	}
	r.wantBody("site", "/about", "worker at /about")
}

func TestAssetsWithoutCode(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := open(t, dir)
	r.publish(upload("site", "", noCode, r.site("site", siteFiles, cfapi.AssetsConfig{NotFoundHandling: "404-page"})))
	r.wantBody("site", "/", "<h1>home</h1>")
	if status, _, body := r.answer("site", "/x"); status != 404 || body != "<h1>nothing</h1>" {
		t.Errorf("/x: %d %q", status, body)
	}
	r.publish(upload("site", "", noCode, r.site("site", siteFiles, cfapi.AssetsConfig{NotFoundHandling: "single-page-application"})))
	r.wantBody("site", "/x", "<h1>home</h1>")
	r.close()
	r = open(t, dir)
	r.wantBody("site", "/x", "<h1>home</h1>")

	r.refused(upload("site", "", noCode), cfapi.CodeMalformedBody)
	got := r.refused(upload("site", "", noCode, r.site("site", siteFiles, cfapi.AssetsConfig{RunWorkerFirst: json.RawMessage("true")})), cfapi.CodeValidationFailed)
	if got != "Cannot set run_worker_first without a Worker script." {
		t.Errorf("refused with %q", got)
	}
	got = r.refused(upload("site", siteJS, assetsBinding, r.site("site", siteFiles, cfapi.AssetsConfig{RunWorkerFirst: json.RawMessage(`["x"]`)})), cfapi.CodeValidationFailed)
	if !strings.HasPrefix(got, "static files: Invalid routes in `run_worker_first`") || strings.Contains(got, "Worker \"site\"") {
		t.Errorf("refused with %q", got)
	}
}

// Static files stand before objects, splits, tails and services.
func TestAssetsBesideEverythingElse(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir(), func(o *local.Options) { o.Trace = local.TraceAlways })
	files := r.site("counter", siteFiles, cfapi.AssetsConfig{})
	first := r.publish(counter("counter", files))
	r.count("counter", 2)
	r.wantBody("counter", "/about", "<h1>about</h1>")
	r.publish(upload("caller", callerJS, service("SITE", "counter", "", ""), has(cfapi.Binding{Name: "API", Type: cfapi.BindingPlainText})))
	r.wantBody("caller", "/about", "<h1>about</h1>")

	up := recount("counter", "two", r.site("counter", map[string]string{"/about.html": "<h1>about</h1>", "/two.html": "two"}, cfapi.AssetsConfig{}))
	second, err := r.UploadVersion(t.Context(), up)
	if err != nil {
		t.Fatal(err)
	}
	shares := []local.Share{{Version: first.Version.ID, Percentage: 0}, {Version: second.ID, Percentage: 100}}
	if _, err := r.Deploy(t.Context(), local.DeployRequest{Script: "counter", Shares: shares}); err != nil {
		t.Fatal(err)
	}
	if folders := r.served(); len(folders) != 2 {
		t.Errorf("two versions have the folders %v", folders)
	}
	r.wantBody("counter", "/two", "two")
	r.wantBody("counter", "/", "2")
}

// A folder of a dev session is served as it is.
func TestLiveAssets(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir(), throwaway)
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.txt", "one")
	write("b.secret", "hidden")
	up := upload("site", siteJS, session(), assetsBinding)
	up.Assets = &local.LiveAssets{Dir: dir, Ignore: "*.secret"}
	p := r.publish(up)
	r.wantBody("site", "/a.txt", "one")
	r.wantBody("site", "/b.secret", "worker at /b.secret")
	write("a.txt", "another")
	write("new.txt", "new")
	r.wantBody("site", "/a.txt", "another")
	r.wantBody("site", "/new.txt", "new")
	if p.Version.Assets == nil || p.Version.Assets.Dir != dir {
		t.Errorf("the version has %+v", p.Version.Assets)
	}
	if _, err := os.Stat(dir); err != nil || len(r.served()) != 0 {
		t.Errorf("the session's folder: %v; others: %v", err, r.served())
	}
}
