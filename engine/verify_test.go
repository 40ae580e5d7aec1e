package engine

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

// A copy that is damaged is not found, and the next installation replaces it,
// from npm or from this program.
func TestCorruptedCachedCopy(t *testing.T) {
	damage := map[string]func(t *testing.T, path string){
		"changed bytes": func(t *testing.T, path string) {
			binaryTestFile(t, path, strings.Replace(testBinary, "echo", "evil", 1), 0o700)
			// A coarse clock could give the file the time that the stamp has.
			if err := os.Chtimes(path, time.Time{}, time.Now().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
		},
		"cut off":        func(t *testing.T, path string) { binaryTestFile(t, path, testBinary[:4], 0o700) },
		"empty":          func(t *testing.T, path string) { binaryTestFile(t, path, "", 0o700) },
		"not executable": func(t *testing.T, path string) { binaryTestFile(t, path, testBinary, 0o600) },
	}
	for name, spoil := range damage {
		t.Run(name, func(t *testing.T) {
			c := newFakeCloud(t)
			installSpoilInstall(t, c, spoil)
			if n := len(c.calls()); n != 2 {
				t.Errorf("npm was called %d times", n)
			}
		})
		t.Run(name+", embedded", func(t *testing.T) {
			c := newFakeCloud(t)
			c.embed(testBinary)
			installSpoilInstall(t, c, spoil)
			if n := len(c.calls()); n != 0 {
				t.Errorf("npm was called %d times", n)
			}
		})
	}
}

func installSpoilInstall(t *testing.T, c *fakeCloud, spoil func(t *testing.T, path string)) {
	t.Helper()
	first, err := c.finder().Install(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	spoil(t, first.Path)
	_, err = c.finder().Find(t.Context())
	if !errors.Is(err, ErrNoEngine) || !strings.Contains(err.Error(), "not usable") {
		t.Fatalf("Find of a damaged copy: %v", err)
	}
	again, err := c.finder().Install(t.Context())
	if err != nil || again != first {
		t.Fatalf("got %+v, %v", again, err)
	}
	checkInstalled(t, c, again)
}

// The stamp decides as long as size and time fit; it is renewed by a full
// look when they do not, and says nothing about another release.
func TestStamp(t *testing.T) {
	c := newFakeCloud(t)
	b, err := c.finder().Install(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	forged := forge(t, b.Path)
	if _, err := c.finder().Find(t.Context()); err != nil {
		t.Errorf("the stamp fits, so nothing should have been hashed: %v", err)
	}
	if err := os.Remove(verifyStampPath(b.Path)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.finder().Find(t.Context()); !errors.Is(err, ErrNoEngine) {
		t.Errorf("without a stamp the file must be hashed: %v", err)
	}

	binaryTestFile(t, b.Path, testBinary, 0o700)
	if _, err := c.finder().Find(t.Context()); err != nil {
		t.Fatal(err)
	}
	if readStamp(b.Path) == (binaryStamp{}) {
		t.Error("the full look left no stamp")
	}
	other := c.finder()
	rel := c.rel
	rel.binary = binaryTestSum(forged)
	other.releases = map[string]binaryRelease{testPlatform: rel}
	if _, err := other.Find(t.Context()); !errors.Is(err, ErrNoEngine) {
		t.Errorf("a stamp served another release: %v", err)
	}
}

// forge replaces a binary by another one that its stamp fits, and returns it.
func forge(t *testing.T, path string) string {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	forged := strings.ToUpper(testBinary)
	binaryTestFile(t, path, forged, 0o700)
	if err := os.Chtimes(path, time.Time{}, info.ModTime()); err != nil {
		t.Fatal(err)
	}
	return forged
}
