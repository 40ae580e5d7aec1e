package control

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"paddock/internal/cfapi"
)

// asset is a static file that a test uploads.
type asset struct{ path, hash, kind, content string }

var sitePages = []asset{
	{"/index.html", strings.Repeat("a", 32), "text/html; charset=utf-8", "<h1>home</h1>"},
	{"/data.toml", strings.Repeat("b", 32), "application/toml", "a = 1"},
	{"/none", strings.Repeat("c", 32), cfapi.NoContentType, "no type"},
}

func manifestOf(pages []asset) cfapi.AssetManifest {
	m := cfapi.AssetManifest{Manifest: map[string]cfapi.AssetFile{}}
	for _, p := range pages {
		m.Manifest[p.path] = cfapi.AssetFile{Hash: p.hash, Size: int64(len(p.content))}
	}
	return m
}

func parts(pages []asset) []cfapi.Part {
	var list []cfapi.Part
	for _, p := range pages {
		list = append(list, cfapi.Part{Name: p.hash, ContentType: p.kind, Content: []byte(p.content)})
	}
	return list
}

// site uploads static files and returns the token of the completed session.
func (h *house) site(script string, pages []asset) string {
	h.t.Helper()
	session, err := h.client.StartAssets(h.t.Context(), script, manifestOf(pages))
	if err != nil {
		h.t.Fatal(err)
	}
	if len(session.Buckets) == 0 {
		return session.JWT
	}
	done, err := h.client.UploadAssets(h.t.Context(), session.JWT, parts(pages))
	if err != nil || done.JWT == "" {
		h.t.Fatalf("upload: %+v, %v", done, err)
	}
	return done.JWT
}

func assets(token string, config cfapi.AssetsConfig) func(*cfapi.Metadata) {
	return func(m *cfapi.Metadata) { m.Assets = &cfapi.Assets{JWT: token, Config: config} }
}

const behind = `export default { fetch: (request) => new Response("worker at " + new URL(request.url).pathname) };`

// From the manifest to a page that is served, with code and without.
func TestPublishAssets(t *testing.T) {
	h := newHouse(t)
	session, err := h.client.StartAssets(t.Context(), "site", manifestOf(sitePages))
	if err != nil || len(session.Buckets) != 1 || len(session.Buckets[0]) != 3 {
		t.Fatalf("session %+v, %v", session, err)
	}
	// Bucket by bucket, of which only the last one completes the session.
	first, err := h.client.UploadAssets(t.Context(), session.JWT, parts(sitePages[:2]))
	if err != nil || first.JWT != "" {
		t.Fatalf("the first bucket: %+v, %v", first, err)
	}
	last, err := h.client.UploadAssets(t.Context(), session.JWT, parts(sitePages[2:]))
	if err != nil || last.JWT == "" {
		t.Fatalf("the last bucket: %+v, %v", last, err)
	}
	again, err := h.client.StartAssets(t.Context(), "site", manifestOf(sitePages))
	if err != nil || again.JWT == "" || again.Buckets == nil || len(again.Buckets) != 0 {
		t.Errorf("a session that needs nothing: %+v, %v", again, err)
	}
	// Another script starts with nothing of this one's.
	if other, err := h.client.StartAssets(t.Context(), "other", manifestOf(sitePages)); err != nil || len(other.Buckets) != 1 {
		t.Errorf("the session of another script: %+v, %v", other, err)
	}

	h.publish("site", form(behind, assets(last.JWT, cfapi.AssetsConfig{})))
	h.says("site", "/", "<h1>home</h1>")
	h.says("site", "/none", "no type")
	h.says("site", "/x", "worker at /x")

	h.publish("site", cfapi.Form{Metadata: cfapi.Metadata{
		CompatibilityDate: "2026-01-01",
		Assets:            &cfapi.Assets{JWT: again.JWT, Config: cfapi.AssetsConfig{NotFoundHandling: "single-page-application"}},
	}})
	h.says("site", "/x", "<h1>home</h1>")
	var script cfapi.Script
	for _, s := range h.scripts() {
		if s.ID == "site" {
			script = s
		}
	}
	if !script.HasAssets || script.HasModules || script.ETag == "" {
		t.Errorf("the script is listed as %+v", script)
	}
	h.call("GET", account+"/workers/scripts/site/versions", "").want(t, 200, 0)
}

