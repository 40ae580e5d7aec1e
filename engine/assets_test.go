//go:build unix

package engine_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"paddock/engine"
)

// site makes a folder of static files.
func site(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"index.html": "<h1>home</h1>", "about.html": "<h1>about</h1>", "404.html": "<h1>nothing</h1>", "data.toml": "a = 1",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// fetched asks a worker's socket for a path.
func fetched(t *testing.T, p *engine.Process, worker, path string) (int, http.Header, string) {
	t.Helper()
	c := client(t, p.SocketPath(worker))
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := c.Get("http://example.com" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(body)
}

func TestAssetsStandBeforeTheirWorker(t *testing.T) {
	dir := site(t)
	w := answering(`
	if (new URL(request.url).pathname === "/via") return env.ASSETS.fetch("http://x/about");
	return new Response("worker at " + new URL(request.url).pathname);`)
	w.Front = "files"
	w.Bindings = []engine.Binding{engine.ServiceBinding("ASSETS", "files", engine.AssetFiles, nil)}
	files := engine.Assets{Name: "files", Path: dir, Worker: "main", Config: json.RawMessage(
		`{"run_worker_first":["/api/*"],"headers":"/data.toml\n  Content-Type: application/toml\n","redirects":"/old /about 301\n"}`)}
	p := start(t, engine.Options{Config: engine.Config{Assets: []engine.Assets{files}, Experimental: true}}, w)
	for _, tt := range []struct {
		path   string
		status int
		header string // name: value
		body   string
	}{
		{"/", 200, "Content-Type: text/html; charset=utf-8", "<h1>home</h1>"},
		{"/about", 200, "Cache-Control: public, max-age=0, must-revalidate", "<h1>about</h1>"},
		{"/about.html", 307, "Location: /about", ""},
		{"/data.toml", 200, "Content-Type: application/toml", "a = 1"},
		{"/old", 301, "Location: /about", ""},
		{"/none", 200, "", "worker at /none"},
		{"/api/x", 200, "", "worker at /api/x"},
		{"/via", 200, "Content-Type: text/html; charset=utf-8", "<h1>about</h1>"},
	} {
		status, header, body := fetched(t, p, "main", tt.path)
		name, value, _ := strings.Cut(tt.header, ": ")
		if status != tt.status || body != tt.body || name != "" && header.Get(name) != value {
			t.Errorf("GET %s: %d %q %v, want %d %q %s", tt.path, status, body, header, tt.status, tt.body, tt.header)
		}
	}
	// What changes on disk is served at once.
	if err := os.WriteFile(filepath.Join(dir, "about.html"), []byte("changed"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, body := fetched(t, p, "main", "/about"); body != "changed" {
		t.Errorf("after a change: %q", body)
	}
}

// Without a worker the files answer for themselves. The socket is that of a
// worker all the same.
func TestAssetsAlone(t *testing.T) {
	w := engine.Worker{
		Name: "main", CompatibilityDate: date, Socket: true, Front: "files",
		Modules: []engine.Module{{Name: "none.js", Kind: engine.ESModule, Content: []byte("export default {};")}},
	}
	files := engine.Assets{Name: "files", Path: site(t), Config: json.RawMessage(`{"not_found_handling":"404-page"}`), CompatibilityDate: date}
	p := start(t, engine.Options{Config: engine.Config{Assets: []engine.Assets{files}, Experimental: true}}, w)
	if status, _, body := fetched(t, p, "main", "/zzz"); status != 404 || body != "<h1>nothing</h1>" {
		t.Errorf("got %d %q", status, body)
	}
}

// The engine checks its configuration, and what it says names the files.
func TestAssetsConfigurationIsChecked(t *testing.T) {
	files := engine.Assets{Name: "files", Path: t.TempDir(), Worker: "main", Config: json.RawMessage(`{"run_worker_first":["!/x"]}`)}
	w := answering(`return new Response("")`)
	w.Front = "files"
	_, err := try(t, engine.Options{Config: engine.Config{Assets: []engine.Assets{files}, Experimental: true}}, w)
	if err == nil || !strings.Contains(err.Error(), "files: Only negative `run_worker_first` rules") {
		t.Errorf("got %v", err)
	}
	files.Path, files.Config = "relative", json.RawMessage("[]")
	w.Front = "elsewhere"
	_, err = try(t, engine.Options{Config: engine.Config{Assets: []engine.Assets{files}}}, w)
	for _, part := range []string{"experimental", `"relative" is not absolute`, "no JSON object", `no service "elsewhere"`} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("got %v, want %q", err, part)
		}
	}
}
