package local

import (
	"context"
	"errors"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"paddock/engine/enginetest"
	"paddock/internal/cfapi"
)

func TestAssetTokens(t *testing.T) {
	r := &Runtime{token: "the owner's"}
	token, err := r.signAssets("site", "sha", true)
	if err != nil {
		t.Fatal(err)
	}
	claims, err := r.readAssets(token)
	if err != nil || claims.Subject != "site" || claims.Manifest != "sha" || !claims.Complete {
		t.Fatalf("read %+v, %v", claims, err)
	}
	sign := func(method jwt.SigningMethod, key any, expires time.Time) string {
		claims := assetClaims{RegisteredClaims: jwt.RegisteredClaims{Subject: "site"}, Manifest: "sha", Complete: true}
		if !expires.IsZero() {
			claims.ExpiresAt = jwt.NewNumericDate(expires)
		}
		text, err := jwt.NewWithClaims(method, claims).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	later := time.Now().Add(time.Hour)
	for name, token := range map[string]string{
		"expired":            sign(jwt.SigningMethodHS256, r.assetKey(), time.Now().Add(-time.Second)),
		"without an end":     sign(jwt.SigningMethodHS256, r.assetKey(), time.Time{}),
		"another key":        sign(jwt.SigningMethodHS256, []byte("guessed"), later),
		"the owner's token":  sign(jwt.SigningMethodHS256, []byte(r.token), later),
		"another algorithm":  sign(jwt.SigningMethodHS512, r.assetKey(), later),
		"no signature":       sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, later),
		"another runtime's":  token[:len(token)-2] + "AA",
		"no token":           "",
		"three empty pieces": "..",
	} {
		if _, err := r.readAssets(token); !errors.As(err, new(*Refusal)) {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
}

func TestWithTypes(t *testing.T) {
	files := []assetFile{
		{Path: "/a.html", Type: "text/html; charset=utf-8"}, {Path: "/b.yaml", Type: "text/yaml; charset=utf-8"},
		{Path: "/c.unknown"}, {Path: "/with blank.yaml", Type: "text/yaml"}, {Path: "/:x.yaml", Type: "text/yaml"},
		{Path: "/D.HTML", Type: "text/html; charset=utf-8"}, {Path: "/e", Type: "image/png"},
	}
	rule := "/b.yaml\n  Content-Type: text/yaml; charset=utf-8\n/e\n  Content-Type: image/png\n"
	for headers, want := range map[string]string{
		"":                                rule,
		"/*\n  X: y":                      "/*\n  X: y\n" + rule,
		"/*\n  content-TYPE: a/b\n":       "/*\n  content-TYPE: a/b\n",
		strings.Repeat("/x\n A: b\n", 99): strings.Repeat("/x\n A: b\n", 99) + "/b.yaml\n  Content-Type: text/yaml; charset=utf-8\n",
	} {
		if got := withTypes(headers, files); got != want {
			t.Errorf("%q becomes %q, want %q", headers, got, want)
		}
	}
}

func TestBuckets(t *testing.T) {
	files := []cfapi.AssetFile{{Hash: "a", Size: bucketBytes - 1}, {Hash: "b", Size: 1}, {Hash: "c", Size: 1}, {Hash: "d", Size: 2 * bucketBytes}}
	for range bucketFiles + 1 {
		files = append(files, cfapi.AssetFile{Hash: "e"})
	}
	var sizes []int
	for _, b := range buckets(files) {
		sizes = append(sizes, len(b))
	}
	if want := []int{2, 1, bucketFiles, 2}; !slices.Equal(sizes, want) {
		t.Errorf("buckets of %v files, want %v", sizes, want)
	}
	if got := buckets(nil); got == nil || len(got) != 0 {
		t.Errorf("no files give %#v", got) // null in JSON would end Wrangler
	}
}

// The table must be what this engine does: types that it comes to know would be
// set twice, and those that it forgets not at all.
func TestEngineTypes(t *testing.T) {
	r := New(Options{Dir: t.TempDir(), Engine: enginetest.Binary(t), Throwaway: true})
	if err := r.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	dir, known := t.TempDir(), map[string]string{".yaml": "", ".toml": "", ".unknown": "", "": ""}
	maps.Copy(known, engineTypes)
	for ext := range known {
		if err := os.WriteFile(filepath.Join(dir, "x"+ext), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	up := Upload{Script: "site", Classes: map[string]bool{}, Assets: &LiveAssets{Dir: dir, Config: cfapi.AssetsConfig{HTMLHandling: "none"}}}
	if _, err := r.Publish(t.Context(), up); err != nil {
		t.Fatal(err)
	}
	for ext, want := range known {
		w := httptest.NewRecorder()
		req := httptest.NewRequest("GET", "http://site.localhost/x"+ext, nil)
		r.ServeHTTP(w, req)
		if got := w.Header().Get("Content-Type"); w.Code != 200 || got != want {
			t.Errorf("%q: %d with type %q, want %q", ext, w.Code, got, want)
		}
	}
}
