package publish

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"paddock/config"
	"paddock/internal/cfapi"
	"paddock/internal/diag"
)

// The answers are those of the package that Wrangler uses.
func TestIgnoredAssets(t *testing.T) {
	for _, tt := range []struct{ patterns, ignored, served string }{
		{"*.map", "a.map d/a.map A.MAP", "a.mapx"},
		{"/a", "a a/b", "d/a"},
		{"node_modules", "node_modules/x d/node_modules/y", "node_modules2"},
		{"d/", "d/x e/d/x", "d"},
		{"*|!*.html", "b.js d/a.html", "a.html"},
		{"d|!d/keep.txt", "d/keep.txt d/x", ""},
		{"d/*|!d/keep.txt", "d/x", "d/keep.txt"},
		{"**/x.txt", "x.txt a/b/x.txt", ""},
		{"a/**/b", "a/b a/x/b a/x/y/b", "x/a/b"},
		{"d/**", "d/x d/e/x", "e/x"},
		{"# c||\\#x", "#x", "# c"},
		{"a?.txt", "ab.txt", "a/.txt abc.txt"},
		{"[ab].txt|[!c].js", "a.txt d.js", "c.txt c.js"},
		{"a.b", "a.b", "axb"},
		{"a/b", "a/b", "x/a/b"},
		{"foo/*", "foo/a foo/a/b", ""},
		{"*.txt\r", "a.txt", ""},
		{"x+(1).js", "x+(1).js", ""},
		{"tmp ", "tmp", ""},
		{"", "_headers _redirects .assetsignore", "d/_headers index.html"},
		{"!_headers", "", "_headers"},
	} {
		ignore := newIgnorer(strings.ReplaceAll(tt.patterns, "|", "\n"))
		list := func(text string) []string {
			if strings.Contains(text, "# ") {
				return []string{text}
			}
			return strings.Fields(text)
		}
		for _, path := range list(tt.ignored) {
			if !ignore.ignores(path) {
				t.Errorf("%q does not ignore %q", tt.patterns, path)
			}
		}
		for _, path := range list(tt.served) {
			if ignore.ignores(path) {
				t.Errorf("%q ignores %q", tt.patterns, path)
			}
		}
	}
}

// The hashes are what Wrangler 4.164.0 sends for these files.
func TestAssetHashes(t *testing.T) {
	for name, tt := range map[string]struct{ content, hash string }{
		"index.html": {"<h1>home</h1>\n", "260d432292df18555c39749e59348292"},
		"d/noext":    {"x", "c89c27f28e24f706b72c408fe1d6537a"},
		"d/.hidden":  {"x", "c89c27f28e24f706b72c408fe1d6537a"},
		"a.tar.gz":   {"", "6c24033d630122d5c67c8671b61e0313"},
	} {
		if got := hashAsset(name, []byte(tt.content)); got != tt.hash {
			t.Errorf("the hash of %s is %s, want %s", name, got, tt.hash)
		}
	}
}

// folder makes a worker with static files.
func folder(t *testing.T, files map[string]string) *config.Worker {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &config.Worker{Name: "site", Main: "index.js", Assets: &config.Assets{Dir: dir, Binding: "ASSETS", WorkerFirstOn: []string{"/api/*"}}}
}

func TestListAssets(t *testing.T) {
	w := folder(t, map[string]string{
		"index.html": "home", "d/a.js": "a", "d/a.js.map": "m", ".assetsignore": "*.map", "_headers": "/*\n  X: y\n", "_redirects": "/a /b\n",
	})
	list, err := ListAssets(w)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, f := range list.Files {
		paths = append(paths, f.Path)
	}
	if !slices.Equal(paths, []string{"/d/a.js", "/index.html"}) || list.Bytes != 5 {
		t.Errorf("files %v with %d bytes", paths, list.Bytes)
	}
	if c := list.Config; c.Headers != "/*\n  X: y\n" || c.Redirects != "/a /b\n" || string(c.RunWorkerFirst) != `["/api/*"]` {
		t.Errorf("settings %+v", c)
	}
}

