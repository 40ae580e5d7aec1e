package engine

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

const (
	testPlatform = "linux/amd64"
	testPackage  = "@cloudflare/workerd-linux-64"
	testBinary   = "#!/bin/sh\necho workerd 2026-11-17\n"
)

// A fakeCloud is a pinned release whose binary is a few bytes, and an npm on
// PATH that serves it. It stands in for the registry only: files, locks,
// checksums and processes of the tests are real.
type fakeCloud struct {
	t     *testing.T
	dir   string // scratch: the tarball, npm's call log, the go-ahead
	cache string
	rel   binaryRelease
}

func newFakeCloud(t *testing.T) *fakeCloud {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the fake npm is a shell script")
	}
	c := &fakeCloud{t: t, dir: t.TempDir(), cache: filepath.Join(t.TempDir(), "cache [1]")}
	c.publish(map[string]string{
		"package/README.md":    "hello\n",
		"package/bin/workerd":  testBinary,
		"package/package.json": "{}",
	})
	c.npm(c.serve())
	return c
}

// publish makes the tarball and pins it, together with testBinary.
func (c *fakeCloud) publish(files map[string]string) {
	c.t.Helper()
	var buf bytes.Buffer
	gz := gzip.NewWriter(&buf)
	w := tar.NewWriter(gz)
	for name, text := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text))}); err != nil {
			c.t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			c.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		c.t.Fatal(err)
	}
	if err := gz.Close(); err != nil {
		c.t.Fatal(err)
	}
	c.rel = binaryRelease{pkg: testPackage, tarball: binaryTestSum(buf.String()), tarballSize: int64(buf.Len()),
		binary: binaryTestSum(testBinary), binarySize: int64(len(testBinary))}
	binaryTestFile(c.t, filepath.Join(c.dir, "served"), buf.String(), 0o600)
}

// embed pins a binary and puts it, compressed, into the program.
func (c *fakeCloud) embed(text string) {
	c.t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		c.t.Fatal(err)
	}
	c.rel.embedded = string(z.EncodeAll([]byte(text), nil))
	c.rel.binary, c.rel.binarySize = binaryTestSum(text), int64(len(text))
}

// serve is the shell line of an npm that works.
func (c *fakeCloud) serve() string { return `cat "$scratch/served" > "$dest/cloudflare-workerd.tgz"` }

// npm puts a program named npm in front of the PATH. Its body is shell and
// may use $dest, where the tarball goes, and $scratch.
func (c *fakeCloud) npm(body string) {
	c.t.Helper()
	script := "#!/bin/sh\nscratch='" + c.dir + "'\n" +
		"for a in \"$@\"; do case $a in --pack-destination=*) dest=${a#*=};; esac; done\n" +
		"echo \"$@\" >> \"$scratch/calls\"\n" + body + "\n"
	bin := filepath.Join(c.dir, "bin")
	binaryTestFile(c.t, filepath.Join(bin, "npm"), script, 0o700)
	c.t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// calls returns the arguments of every call of npm so far.
func (c *fakeCloud) calls() []string {
	text, err := os.ReadFile(filepath.Join(c.dir, "calls"))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

func (c *fakeCloud) finder() Finder {
	return Finder{Getenv: func(string) string { return "" }, CacheDir: c.cache, Platform: testPlatform,
		releases: map[string]binaryRelease{testPlatform: c.rel}}
}

// cached is where the installed binary belongs.
func (c *fakeCloud) cached() string { return c.finder().cachedPath(c.cache) }

// files lists what lies in the cache, folders left out.
func (c *fakeCloud) files() []string {
	c.t.Helper()
	var found []string
	err := filepath.WalkDir(c.cache, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.IsDir() {
			rel, _ := filepath.Rel(c.cache, path)
			found = append(found, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil && !os.IsNotExist(err) {
		c.t.Fatal(err)
	}
	return found
}

func binaryTestSum(text string) string {
	sum := sha512.Sum512([]byte(text))
	return "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}

func binaryTestFile(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}