func (h *house) scripts() []cfapi.Script {
	h.t.Helper()
	var list []cfapi.Script
	if err := json.Unmarshal(h.call("GET", account+"/workers/scripts", "").want(h.t, 200, 0).result, &list); err != nil {
		h.t.Fatal(err)
	}
	return list
}

func TestKeepAssets(t *testing.T) {
	h := newHouse(t)
	keep := func(m *cfapi.Metadata) { m.KeepAssets = true }
	h.publish("site", form(behind, assets(h.site("site", sitePages), cfapi.AssetsConfig{})))
	h.publish("site", form(behind, keep))
	h.says("site", "/", "<h1>home</h1>")
	h.publish("site", form(behind))
	h.says("site", "/", "worker at /")
}

func TestAssetSessionsAreRefused(t *testing.T) {
	h := newHouse(t)
	path := account + "/workers/scripts/site/assets-upload-session"
	entry := func(name string, size int) string {
		return fmt.Sprintf(`{"manifest":{%q:{"hash":"abc","size":%d}}}`, name, size)
	}
	for _, tt := range []struct {
		name, body string
		code       int
	}{
		{"no JSON", "x", cfapi.CodeMalformedBody},
		{"no manifest", "{}", cfapi.CodeMalformedBody},
		{"two dots", entry("/../x", 1), cfapi.CodeMalformedBody},
		{"two dots within", entry("/a/../../x", 1), cfapi.CodeMalformedBody},
		{"a dot", entry("/./x", 1), cfapi.CodeMalformedBody},
		{"no slash", entry("x", 1), cfapi.CodeMalformedBody},
		{"empty element", entry("//etc/passwd", 1), cfapi.CodeMalformedBody},
		{"a folder", entry("/a/", 1), cfapi.CodeMalformedBody},
		{"nothing", entry("/", 1), cfapi.CodeMalformedBody},
		{"backslash", entry(`/a\..\..\x`, 1), cfapi.CodeMalformedBody},
		{"long name", entry("/"+strings.Repeat("x", 256), 1), cfapi.CodeMalformedBody},
		{"NUL", `{"manifest":{"/a\u0000":{"hash":"abc","size":1}}}`, cfapi.CodeMalformedBody},
		{"too large", entry("/x", cfapi.MaxAssetSize+1), cfapi.CodeTooLarge},
		{"negative", entry("/x", -1), cfapi.CodeTooLarge},
		{"bad hash", `{"manifest":{"/x":{"hash":"../../x","size":1}}}`, cfapi.CodeMalformedBody},
		{"two sizes", `{"manifest":{"/x":{"hash":"a","size":1},"/y":{"hash":"a","size":2}}}`, cfapi.CodeMalformedBody},
		{"file as folder", `{"manifest":{"/x":{"hash":"a","size":1},"/x/y/z":{"hash":"b","size":2}}}`, cfapi.CodeMalformedBody},
	} {
		t.Run(tt.name, func(t *testing.T) { h.call("POST", path, tt.body).want(t, cfapi.StatusOf(tt.code), tt.code) })
	}
	h.call("POST", account+"/workers/scripts/Bad%20Name/assets-upload-session", entry("/x", 1)).want(t, 400, cfapi.CodeInvalidScriptName)
	h.client.Token = "wrong"
	if _, err := h.client.StartAssets(t.Context(), "site", manifestOf(sitePages)); !cfapi.HasCode(err, cfapi.CodeAuthentication) {
		t.Errorf("a session without the token: %v", err)
	}
}

