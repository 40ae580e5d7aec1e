package engine

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNPMFailures(t *testing.T) {
	tests := []struct {
		name, npm  string
		want, hint []string
		not        []string
	}{
		{
			name: "refused, current npm",
			npm: `cat <<'END'
{"error": {"code": "ENOTFOUND", "summary": "request to https://me:hunter2@example.test/x failed", "detail": "This is a problem\nrelated to network connectivity."}}
END
printf 'npm error code ENOTFOUND\nnpm error     at Socket.x (y.js:1:2)\n' >&2; exit 1`,
			want: []string{"fetch " + testPackage + "@" + Version, "exit status 1", "\n  request to https://***@example.test/x failed",
				"\n  This is a problem\n  related to network connectivity."},
			hint: []string{"npm ping", "PADDOCK_WORKERD"},
			not:  []string{"hunter2", "Socket.x"},
		},
		{
			name: "refused, older npm",
			npm: `printf '\033[31mnpm\033[0m \033[31mERR!\033[0m code E403\r\n' >&2
printf 'npm ERR! 403 Forbidden\nnpm ERR!\nnpm ERR! A complete log of this run can be found in: x\n' >&2; exit 1`,
			want: []string{"\n  code E403\n  403 Forbidden"},
			hint: []string{"npm ping"},
			not:  []string{"\x1b", "ERR!", "complete log", "\r"},
		},
		{
			name: "endless talk",
			npm:  `i=0; while [ $i -lt 9000 ]; do echo "line $i of many"; i=$((i+1)); done >&2; exit 1`,
			want: []string{"line 8999 of many", "line 8992 of many"},
			not:  []string{"line 8991 of many"},
		},
		{
			name: "no node",
			npm:  `echo "env: 'node': No such file or directory" >&2; exit 127`,
			want: []string{"exit status 127", "env: 'node': No such file"},
		},
		{name: "speechless", npm: "exit 3", want: []string{"said nothing", "exit status 3"}, hint: []string{"PADDOCK_WORKERD"}},
		{name: "success without a package", npm: "exit 0", want: []string{"left 0 packages"}, hint: []string{"npm pack"}},
		{
			name: "disk full, current npm",
			npm:  `echo '{"error": {"code": "ENOSPC", "summary": "ENOSPC: no space left on device, write"}}'; exit 228`,
			want: []string{"disk is full", "no space left"},
			hint: []string{"Free 1 MB", binaryCacheVariable()},
		},
		{
			name: "disk full, older npm",
			npm:  `printf 'npm ERR! code ENOSPC\nnpm ERR! no space left on device\n' >&2; exit 228`,
			want: []string{"disk is full", "no space left"},
			hint: []string{"Free 1 MB"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newFakeCloud(t)
			c.npm(tt.npm)
			_, err := c.finder().Install(t.Context())
			checkBinaryError(t, err, tt.want, tt.hint)
			for _, w := range tt.not {
				if strings.Contains(err.Error(), w) {
					t.Errorf("error has %q:\n%v", w, err)
				}
			}
			if errors.Is(err, ErrNoEngine) {
				t.Error("a failed installation must not suggest another")
			}
			checkNothingKept(t, c)
		})
	}
}

func TestNPMMissing(t *testing.T) {
	c := newFakeCloud(t)
	t.Setenv("PATH", t.TempDir())
	_, err := c.finder().Install(t.Context())
	checkBinaryError(t, err, []string{"npm is not installed", "PATH"}, []string{"Node.js", "PADDOCK_WORKERD"})
	checkNothingKept(t, c)
}

// What npm brings is not believed.
func TestWrongPackages(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(c *fakeCloud)
		want  []string
		hint  string
	}{
		{"other tarball", func(c *fakeCloud) { c.npm(`echo junk > "$dest/cloudflare-workerd.tgz"`) },
			[]string{"wrong checksum", "expected sha512-", "got      " + binaryTestSum("junk\n")}, "npm cache verify"},
		{"other binary in it", func(c *fakeCloud) {
			c.publish(map[string]string{"package/bin/workerd": strings.ToUpper(testBinary)})
		}, []string{"wrong checksum", "expected " + binaryTestSum(testBinary), "got      " + binaryTestSum(strings.ToUpper(testBinary))}, "npm cache verify"},
		{"longer binary in it", func(c *fakeCloud) {
			c.publish(map[string]string{"package/bin/workerd": testBinary + "more"})
		}, []string{"package/bin/workerd in the package is not a file of"}, "PADDOCK_WORKERD"},
		{"no binary in it", func(c *fakeCloud) {
			c.publish(map[string]string{"package/README.md": "hello", "bin/workerd": testBinary})
		}, []string{"the package has no package/bin/workerd"}, "PADDOCK_WORKERD"},
		{"too much in it", func(c *fakeCloud) {
			c.publish(map[string]string{"package/README.md": strings.Repeat("x", installSlack+4096)})
		}, []string{"read package"}, "PADDOCK_WORKERD"},
		{"not an archive", func(c *fakeCloud) {
			binaryTestFile(c.t, filepath.Join(c.dir, "served"), "plain", 0o600)
			c.rel.tarball = binaryTestSum("plain")
		}, []string{"open package"}, "PADDOCK_WORKERD"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newFakeCloud(t)
			tt.spoil(c)
			_, err := c.finder().Install(t.Context())
			checkBinaryError(t, err, tt.want, []string{tt.hint})
			checkNothingKept(t, c)
		})
	}
}

// A file where the folder should be is refused to root as well, unlike a
// folder without the right permissions.
func TestCacheFolderNotWritable(t *testing.T) {
	c := newFakeCloud(t)
	file := filepath.Join(c.dir, "file")
	binaryTestFile(t, file, "", 0o600)
	c.cache = filepath.Join(file, "cache")
	_, err := c.finder().Install(t.Context())
	checkBinaryError(t, err, []string{"write to the cache folder " + c.cache}, []string{binaryCacheVariable(), "PADDOCK_WORKERD"})

	if os.Geteuid() == 0 {
		return
	}
	c.cache = filepath.Join(c.dir, "locked")
	if err := os.Mkdir(c.cache, 0o500); err != nil {
		t.Fatal(err)
	}
	_, err = c.finder().Install(t.Context())
	checkBinaryError(t, err, []string{"write to the cache folder " + c.cache, "permission denied"}, []string{binaryCacheVariable()})
}
