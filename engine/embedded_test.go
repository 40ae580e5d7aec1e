package engine

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// The embedded engine needs neither npm nor a temporary folder, and goes
// before a copy that a project has.
func TestInstallEmbedded(t *testing.T) {
	c := newFakeCloud(t)
	c.embed(testBinary)
	f := c.finder()
	f.ProjectDir = t.TempDir()
	pkg := filepath.Join(f.ProjectDir, "node_modules", filepath.FromSlash(testPackage))
	binaryTestFile(t, filepath.Join(pkg, "package.json"), `{"version":"`+Version+`"}`, 0o600)
	binaryTestFile(t, filepath.Join(pkg, "bin", "workerd"), testBinary, 0o700)
	t.Setenv("PATH", t.TempDir())
	t.Setenv("TMPDIR", filepath.Join(c.dir, "nothing"))

	want := Binary{Path: c.cached(), Source: "embedded"}
	b, err := f.Find(t.Context())
	if !errors.Is(err, ErrNoEngine) || b != want {
		t.Errorf("not unpacked yet: %+v, %v", b, err)
	}
	if got := c.files(); len(got) != 0 {
		t.Errorf("Find left %q", got)
	}
	binaryTestFile(t, filepath.Join(c.cache, installPrefix+"123", "workerd"), "half", 0o700)

	b, err = f.Install(t.Context())
	if err != nil || b != want {
		t.Fatalf("got %+v, %v", b, err)
	}
	checkInstalled(t, c, b)
	before, err := os.Stat(b.Path)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		b, err = f.Install(t.Context())
		after, statErr := os.Stat(b.Path)
		if err != nil || b != want || statErr != nil || !os.SameFile(before, after) {
			t.Errorf("unpacked again: %+v, %v, %v", b, err, statErr)
		}
	}
	chosen := binaryTestProgram(t)
	f.Getenv = func(string) string { return chosen }
	if b, err := f.Install(t.Context()); err != nil || b.Path != chosen {
		t.Errorf("with PADDOCK_WORKERD: %+v, %v", b, err)
	}
}

func TestDamagedEmbeddedEngine(t *testing.T) {
	text := embeddedTestText()
	tests := map[string]struct {
		spoil func(c *fakeCloud)
		want  string
	}{
		"changed byte": {func(c *fakeCloud) {
			data := []byte(c.rel.embedded)
			data[len(data)/2] ^= 1
			c.rel.embedded = string(data)
		}, "its data are damaged"},
		"cut off":        {func(c *fakeCloud) { c.rel.embedded = c.rel.embedded[:len(c.rel.embedded)/2] }, "its data are damaged"},
		"something else": {func(c *fakeCloud) { c.rel.embedded = text }, "its data are damaged"},
		"other engine":   {func(c *fakeCloud) { c.rel.binary = binaryTestSum("another") }, "wrong checksum"},
		"longer":         {func(c *fakeCloud) { c.rel.binarySize -= 2 }, "wrong checksum"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := newFakeCloud(t)
			c.embed(text)
			tt.spoil(c)
			_, err := c.finder().Install(t.Context())
			checkBinaryError(t, err, []string{"use the workerd " + Version, tt.want}, []string{"Get paddock anew", "PADDOCK_WORKERD"})
			checkNothingKept(t, c)
			if len(c.calls()) != 0 {
				t.Error("npm was asked")
			}
		})
	}
}

// embeddedTestText is long enough to be unpacked in more than one step.
func embeddedTestText() string {
	random := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, 1<<20)
	for i := range data {
		data[i] = byte(random.Uint32())
	}
	return string(data)
}

func TestConcurrentUnpacking(t *testing.T) {
	c := newFakeCloud(t)
	c.embed(testBinary)
	var unpacked atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		f := c.finder()
		var once sync.Once
		f.Progress = func(int64, int64) { once.Do(func() { unpacked.Add(1) }) }
		all.Go(func() {
			if b, err := f.Install(t.Context()); err != nil || b.Source != "embedded" {
				t.Errorf("got %+v, %v", b, err)
			}
		})
	}
	all.Wait()
	checkInstalled(t, c, Binary{Path: c.cached()})
	if n := unpacked.Load(); n != 1 {
		t.Errorf("unpacked %d times", n)
	}
}

func TestUnpackingProgress(t *testing.T) {
	c := newFakeCloud(t)
	c.embed(embeddedTestText())
	f := c.finder()
	var steps []int64
	f.Progress = func(done, total int64) {
		if total != c.rel.binarySize || len(steps) > 0 && done < steps[len(steps)-1] {
			t.Errorf("%d of %d after %v", done, total, steps)
		}
		steps = append(steps, done)
	}
	if _, err := f.Install(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(steps) < 3 || steps[0] == c.rel.binarySize || steps[len(steps)-1] != c.rel.binarySize {
		t.Errorf("steps %v of %d", steps, c.rel.binarySize)
	}
}

func TestUnpackingCancelled(t *testing.T) {
	c := newFakeCloud(t)
	c.embed(embeddedTestText())
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupted := errors.New("interrupted by the user")
	f := c.finder()
	f.Progress = func(int64, int64) { cancel(interrupted) }
	if _, err := f.Install(ctx); !errors.Is(err, interrupted) {
		t.Errorf("got %v", err)
	}
	checkNothingKept(t, c)
}

// What Embed makes is what Install unpacks.
func TestEmbed(t *testing.T) {
	c := newFakeCloud(t)
	dir := t.TempDir()
	path, err := c.finder().Embed(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, "workerd-"+Version+"-linux-amd64.zst"); path != want {
		t.Errorf("wrote %s, want %s", path, want)
	}
	made, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.finder().Embed(t.Context(), dir)
	if after, statErr := os.Stat(path); err != nil || statErr != nil || !os.SameFile(before, after) {
		t.Errorf("made again: %v, %v", err, statErr)
	}
	binaryTestFile(t, path, string(made[:len(made)-5]), 0o600)
	if _, err := c.finder().Embed(t.Context(), dir); err != nil {
		t.Error(err)
	}
	again, err := os.ReadFile(path)
	if err != nil || string(again) != string(made) {
		t.Errorf("a damaged file was left, or made another way: %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left %v, %v", entries, err)
	}

	bundled := newFakeCloud(t)
	bundled.rel.embedded = string(made)
	b, err := bundled.finder().Install(t.Context())
	if err != nil || b.Source != "embedded" {
		t.Fatalf("got %+v, %v", b, err)
	}
	checkInstalled(t, bundled, b)
}

// A stamp is not enough for what is given to others.
func TestEmbedHashesTheEngine(t *testing.T) {
	c := newFakeCloud(t)
	b, err := c.finder().Install(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	forge(t, b.Path)
	dir := t.TempDir()
	var sum *checksumError
	if _, err := c.finder().Embed(t.Context(), dir); !errors.As(err, &sum) || !strings.Contains(err.Error(), b.Path) {
		t.Errorf("got %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("left %v, %v", entries, err)
	}
}

// Each platform that can be embedded embeds its own engine of this version.
func TestEmbedFilesFitTheTable(t *testing.T) {
	for platform, rel := range binaryReleases {
		name := "embedded_" + strings.ReplaceAll(platform, "/", "_") + ".go"
		source, err := os.ReadFile(name)
		if !rel.installable() {
			if !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s: %v, but the platform has no checksums", name, err)
			}
			continue
		}
		want := "\n//go:embed embed/" + Finder{Platform: platform}.embedName() + "\nvar embedded string\n"
		if err != nil || !strings.Contains(string(source), want) {
			t.Errorf("%s: %v, or not in it:%s", name, err, want)
		}
	}
}