// bucket sends one form, as it is.
func (h *house) bucket(token, body string) answer {
	h.t.Helper()
	r := h.request("POST", account+"/workers/assets/upload?base64=true", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	return h.do(r)
}

func bucketForm(t *testing.T, name, content string) string {
	t.Helper()
	var body bytes.Buffer
	mw := multipart.NewWriter(&body)
	if err := mw.SetBoundary("b"); err != nil {
		t.Fatal(err)
	}
	if err := cfapi.WritePart(mw, cfapi.Part{Name: name, Filename: name, ContentType: "text/html", Content: []byte(content)}); err != nil {
		t.Fatal(err)
	}
	if err := mw.Close(); err != nil {
		t.Fatal(err)
	}
	return body.String()
}

func TestAssetUploadsAreRefused(t *testing.T) {
	h := newHouse(t)
	session, err := h.client.StartAssets(t.Context(), "site", manifestOf(sitePages))
	if err != nil {
		t.Fatal(err)
	}
	hash, good := sitePages[0].hash, base64.StdEncoding.EncodeToString([]byte(sitePages[0].content))
	head, rest, _ := strings.Cut(session.JWT, ".")
	claims, signature, _ := strings.Cut(rest, ".")
	forged := base64.RawURLEncoding.EncodeToString(bytes.Replace(decoded(t, claims), []byte(`"site"`), []byte(`"other"`), 1))
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`))
	for name, token := range map[string]string{
		"none": "", "the runtime's own": h.rt.Token(), "other claims": head + "." + forged + "." + signature,
		"no signature": none + "." + claims + ".", "cut": session.JWT[:len(session.JWT)-4],
	} {
		if a := h.bucket(token, bucketForm(t, hash, good)); a.status != http.StatusForbidden || a.code() != cfapi.CodeAuthentication {
			t.Errorf("token %s: %v", name, a)
		}
	}
	for _, tt := range []struct {
		name, body string
		code       int
	}{
		{"not in the manifest", bucketForm(t, "ffff", good), cfapi.CodeMalformedBody},
		{"no base64", bucketForm(t, hash, "****"), cfapi.CodeMalformedBody},
		{"too short", bucketForm(t, hash, good[:4]), cfapi.CodeMalformedBody},
		{"too long", bucketForm(t, hash, base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("x"), 1<<20))), cfapi.CodeMalformedBody},
		{"cut", bucketForm(t, hash, good)[:150], cfapi.CodeMalformedBody},
		{"no form", "x", cfapi.CodeMalformedBody},
		{"no name", strings.Replace(bucketForm(t, hash, good), "name=", "nome=", 1), cfapi.CodeMalformedBody},
		{"too many files", strings.Repeat(strings.TrimSuffix(bucketForm(t, hash, good), "--b--\r\n"), maxBucketFiles+1) + "--b--\r\n", cfapi.CodeTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) { h.bucket(session.JWT, tt.body).want(t, cfapi.StatusOf(tt.code), tt.code) })
	}
	if again, err := h.client.StartAssets(t.Context(), "site", manifestOf(sitePages)); err != nil || len(again.Buckets[0]) != 3 {
		t.Errorf("after that the session is %+v, %v", again, err)
	}
}

func decoded(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A token is good for one script, and only when all files are there.
func TestAssetTokensAreBound(t *testing.T) {
	h := newHouse(t)
	session, err := h.client.StartAssets(t.Context(), "site", manifestOf(sitePages))
	if err != nil {
		t.Fatal(err)
	}
	done := h.site("site", sitePages)
	for name, tt := range map[string]struct {
		script string
		form   cfapi.Form
	}{
		"not complete":    {"site", form(behind, assets(session.JWT, cfapi.AssetsConfig{}))},
		"another script":  {"other", form(behind, assets(done, cfapi.AssetsConfig{}))},
		"no such setting": {"site", form(behind, assets(done, cfapi.AssetsConfig{HTMLHandling: "bogus"}))},
		"bad patterns":    {"site", form(behind, assets(done, cfapi.AssetsConfig{RunWorkerFirst: json.RawMessage(`["!/x"]`)}))},
		"no worker":       {"site", cfapi.Form{Metadata: cfapi.Metadata{Assets: &cfapi.Assets{JWT: done, Config: cfapi.AssetsConfig{RunWorkerFirst: json.RawMessage("true")}}}}},
	} {
		if _, err := h.client.PutScript(t.Context(), tt.script, tt.form); !cfapi.HasCode(err, cfapi.CodeValidationFailed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	bound := form(behind, func(m *cfapi.Metadata) {
		m.Bindings = []cfapi.Binding{{Name: "ASSETS", Type: cfapi.BindingAssets}}
	})
	if _, err := h.client.PutScript(t.Context(), "site", bound); !cfapi.HasCode(err, cfapi.CodeMalformedBody) {
		t.Errorf("a binding to nothing: %v", err)
	}
}
