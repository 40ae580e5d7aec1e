package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFindChosenBinary(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	binaryTestFile(t, plain, "text", 0o600)
	good := binaryTestProgram(t)
	tests := []struct{ name, value, want string }{
		{"missing", filepath.Join(dir, "nothing"), "nothing"},
		{"folder", dir, "is not a file"},
		{"not executable", plain, "is not executable"},
		{"good", good, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "not executable" && os.PathSeparator == '\\' {
				t.Skip("Windows has no such permission")
			}
			f := Finder{CacheDir: t.TempDir(), Getenv: func(key string) string {
				return map[string]string{"PADDOCK_WORKERD": tt.value}[key]
			}}
			// Install must not go behind the user's back to npm either.
			b, err := f.Install(t.Context())
			if tt.want == "" {
				if err != nil || b != (Binary{Path: good, Source: "PADDOCK_WORKERD"}) {
					t.Fatalf("got %+v, %v", b, err)
				}
				return
			}
			checkBinaryError(t, err, []string{"PADDOCK_WORKERD", tt.want}, []string{"unset"})
			if errors.Is(err, ErrNoEngine) {
				t.Errorf("%v is ErrNoEngine", err)
			}
		})
	}
}

func TestFindNothing(t *testing.T) {
	c := newFakeCloud(t)
	_, err := c.finder().Find(t.Context())
	if !errors.Is(err, ErrNoEngine) {
		t.Fatalf("got %v", err)
	}
	checkBinaryError(t, err, []string{Version, c.cache}, []string{"paddock engine install"})
	if got := c.files(); len(got) != 0 || len(c.calls()) != 0 {
		t.Errorf("Find left %q and called npm %d times", got, len(c.calls()))
	}
}

func TestFindInNodeModules(t *testing.T) {
	const top = "node_modules/" + testPackage
	const pnpm = "node_modules/.pnpm/@cloudflare+workerd-linux-64@" + Version + "/node_modules/" + testPackage
	tests := []struct {
		name, dir, version, binary string
		found                      bool
	}{
		{"project itself", "repo/app/" + top, Version, testBinary, true},
		{"above the project", "repo/" + top, Version, testBinary, true},
		{"pnpm", "repo/" + pnpm, Version, testBinary, true},
		{"another version", "repo/app/" + top, "1.20250101.0", testBinary, false},
		{"changed file", "repo/app/" + top, Version, strings.ToUpper(testBinary), false},
		{"cut file", "repo/app/" + top, Version, testBinary[:5], false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newFakeCloud(t)
			root := t.TempDir()
			pkg := filepath.Join(root, filepath.FromSlash(tt.dir))
			binaryTestFile(t, filepath.Join(pkg, "package.json"), `{"version":"`+tt.version+`"}`, 0o600)
			binaryTestFile(t, filepath.Join(pkg, "bin", "workerd"), tt.binary, 0o700)
			f := c.finder()
			f.ProjectDir = filepath.Join(root, "repo", "app")
			if err := os.MkdirAll(f.ProjectDir, 0o700); err != nil {
				t.Fatal(err)
			}
			b, err := f.Find(t.Context())
			if !tt.found {
				if !errors.Is(err, ErrNoEngine) {
					t.Errorf("got %+v, %v", b, err)
				}
				return
			}
			if want := (Binary{Path: filepath.Join(pkg, "bin", "workerd"), Source: "node_modules"}); err != nil || b != want {
				t.Errorf("got %+v, %v, want %+v", b, err, want)
			}
			// Installing is not needed then, and the cache comes first once it has a copy.
			if b, err := f.Install(t.Context()); err != nil || b.Source != "node_modules" || len(c.calls()) != 0 {
				t.Errorf("Install: %+v, %v, npm called %d times", b, err, len(c.calls()))
			}
			binaryTestFile(t, c.cached(), testBinary, 0o700)
			if b, err := f.Find(t.Context()); err != nil || b.Source != "cache" {
				t.Errorf("with a cached copy: %+v, %v", b, err)
			}
		})
	}
}

func TestFindWithoutCacheFolder(t *testing.T) {
	if os.PathSeparator == '\\' {
		t.Skip("Windows takes the folder from other variables")
	}
	t.Setenv("HOME", "")
	t.Setenv("XDG_CACHE_HOME", "")
	c := newFakeCloud(t)
	f := c.finder()
	f.CacheDir = ""
	_, err := f.Install(t.Context())
	checkBinaryError(t, err, []string{"cache folder"}, []string{binaryCacheVariable(), "PADDOCK_WORKERD"})
}

func TestFindCancelled(t *testing.T) {
	c := newFakeCloud(t)
	binaryTestFile(t, c.cached(), testBinary, 0o700)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.finder().Find(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, ErrNoEngine) {
		t.Errorf("got %v", err)
	}
}