func TestAssetsThatCannotBe(t *testing.T) {
	large := folder(t, map[string]string{"large": ""})
	if err := os.Truncate(filepath.Join(large.Assets.Dir, "large"), cfapi.MaxAssetSize+1); err != nil {
		t.Fatal(err)
	}
	for want, w := range map[string]*config.Worker{
		"Asset too large.": large,
		"Uploading a Pages _worker.js file as an asset.": folder(t, map[string]string{"_worker.js": "x"}),
		"must be UTF-8": folder(t, map[string]string{".assetsignore": "\xff"}),
	} {
		if _, err := ListAssets(w); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if _, err := ListAssets(folder(t, map[string]string{"_worker.js": "x", ".assetsignore": ""})); err != nil {
		t.Errorf("what is deliberate: %v", err)
	}
}

func TestCheckAssets(t *testing.T) {
	good := folder(t, nil).Assets.Dir
	file := filepath.Join(folder(t, map[string]string{"x": ""}).Assets.Dir, "x")
	for want, w := range map[string]*config.Worker{
		"":                                   {Main: "a", Assets: &config.Assets{Dir: good}},
		"required `directory` property":      {Main: "a", Assets: &config.Assets{}},
		"does not exist":                     {Main: "a", Assets: &config.Assets{Dir: filepath.Join(good, "none")}},
		"doesn't point to a directory":       {Main: "a", Assets: &config.Assets{Dir: file}},
		"without a Worker script":            {Assets: &config.Assets{Dir: good, WorkerFirst: true}},
		"set without an assets binding":      {Main: "a", Assets: &config.Assets{Dir: good, WorkerFirst: true}},
		"run_worker_first without a Worker ": {Assets: &config.Assets{Dir: good, WorkerFirstOn: []string{"/a"}}},
	} {
		got := CheckAssets(w)
		if want == "" && len(got) > 0 || want != "" && (len(got) != 1 || !strings.Contains(got[0].Message, want)) {
			t.Errorf("got %v, want %q", got, want)
		}
	}
	var _ diag.List = CheckAssets(&config.Worker{})
}

// assetStore is a target that wants files in buckets of two.
type assetStore struct {
	mu       sync.Mutex
	manifest map[string]cfapi.AssetFile
	have     map[string]string // content type and content by hash
	fail     error
}

func (s *assetStore) StartAssets(_ context.Context, _ string, m cfapi.AssetManifest) (*cfapi.AssetSession, error) {
	s.manifest = m.Manifest
	session := &cfapi.AssetSession{JWT: "session", Buckets: [][]string{}}
	var missing []string
	for _, f := range m.Manifest {
		if _, ok := s.have[f.Hash]; !ok && !slices.Contains(missing, f.Hash) {
			missing = append(missing, f.Hash)
		}
	}
	for bucket := range slices.Chunk(missing, 2) {
		session.Buckets = append(session.Buckets, bucket)
	}
	return session, nil
}

func (s *assetStore) UploadAssets(_ context.Context, session string, files []cfapi.Part) (*cfapi.AssetUpload, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil || session != "session" {
		return nil, s.fail
	}
	for _, f := range files {
		s.have[f.Name] = f.ContentType + " " + string(f.Content)
	}
	for _, f := range s.manifest {
		if _, ok := s.have[f.Hash]; !ok {
			return &cfapi.AssetUpload{}, nil
		}
	}
	return &cfapi.AssetUpload{JWT: "complete"}, nil
}

func TestUploadAssets(t *testing.T) {
	w := folder(t, map[string]string{"a.html": "a", "b.css": "b", "c.unknown": "c", "d.js": "d", "copy/d.js": "d", "e": "e"})
	list, err := ListAssets(w)
	if err != nil {
		t.Fatal(err)
	}
	target := &assetStore{have: map[string]string{}}
	plan := &Plan{Script: "site"}
	var done, total int64
	sent, err := plan.UploadAssets(t.Context(), target, list, func(d, of int64) { done, total = max(done, d), of })
	if err != nil || sent != 5 || done != 5 || total != 5 {
		t.Errorf("sent %d, %d of %d bytes, %v", sent, done, total, err)
	}
	if got := plan.Form.Metadata.Assets; got == nil || got.JWT != "complete" {
		t.Errorf("the form names %+v", got)
	}
	if got := target.have[hashAsset("c.unknown", []byte("c"))]; got != "application/null c" {
		t.Errorf("an unknown type was sent as %q", got)
	}
	if got := target.have[hashAsset("b.css", []byte("b"))]; got != "text/css; charset=utf-8 b" {
		t.Errorf("a style sheet was sent as %q", got)
	}
	// What is there is not sent again.
	sent, err = plan.UploadAssets(t.Context(), target, list, nil)
	if err != nil || sent != 0 || plan.Form.Metadata.Assets.JWT != "session" {
		t.Errorf("sent %d again, %v, %+v", sent, err, plan.Form.Metadata.Assets)
	}
	target.have, target.fail = map[string]string{}, errors.New("no room")
	if _, err := plan.UploadAssets(t.Context(), target, list, nil); !errors.Is(err, target.fail) {
		t.Errorf("got %v", err)
	}
}
